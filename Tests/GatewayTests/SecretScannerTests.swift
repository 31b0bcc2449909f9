import Testing

@testable import Gateway

@Suite struct SecretScannerTests {
    private let key = "CANARYKEY7e1f02c9"
    private let secret = "CANARYSECRET55d1e7a90b3c4f6682aa01"

    private func scanner() throws -> (SecretScannerBox, Signer) {
        let signer = try Signer(key: key, secret: secret)
        let box = SecretScannerBox()
        box.scanner.watch(signer)
        return (box, signer)
    }

    /// The bytes in every form, at several places in a text.
    private func plants(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms = [bytes, TextCoding.hex(bytes)]
        forms.append(
            Array(String(decoding: TextCoding.hex(bytes), as: UTF8.self).uppercased().utf8)
        )
        for lead in 0..<3 {
            forms.append(
                TextCoding.base64([UInt8](repeating: 7, count: lead) + bytes + Array("tail".utf8))
            )
        }
        return forms.flatMap { form in
            [0, 1, 2, 3, 15, 64, 1_000].map { offset in
                [UInt8](repeating: UInt8(ascii: "A"), count: offset) + form + Array(#""}"#.utf8)
            }
        }
    }

    @Test func `signatures that are shorter than key and secret are found too`() throws {
        let long = String(repeating: "k7", count: 25)
        let signer = try Signer(key: long, secret: long + "-secret")
        let box = SecretScannerBox()
        box.scanner.watch(signer)
        let signature = Array(signer.sign([1, 2, 3]).utf8)
        var bytes = Array("before ".utf8) + signature + Array(" after ".utf8) + Array(long.utf8)
        #expect(box.scanner.blank(&bytes) == 2)
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("before *****"))
    }

    @Test func `key, secret and signature are found raw, as hex and as Base64, at any place`()
        throws
    {
        let (box, signer) = try scanner()
        let signature = signer.sign([1, 2, 3])
        let digest = stride(from: 0, to: 64, by: 2).compactMap { index in
            UInt8(signature.dropFirst(index).prefix(2), radix: 16)
        }
        for bytes in [Array(key.utf8), Array(secret.utf8), digest] {
            for plant in plants(bytes) {
                var text = plant
                #expect(text.withUnsafeBytes { box.scanner.finds(in: $0) })
                #expect(box.scanner.blank(&text) == 1)
                #expect(text.count == plant.count)
                #expect(!text.withUnsafeBytes { box.scanner.finds(in: $0) })
            }
        }
    }

    @Test func `every hit is blanked, and what stands around it stays`() throws {
        let (box, _) = try scanner()
        var text = Array("a\(key)b\(secret)\(key)c".utf8)
        #expect(box.scanner.blank(&text) == 3)
        let stars = { (text: String) in String(repeating: "*", count: text.utf8.count) }
        #expect(
            String(decoding: text, as: UTF8.self)
                == "a" + stars(key) + "b" + stars(secret) + stars(key) + "c"
        )
    }

    @Test func `a text without them stays as it is`() throws {
        let (box, _) = try scanner()
        var text: [UInt8] = []
        var seed: UInt64 = 3
        for _ in 0..<200_000 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text.append(UInt8(truncatingIfNeeded: seed >> 56) & 0x3f | 0x40)
        }
        text += Array(key.dropLast().utf8) + Array(secret.dropFirst().utf8)
        let before = text
        #expect(box.scanner.blank(&text) == 0)
        #expect(text == before)
        var none: [UInt8] = []
        #expect(box.scanner.blank(&none) == 0)
    }

    @Test func `recent signatures are found however many were made`() throws {
        let (box, signer) = try scanner()
        for round in 0..<300 {
            let signature = signer.sign([UInt8(round & 255), UInt8(round >> 8)])
            var text = Array("x\(signature)y".utf8)
            #expect(box.scanner.blank(&text) == 1)
        }
        var text = Array("\(key)".utf8)
        #expect(box.scanner.blank(&text) == 1)
    }

    @Test func `a scanner that watches nothing is idle`() {
        var scanner = SecretScanner()
        var text = Array("anything".utf8)
        let isIdle = scanner.isIdle
        #expect(isIdle)
        #expect(scanner.blank(&text) == 0)
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func `Base64 is that of RFC 4648`(text: String) {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        #expect(
            String(decoding: TextCoding.base64(Array(text.utf8)), as: UTF8.self)
                == expected[text.utf8.count]
        )
    }
}

/// The scanner does not copy; the box lets a function return it.
private final class SecretScannerBox {
    var scanner = SecretScanner()
}

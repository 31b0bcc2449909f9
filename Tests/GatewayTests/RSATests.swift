import Bybit
import CCrypto
import Glibc
import Testing

@testable import Gateway

@Suite struct RSATests {
    /// A key made for the test, as PEM text, and its handle to verify with.
    static func makeKey(bits: Int32 = 2_048) throws -> (pem: [UInt8], key: OpaquePointer) {
        // 6 is EVP_PKEY_RSA.
        let context = try #require(EVP_PKEY_CTX_new_id(6, nil))
        defer { EVP_PKEY_CTX_free(context) }
        #expect(EVP_PKEY_keygen_init(context) == 1)
        #expect(EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1)
        var key: OpaquePointer?
        #expect(EVP_PKEY_keygen(context, &key) == 1)
        let made = try #require(key)
        let bio = try #require(BIO_new(BIO_s_mem()))
        defer { BIO_free(bio) }
        #expect(PEM_write_bio_PrivateKey(bio, made, nil, nil, 0, nil, nil) == 1)
        var pem = [UInt8](repeating: 0, count: 8_192)
        let count = BIO_read(bio, &pem, Int32(pem.count))
        return (Array(pem.prefix(Int(count))), made)
    }

    private func verify(_ key: OpaquePointer, _ text: String, _ signature: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        let bytes = Array(text.utf8)
        return EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }

    @Test func `a signature is Base64 and the public half believes it`() throws {
        let (pem, key) = try Self.makeKey()
        defer { EVP_PKEY_free(key) }
        var text = pem
        var name = Array("TESTKEY0000000001".utf8)
        let signer = try Signer(key: try Secret(taking: &name), privateKey: &text)
        #expect(text.isEmpty)
        let message = "GET/realtime1767225610000"
        let signature = signer.sign(Array(message.utf8))
        // 256 bytes are 344 signs of Base64.
        #expect(signature.utf8.count == 344 && signature.hasSuffix("=="))
        var decoded = [UInt8](repeating: 0, count: 258)
        let coded = Array(signature.utf8)
        #expect(EVP_DecodeBlock(&decoded, coded, Int32(coded.count)) == 258)
        #expect(verify(key, message, Array(decoded.prefix(256))))
        #expect(!verify(key, message + "1", Array(decoded.prefix(256))))
        let frame = signer.authenticationFrame(expires: 1_767_225_610_000, requestID: "a1")
        #expect(String(decoding: frame, as: UTF8.self).contains(signature))
    }

    @Test func `a private key is found in what is about to be recorded`() throws {
        let (pem, key) = try Self.makeKey()
        defer { EVP_PKEY_free(key) }
        var text = pem
        var name = Array("TESTKEY0000000001".utf8)
        let signer = try Signer(key: try Secret(taking: &name), privateKey: &text)
        var scanner = SecretScanner()
        scanner.watch(signer)
        #expect(pem.withUnsafeBytes { scanner.finds(in: $0) })
        let signature = Array(signer.sign([1, 2, 3]).utf8)
        #expect(signature.withUnsafeBytes { scanner.finds(in: $0) })
        #expect(Array("nothing of it".utf8).withUnsafeBytes { !scanner.finds(in: $0) })
    }

    @Test func `what is no RSA key of 2048 bits is refused`() throws {
        let (small, key) = try Self.makeKey(bits: 1_024)
        defer { EVP_PKEY_free(key) }
        for text in [small, Array("no key".utf8), Array(small.prefix(200))] {
            var pem = text
            #expect(throws: GatewayError.self) { _ = try RSAKey(taking: &pem) }
        }
    }

    @Test func `credentials name the file of the private key`() throws {
        let (pem, key) = try Self.makeKey()
        defer { EVP_PKEY_free(key) }
        var template = Array("/tmp/tapedeck-rsa-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            unlink(directory + "/key.pem")
            unlink(directory + "/credentials")
            rmdir(directory)
        }
        func write(_ bytes: [UInt8], _ name: String) throws {
            let file = open(directory + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
            close(file)
        }
        try write(pem, "key.pem")
        let section = "[desk]\nkey = TESTKEY0000000001\nenvironment = testnet\n"
        try write(Array((section + "rsa = \(directory)/key.pem\n").utf8), "credentials")
        let read = try Credentials.read(name: "desk", file: directory + "/credentials")
        #expect(read.signer.sign([1]).utf8.count == 344)
        let both = section + "secret = 0123456789\nrsa = \(directory)/key.pem\n"
        try write(Array(both.utf8), "credentials")
        #expect(throws: CredentialsError.self) {
            try Credentials.read(name: "desk", file: directory + "/credentials")
        }
    }
}

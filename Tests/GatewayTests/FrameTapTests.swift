import Testing

@testable import Gateway

/// Frames read along a stream of bytes, in pieces of every size.
@Suite struct FrameTapTests {
    /// What was found, as texts.
    static func found(
        _ bytes: [UInt8],
        isMasked: Bool = false,
        messageMax: Int = 1 << 20,
        piece: Int = .max
    ) throws -> [String] {
        var tap = FrameTap(isMasked: isMasked, messageMax: messageMax)
        var found: [String] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, piece == .max ? bytes.count : start + piece)
            let part = Array(bytes[start..<end])
            let base = start
            try part.withUnsafeBytes { part in
                try tap.take(part) { what, place in
                    switch what {
                    case .message(let payload, let isText):
                        let text = String(decoding: payload, as: UTF8.self)
                        found.append("\(isText ? "text" : "binary") \(text) @\(base + place)")
                    case .ping: found.append("ping @\(base + place)")
                    case .pong: found.append("pong @\(base + place)")
                    case .close(let code, let reason):
                        found.append(
                            "close \(code.map(String.init) ?? "-") \(reason) @\(base + place)"
                        )
                    }
                }
            }
            start = end
        }
        return found
    }

    static func frame(
        _ opcode: UInt8,
        _ payload: String,
        isFinal: Bool = true,
        mask: [UInt8]? = nil
    ) -> [UInt8] {
        let payload = Array(payload.utf8)
        var bytes = [opcode | (isFinal ? 0x80 : 0)]
        let flag: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case 0...125: bytes.append(flag | UInt8(payload.count))
        case 126...65_535:
            bytes += [flag | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(flag | 127)
            bytes += (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 255) }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 1_000, Int.max])
    func `messages come whole whatever the pieces`(piece: Int) throws {
        let long = String(repeating: "x", count: 70_000)
        let middle = String(repeating: "y", count: 300)
        let parts: [(bytes: [UInt8], found: String?)] = [
            (Self.frame(1, "one"), "text one"),
            (Self.frame(1, ""), "text "),
            (Self.frame(1, "two-", isFinal: false), nil),
            (Self.frame(9, "p"), "ping"),
            (Self.frame(0, "and-", isFinal: false), nil),
            (Self.frame(0, "a half"), "text two-and-a half"),
            (Self.frame(2, middle), "binary \(middle)"),
            (Self.frame(1, long), "text \(long)"),
            (Self.frame(10, ""), "pong"),
            // The code is what the first two bytes make: 3 and 0xc3, of the two that é is made of.
            (Self.frame(8, "\u{3}\u{e9}bye"), "close 963 ?bye"),
        ]
        var expected: [String] = []
        var all: [UInt8] = []
        for part in parts {
            all += part.bytes
            if let found = part.found { expected.append("\(found) @\(all.count)") }
        }
        #expect(try Self.found(all, piece: piece) == expected)
    }

    @Test(arguments: [1, 3, Int.max])
    func `masks are taken off`(piece: Int) throws {
        let mask: [UInt8] = [1, 2, 3, 250]
        let all =
            Self.frame(1, "hel", isFinal: false, mask: mask) + Self.frame(9, "", mask: mask)
            + Self.frame(0, "lo", mask: mask)
        #expect(
            try Self.found(all, isMasked: true, piece: piece)
                == ["ping @\(9 + 6)", "text hello @\(all.count)"]
        )
    }

    @Test func `what breaks the protocol is named with its close code`() {
        let broken: [(bytes: [UInt8], isMasked: Bool, code: UInt16)] = [
            (Self.frame(1, "x"), true, 1002),
            (Self.frame(1, "x", mask: [1, 2, 3, 4]), false, 1002),
            ([0xc1, 0x01, 0x78], false, 1002),
            (Self.frame(3, "x"), false, 1002),
            (Self.frame(0, "x"), false, 1002),
            (Self.frame(1, "x", isFinal: false) + Self.frame(1, "y"), false, 1002),
            (Self.frame(9, "x", isFinal: false), false, 1002),
            (Self.frame(9, String(repeating: "x", count: 126)), false, 1002),
            (Self.frame(1, String(repeating: "x", count: 101)), false, 1009),
            (
                Self.frame(1, String(repeating: "x", count: 60), isFinal: false)
                    + Self.frame(0, String(repeating: "x", count: 60)), false, 1009
            ),
            ([0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], false, 1009),
        ]
        for one in broken {
            do {
                _ = try Self.found(one.bytes, isMasked: one.isMasked, messageMax: 100)
                Issue.record("\(one) was taken")
            } catch {
                #expect((error as? FrameTap.Fault)?.code == one.code, "\(error) of \(one)")
            }
        }
    }

    @Test func `a boundary is where no message is torn`() throws {
        var tap = FrameTap(isMasked: false, messageMax: 1_000)
        func take(_ bytes: [UInt8]) throws {
            try bytes.withUnsafeBytes { try tap.take($0) { _, _ in } }
        }
        #expect(tap.isAtBoundary)
        let frame = Self.frame(1, "hello")
        try take(Array(frame.prefix(1)))
        #expect(!tap.isAtBoundary)
        try take(Array(frame.dropFirst()))
        #expect(tap.isAtBoundary)
        try take(Self.frame(1, "a", isFinal: false))
        #expect(!tap.isAtBoundary)
        try take(Self.frame(9, ""))
        #expect(!tap.isAtBoundary)
        try take(Self.frame(0, "b"))
        #expect(tap.isAtBoundary)
    }
}

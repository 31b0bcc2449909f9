/// Bytes as text of 64 letters (RFC 4648, with padding), for payloads that are no UTF-8.
enum Base64 {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    static func encode(_ bytes: UnsafeRawBufferPointer, into text: inout [UInt8]) {
        var at = 0
        while at < bytes.count {
            let left = bytes.count - at
            let first = bytes[at]
            let second = left > 1 ? bytes[at + 1] : 0
            let third = left > 2 ? bytes[at + 2] : 0
            text.append(letters[Int(first >> 2)])
            text.append(letters[Int(first & 3) << 4 | Int(second >> 4)])
            text.append(left > 1 ? letters[Int(second & 15) << 2 | Int(third >> 6)] : 0x3d)
            text.append(left > 2 ? letters[Int(third & 63)] : 0x3d)
            at += 3
        }
    }

    /// `nil` for text that is not the one encoding of some bytes.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var at = 0
        while at < text.count {
            let isLast = at + 4 == text.count
            let padding = !isLast || text[at + 3] != 0x3d ? 0 : text[at + 2] == 0x3d ? 2 : 1
            var word: UInt32 = 0
            for index in 0..<(4 - padding) {
                guard let value = value(of: text[at + index]) else { return nil }
                word |= UInt32(value) << UInt32(18 - 6 * index)
            }
            // Bits that stand for no byte are zero in the one encoding there is.
            guard word & (padding == 2 ? 0xffff : padding == 1 ? 0xff : 0) == 0 else { return nil }
            for index in 0..<(3 - padding) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * index)))
            }
            at += 4
        }
        return bytes
    }

    private static func value(of letter: UInt8) -> UInt8? {
        switch letter {
        case 0x41...0x5a: letter - 0x41
        case 0x61...0x7a: letter - 0x61 + 26
        case 0x30...0x39: letter - 0x30 + 52
        case 0x2b: 62
        case 0x2f: 63
        default: nil
        }
    }
}

/// Strings with backslashes, which are rare: error texts and session configuration.
enum JSONEscape {
    /// The text of an escaped string; its escapes are known to be well formed.
    static func decoded(_ raw: UnsafeRawBufferPointer) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var offset = 0
        while offset < raw.count {
            let byte = raw[offset]
            offset += 1
            guard byte == UInt8(ascii: "\\"), offset < raw.count else {
                bytes.append(byte)
                continue
            }
            let escape = raw[offset]
            offset += 1
            switch escape {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0c)
            case UInt8(ascii: "n"): bytes.append(0x0a)
            case UInt8(ascii: "r"): bytes.append(0x0d)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                var code = hex4(raw, offset)
                offset += 4
                if code & 0xfc00 == 0xd800 {
                    code = 0x1_0000 + (code & 0x3ff) << 10 + (hex4(raw, offset + 2) & 0x3ff)
                    offset += 6
                }
                bytes.append(contentsOf: Unicode.Scalar(code).map { Array(String($0).utf8) } ?? [])
            default: bytes.append(escape)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex4(_ raw: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        guard offset + 4 <= raw.count else { return 0 }
        var value: UInt32 = 0
        for byte in raw[offset..<offset + 4] {
            let digit = byte <= UInt8(ascii: "9") ? byte & 0x0f : byte & 0x0f + 9
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}

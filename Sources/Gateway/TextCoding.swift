/// Bytes as text: lower-case hex and Base64.
enum TextCoding {
    private static let hexDigits = Array("0123456789abcdef".utf8)
    private static let base64Digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    static func hex(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            text.append(hexDigits[Int(byte >> 4)])
            text.append(hexDigits[Int(byte & 15)])
        }
        return text
    }

    /// Base64 of RFC 4648 with padding.
    static func base64(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(base64Digits[Int(bits >> UInt32(held)) & 63])
            }
        }
        if held > 0 { text.append(base64Digits[Int(bits << UInt32(6 - held)) & 63]) }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return text
    }
}

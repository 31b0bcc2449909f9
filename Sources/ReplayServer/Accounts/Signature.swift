import CCrypto

/// HMAC-SHA256 in lower-case hex, as Bybit signs requests and logins.
///
/// - Source: string to sign of REST: timestamp, key, receive window, then query or body; of a WebSocket login:
///   `GET/realtime` and `expires`.
enum Signature {
    static func of(_ message: [UInt8], secret: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        _ = HMAC(
            EVP_sha256(),
            secret,
            Int32(secret.count),
            message,
            message.count,
            &digest,
            &length
        )
        return hex(digest)
    }

    /// Compares in a time that does not tell where the two differ.
    static func matches(_ given: String, _ message: [UInt8], secret: [UInt8]) -> Bool {
        let given = Array(given.utf8)
        let expected = of(message, secret: secret)
        return given.count == expected.count && CRYPTO_memcmp(given, expected, expected.count) == 0
    }

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}

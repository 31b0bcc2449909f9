import CCrypto

/// What a key's signatures are checked with: HMAC-SHA256 in lower-case hex, or RSA-SHA256 (PKCS #1 v1.5) in Base64.
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

/// The public half of an RSA key, as its owner registers it.
struct PublicKey: Sendable {
    private let pem: [UInt8]

    /// `nil` for text that is no PEM of an RSA public key.
    init?(pem: String) {
        self.pem = Array(pem.utf8)
        guard let key = read() else { return nil }
        EVP_PKEY_free(key)
    }

    /// Read anew for each check: a key of libcrypto is not for several threads.
    private func read() -> OpaquePointer? {
        guard let memory = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
        defer { BIO_free(memory) }
        guard let key = PEM_read_bio_PUBKEY(memory, nil, nil, nil) else { return nil }
        if EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA { return key }
        EVP_PKEY_free(key)
        return nil
    }

    /// - Parameter given: Base64, with its padding.
    func matches(_ given: String, _ message: [UInt8]) -> Bool {
        guard let signature = PublicKey.bytes(base64: given), let key = read() else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    private static func bytes(base64: String) -> [UInt8]? {
        let text = Array(base64.utf8)
        guard !text.isEmpty, text.count % 4 == 0, text.count <= 4_096 else { return nil }
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3)
        let count = EVP_DecodeBlock(&bytes, text, Int32(text.count))
        guard count >= 0 else { return nil }
        // It counts what the padding stands for.
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return Array(bytes.prefix(max(0, Int(count) - padding)))
    }
}

import CCrypto

/// The half of a signing key that anybody may have.
public struct PublicKey: Hashable, Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    init(known bytes: [UInt8]) { self.bytes = bytes }

    /// From 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hexadecimal.bytes(hex), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// From a public key in PEM.
    public init(pem: [UInt8]) throws(JournalError.Reason) {
        let bio = BIO_new_mem_buf(pem, Int32(pem.count))
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PUBKEY(bio, nil, nil, nil) else {
            ERR_clear_error()
            throw .key("holds no public key in PEM")
        }
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = 32
        guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519,
            EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == 32
        else { throw .key("is not an Ed25519 key") }
        self.bytes = bytes
    }

    /// From a file.
    public init(file path: String) throws(JournalError) {
        let bytes = try KeyFile.read(path, isSecret: false)
        do throws(JournalError.Reason) {
            try self.init(pem: bytes)
        } catch {
            throw JournalError(error, file: path)
        }
    }

    public func pem() -> [UInt8] {
        let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        defer { EVP_PKEY_free(key) }
        return PublicKey.pem { PEM_write_bio_PUBKEY($0, key) }
    }

    /// Whether the owner of this key signed these bytes.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        guard
            let key = EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519,
                nil,
                self.bytes,
                self.bytes.count
            )
        else { return false }
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }

    static func pem(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        precondition(write(bio) == 1, "a key is written to memory")
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 512)
        while true {
            let count = BIO_read(bio, &piece, 512)
            guard count > 0 else { return text }
            text += piece[..<Int(count)]
        }
    }
}

extension PublicKey: CustomStringConvertible {
    /// 64 hexadecimal digits.
    public var description: String { Hexadecimal.text(bytes) }
}

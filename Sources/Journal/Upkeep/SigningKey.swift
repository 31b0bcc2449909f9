import CCrypto

/// The operator's Ed25519 key: signs seals and deletions.
///
/// `@unchecked Sendable`: the key is never changed, and each signature has a context of its own.
public final class SigningKey: @unchecked Sendable {
    private let key: OpaquePointer
    public let publicKey: PublicKey

    private init(owning key: OpaquePointer) throws(JournalError.Reason) {
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = 32
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == 32 else {
            EVP_PKEY_free(key)
            throw .key("is not an Ed25519 key")
        }
        self.key = key
        publicKey = PublicKey(known: bytes)
    }

    deinit { EVP_PKEY_free(key) }

    /// A new key from the system's source of randomness.
    public static func generate() throws(JournalError.Reason) -> SigningKey {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1, let key
        else { throw .key("cannot be made: libcrypto refused") }
        return try SigningKey(owning: key)
    }

    /// From a private key in PEM (PKCS #8), without a pass phrase.
    public convenience init(pem: [UInt8]) throws(JournalError.Reason) {
        let bio = BIO_new_mem_buf(pem, Int32(pem.count))
        defer { BIO_free(bio) }
        // An empty pass phrase instead of none, so that libcrypto never asks at the terminal.
        var phrase: [CChar] = [0]
        let key = PEM_read_bio_PrivateKey(bio, nil, nil, &phrase)
        guard let key else {
            ERR_clear_error()
            throw .key("holds no private key in PEM without a pass phrase")
        }
        guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
            EVP_PKEY_free(key)
            throw .key("is not an Ed25519 key")
        }
        try self.init(owning: key)
    }

    /// From a file that only its owner can read.
    ///
    /// - Throws: ``JournalError``: `missing`, `key` where it is open to others or no key, `system`.
    public convenience init(file path: String) throws(JournalError) {
        let bytes = try KeyFile.read(path, isSecret: true)
        do throws(JournalError.Reason) {
            try self.init(pem: bytes)
        } catch {
            throw JournalError(error, file: path)
        }
    }

    /// The private key in PEM: a secret.
    public func pem() -> [UInt8] {
        PublicKey.pem { PEM_write_bio_PrivateKey($0, self.key, nil, nil, 0, nil, nil) }
    }

    /// The 64 bytes of the signature.
    public func sign(_ bytes: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = 64
        let done =
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1
            && EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1
        precondition(done && length == 64, "an Ed25519 key signs")
        return signature
    }
}

import CCrypto

/// A private RSA key of an API key pair: signs with RSA-SHA256 (PKCS#1 v1.5), as Bybit's RSA keys do.
///
/// - Source: protocol reference §2.3.
// Sendable: OpenSSL's key is read-only once made; each signature has a context of its own.
final class RSAKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// The key as DER, for the scanner: what must never be written.
    let secret: Secret

    /// Reads PEM text (PKCS#8 or PKCS#1, without a passphrase) and overwrites it with zeros.
    init(taking pem: inout [UInt8]) throws(GatewayError) {
        defer { Secret.erase(&pem) }
        guard let key = RSAKey.read(pem) else {
            ERR_clear_error()
            throw .library("the PEM text is no private key without a passphrase")
        }
        // 6 is EVP_PKEY_RSA, a macro of a macro.
        guard EVP_PKEY_get_base_id(key) == 6, EVP_PKEY_get_bits(key) >= 2_048 else {
            EVP_PKEY_free(key)
            throw .library("the PEM text is no RSA key of at least 2048 bits")
        }
        var der = [UInt8](repeating: 0, count: max(1, Int(i2d_PrivateKey(key, nil))))
        let length = der.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_PrivateKey(key, &start)
        }
        guard length == Int32(der.count) else {
            EVP_PKEY_free(key)
            throw .library("the RSA key cannot be written")
        }
        do throws(GatewayError) {
            secret = try Secret(taking: &der)
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    private static func read(_ pem: [UInt8]) -> OpaquePointer? {
        pem.withUnsafeBytes { bytes in
            // libcrypto reads from these bytes for as long as the BIO lives.
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                return nil
            }
            defer { BIO_free(bio) }
            // A callback that gives no passphrase: libcrypto would else ask on the terminal.
            return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in 0 }, nil)
        }
    }

    /// The signature's bytes; empty when libcrypto cannot sign, which the exchange then refuses.
    func sign(_ text: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { return [] }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { return [] }
        var count = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, text, text.count) == 1 else { return [] }
        signature.removeLast(signature.count - count)
        return signature
    }
}

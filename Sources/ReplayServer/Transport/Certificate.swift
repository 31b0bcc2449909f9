import CCrypto

/// A certificate for loopback made at start: nothing to install, nothing that outlives the process.
///
/// An authority of its own signs one leaf for `localhost`, `127.0.0.1` and `::1`; clients trust the authority.
struct Certificate {
    /// The authority, PEM: what a client is told to trust.
    var authority: String
    /// The leaf, PEM.
    var leaf: String
    /// The leaf's private key, PEM (PKCS #8); it stays in this process.
    var key: String

    static func make() throws(ServerError) -> Certificate {
        let authorityKey = try keyPair()
        defer { EVP_PKEY_free(authorityKey) }
        let leafKey = try keyPair()
        defer { EVP_PKEY_free(leafKey) }
        let authority = try certificate(
            name: "Tapedeck loopback authority",
            of: authorityKey,
            signedBy: authorityKey,
            issuer: nil,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ]
        )
        defer { X509_free(authority) }
        let leaf = try certificate(
            name: "localhost",
            of: leafKey,
            signedBy: authorityKey,
            issuer: authority,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"),
                (NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid"),
            ]
        )
        defer { X509_free(leaf) }
        return Certificate(
            authority: try text { PEM_write_bio_X509($0, authority) },
            leaf: try text { PEM_write_bio_X509($0, leaf) },
            key: try text { PEM_write_bio_PKCS8PrivateKey($0, leafKey, nil, nil, 0, nil, nil) }
        )
    }

    private static func keyPair() throws(ServerError) -> OpaquePointer {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
            throw .certificate("no key")
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) > 0,
            EVP_PKEY_CTX_set_group_name(context, "P-256") > 0,
            EVP_PKEY_keygen(context, &key) > 0,
            let key
        else { throw .certificate("no key") }
        return key
    }

    /// - Parameter issuer: `nil` signs itself.
    private static func certificate(
        name: String,
        of key: OpaquePointer,
        signedBy signer: OpaquePointer,
        issuer: OpaquePointer?,
        extensions: [(id: Int32, value: String)]
    ) throws(ServerError) -> OpaquePointer {
        guard let certificate = X509_new() else { throw .certificate("no memory") }
        var serial: UInt64 = 0
        withUnsafeMutableBytes(of: &serial) { bytes in
            _ = RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 8)
        }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1)
        // An hour back for clocks that differ, thirty days ahead.
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86_400)
        X509_set_pubkey(certificate, key)
        let subject = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0)
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer ?? certificate))
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer ?? certificate, certificate, nil, nil, 0)
        for item in extensions {
            guard let made = X509V3_EXT_conf_nid(nil, &context, item.id, item.value) else {
                X509_free(certificate)
                throw .certificate("extension \(item.value)")
            }
            X509_add_ext(certificate, made, -1)
            X509_EXTENSION_free(made)
        }
        guard X509_sign(certificate, signer, EVP_sha256()) > 0 else {
            X509_free(certificate)
            throw .certificate("no signature")
        }
        return certificate
    }

    private static func text(_ write: (OpaquePointer) -> Int32) throws(ServerError) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { throw .certificate("no memory") }
        defer { BIO_free(memory) }
        guard write(memory) == 1 else { throw .certificate("not written") }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
        guard BIO_read(memory, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            throw .certificate("not read")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

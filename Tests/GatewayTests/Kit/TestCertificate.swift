import CCrypto

/// An authority and a server certificate signed by it, made anew for each test.
struct TestCertificate: Sendable {
    let authority: [UInt8]
    let leaf: [UInt8]
    let key: [UInt8]

    struct Failure: Error {
        var what: String
    }

    /// - Parameter names: such as `DNS:localhost,IP:127.0.0.1`.
    init(names: String = "DNS:localhost,IP:127.0.0.1") throws {
        let authorityKey = try TestCertificate.makeKey()
        defer { EVP_PKEY_free(authorityKey) }
        let leafKey = try TestCertificate.makeKey()
        defer { EVP_PKEY_free(leafKey) }
        let root = try TestCertificate.make(
            "test authority",
            key: authorityKey,
            issuer: nil,
            signer: authorityKey,
            extensions: [(NID_basic_constraints, "critical,CA:TRUE")]
        )
        defer { X509_free(root) }
        let server = try TestCertificate.make(
            "test server",
            key: leafKey,
            issuer: root,
            signer: authorityKey,
            extensions: [(NID_subject_alt_name, names), (NID_ext_key_usage, "serverAuth")]
        )
        defer { X509_free(server) }
        authority = try TestCertificate.pem { PEM_write_bio_X509($0, root) }
        leaf = try TestCertificate.pem { PEM_write_bio_X509($0, server) }
        key = try TestCertificate.pem {
            PEM_write_bio_PrivateKey($0, leafKey, nil, nil, 0, nil, nil)
        }
    }

    private static func makeKey() throws -> OpaquePointer {
        var key: OpaquePointer?
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
            throw Failure(what: "context")
        }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_keygen_init(context) > 0,
            EVP_PKEY_CTX_set_group_name(context, "P-256") > 0,
            EVP_PKEY_keygen(context, &key) > 0, let key
        else { throw Failure(what: "key") }
        return key
    }

    private static func make(
        _ name: String,
        key: OpaquePointer,
        issuer: OpaquePointer?,
        signer: OpaquePointer,
        extensions: [(Int32, String)]
    ) throws -> OpaquePointer {
        guard let certificate = X509_new() else { throw Failure(what: "certificate") }
        X509_set_version(certificate, 2)
        let serial = UInt64.random(in: 1...UInt64(Int64.max))
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial)
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
        X509_set_pubkey(certificate, key)
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(certificate),
            "CN",
            MBSTRING_ASC,
            Array(name.utf8),
            -1,
            -1,
            0
        )
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer ?? certificate))
        for (id, value) in extensions {
            guard let made = X509V3_EXT_conf_nid(nil, nil, id, value) else {
                throw Failure(what: "extension \(value)")
            }
            X509_add_ext(certificate, made, -1)
            X509_EXTENSION_free(made)
        }
        guard X509_sign(certificate, signer, EVP_sha256()) > 0 else {
            throw Failure(what: "signature")
        }
        return certificate
    }

    private static func pem(_ write: (OpaquePointer) -> Int32) throws -> [UInt8] {
        guard let memory = BIO_new(BIO_s_mem()) else { throw Failure(what: "memory") }
        defer { BIO_free(memory) }
        guard write(memory) > 0 else { throw Failure(what: "PEM") }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case let count = BIO_read(memory, &buffer, Int32(buffer.count)), count > 0 {
            text += buffer[..<Int(count)]
        }
        return text
    }
}

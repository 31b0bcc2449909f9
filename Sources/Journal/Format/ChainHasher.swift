import CCrypto

/// SHA-256, link after link: `SHA-256(previous ‖ the bytes of each Message since the last commit)`.
///
/// Not Sendable: one owner, one thread.
final class ChainHasher {
    private let context: OpaquePointer?
    private let algorithm: OpaquePointer?

    init() {
        context = EVP_MD_CTX_new()
        // Fetched once: a fetch at each link costs more than the hashing of a small one.
        algorithm = EVP_MD_fetch(nil, "SHA256", nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Begins the link after `previous`.
    func begin(after previous: ChainValue) {
        precondition(EVP_DigestInit_ex2(context, algorithm, nil) == 1, "libcrypto has SHA-256")
        withUnsafeBytes(of: previous.bigEndianWords) { update($0) }
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1,
            "a begun digest takes bytes"
        )
    }

    func finish() -> ChainValue {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var length: UInt32 = 0
        let done = withUnsafeMutableBytes(of: &words) { raw in
            EVP_DigestFinal_ex(context, raw.bindMemory(to: UInt8.self).baseAddress, &length)
        }
        precondition(done == 1 && length == 32, "SHA-256 gives 32 bytes")
        return ChainValue(
            words: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        )
    }

    /// The chain value before the first record: the digest of the recording's id.
    ///
    /// A segment of another recording therefore never fits.
    static func genesis(id: String) -> ChainValue {
        let hasher = ChainHasher()
        hasher.begin(after: ChainValue(words: (0, 0, 0, 0)))
        var id = id
        id.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        return hasher.finish()
    }
}

extension ChainValue {
    /// The words in the byte order of the digest.
    var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) {
        (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    }
}

import Bybit
import CCrypto
import Synchronization

/// Signs requests with an API key (HMAC-SHA256, or RSA-SHA256 with a key pair); the only holder of key and secret.
///
/// - Source: protocol reference §2.3 (auth of a socket) and §6.1 (REST).
// Sendable: key and secret never change; the recent signatures are behind a mutex.
public final class Signer: Sendable {
    private let key: Secret
    private let secret: Secret
    /// `nil` for HMAC.
    private let pair: RSAKey?
    /// First eight hex digits of the key's SHA-256: says in records which key it was, and gives nothing away.
    public let fingerprint: String
    private let recent = Mutex(RecentSignatures())

    public convenience init(key: Secret, secret: Secret) {
        self.init(key: key, secret: secret, pair: nil)
    }

    /// For an RSA key pair, whose private half is the PEM text; it is overwritten with zeros.
    public convenience init(key: Secret, privateKey pem: inout [UInt8]) throws(GatewayError) {
        let pair = try RSAKey(taking: &pem)
        self.init(key: key, secret: pair.secret, pair: pair)
    }

    private init(key: Secret, secret: Secret, pair: RSAKey?) {
        self.key = key
        self.secret = secret
        self.pair = pair
        fingerprint = key.withBytes { bytes in
            var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            _ = SHA256(bytes.baseAddress, bytes.count, &digest)
            return String(decoding: TextCoding.hex(digest.prefix(4)), as: UTF8.self)
        }
    }

    /// For keys that are no secret of the real exchange: tests and the exchange in a box.
    public convenience init(key: String, secret: String) throws(GatewayError) {
        var keyBytes = Array(key.utf8)
        var secretBytes = Array(secret.utf8)
        self.init(key: try Secret(taking: &keyBytes), secret: try Secret(taking: &secretBytes))
    }

    /// The lower-case hex HMAC-SHA256 of `text`, or its RSA-SHA256 as Base64.
    public func sign(_ text: [UInt8]) -> String {
        if let pair {
            let signature = pair.sign(text)
            recent.withLock { $0.add(signature) }
            return String(decoding: TextCoding.base64(signature), as: UTF8.self)
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        secret.withBytes { secret in
            _ = HMAC(
                EVP_sha256(),
                secret.baseAddress,
                Int32(secret.count),
                text,
                text.count,
                &digest,
                &count
            )
        }
        digest.removeLast(digest.count - Int(count))
        recent.withLock { $0.add(digest) }
        return String(decoding: TextCoding.hex(digest), as: UTF8.self)
    }

    /// The frame that authenticates a private socket; it must not be recorded.
    ///
    /// - Parameter expires: Unix milliseconds on the exchange's clock, in the future when it is read there.
    func authenticationFrame(expires: Int64, requestID: String) -> [UInt8] {
        let signature = sign(SocketRequest.textToSign(expires: expires))
        let key = key.withBytes { String(decoding: $0, as: UTF8.self) }
        let request = SocketRequest.auth(key: key, expires: expires, signature: signature)
        return request.bytes(requestID: .text(requestID))
    }

    /// The signed headers of one REST request, as `Name: value`.
    ///
    /// - Parameters:
    ///   - timestamp: Unix milliseconds on the exchange's clock.
    ///   - window: how long the request is good for, milliseconds.
    func headers(_ request: RESTRequest, timestamp: Int64, window: Int) -> [String] {
        let key = key.withBytes { String(decoding: $0, as: UTF8.self) }
        let text = request.textToSign(timestamp: timestamp, key: key, receiveWindow: window)
        return [
            "X-BAPI-API-KEY: \(key)",
            "X-BAPI-TIMESTAMP: \(timestamp)",
            "X-BAPI-RECV-WINDOW: \(window)",
            "X-BAPI-SIGN: \(sign(text))",
        ]
    }

    /// Whether both hold the same key and secret.
    public func isSame(as other: Signer) -> Bool {
        withForbidden { key, secret in
            other.withForbidden { otherKey, otherSecret in
                key.elementsEqual(otherKey) && secret.elementsEqual(otherSecret)
            }
        }
    }

    /// What must never be written anywhere: the key, the secret, and the signatures made lately.
    func withForbidden<R>(
        _ body: (_ key: UnsafeRawBufferPointer, _ secret: UnsafeRawBufferPointer) -> R
    ) -> R {
        key.withBytes { key in secret.withBytes { secret in body(key, secret) } }
    }

    /// Pieces of a private key as the lines of PEM text hold them; none for HMAC, whose secret is one piece.
    ///
    /// The first lines are the public modulus and are left out.
    var privatePieces: [[UInt8]] {
        guard pair != nil else { return [] }
        return secret.withBytes { bytes in
            stride(from: bytes.count / 2 / 24 * 24, to: bytes.count - 24, by: 24).map {
                Array(bytes[$0..<$0 + 24])
            }
        }
    }

    /// The digests made since `count` of them were, as far as they are kept, and how many there are now.
    func signatures(since count: Int) -> (digests: [[UInt8]], count: Int) {
        recent.withLock { $0.since(count) }
    }
}

extension Signer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "key \(fingerprint)" }
    public var debugDescription: String { "key \(fingerprint)" }
    public var customMirror: Mirror {
        Mirror(self, children: ["fingerprint": fingerprint], displayStyle: .class)
    }
}

/// The last digests, oldest first.
struct RecentSignatures {
    static let kept = 64
    private var digests: [[UInt8]] = []
    private var made = 0

    mutating func add(_ digest: [UInt8]) {
        if digests.count == RecentSignatures.kept { digests.removeFirst() }
        digests.append(digest)
        made += 1
    }

    func since(_ count: Int) -> (digests: [[UInt8]], count: Int) {
        (Array(digests.suffix(max(0, made - count))), made)
    }
}

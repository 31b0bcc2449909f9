import CCrypto

/// One API key of one of the exchange's accounts.
///
/// The secret signs requests on loopback only; it is neither printed nor logged: every description hides it.
public struct ServerAccount: Sendable {
    /// The account of the simulated exchange that the key belongs to.
    public var alias: String
    public var key: String
    /// The bytes of the HMAC key, as the client was given them; empty for an RSA key.
    public var secret: [UInt8]
    /// PEM of the public half of an RSA key, whose owner signs with the private one.
    public var publicKey: String?

    public init(alias: String, key: String, secret: [UInt8]) {
        self.alias = alias
        self.key = key
        self.secret = secret
    }

    /// A key whose requests are signed with RSA.
    ///
    /// - Parameter publicKey: PEM (`BEGIN PUBLIC KEY`).
    public init(alias: String, key: String, publicKey: String) {
        self.alias = alias
        self.key = key
        secret = []
        self.publicKey = publicKey
    }

    /// A key and a secret nobody has seen before, of the lengths that Bybit uses (18 and 36 characters).
    public static func generated(alias: String) -> ServerAccount {
        ServerAccount(alias: alias, key: randomText(18), secret: Array(randomText(36).utf8))
    }

    private static func randomText(_ count: Int) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { return "" }
        return String(decoding: bytes.map { letters[Int($0) % letters.count] }, as: UTF8.self)
    }
}

extension ServerAccount: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "account \(alias)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["alias": alias]) }
}

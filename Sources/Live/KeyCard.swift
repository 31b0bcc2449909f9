import Gateway

/// What may be said of a key: never the key itself.
public struct KeyCard: Hashable, Sendable {
    /// The name by which a session file asks for it.
    public var name: String
    /// Where it stands.
    public var file: String
    /// The environment that it belongs to.
    public var environment: String
    /// First eight hex digits of the key's SHA-256.
    public var fingerprint: String
}

extension SessionConfiguration {
    /// Every environment's name.
    public static var environments: [String] { Environment.allCases.map(\.rawValue) }

    /// The key that the session would sign with, read as the session reads it; `nil` without one.
    ///
    /// - Throws: what keeps the session from starting: a wrong destination, or a key that is refused or of another
    ///   environment.
    public func keyCard() throws(SessionError) -> KeyCard? {
        guard let credentials = try Wiring(self).credentials else { return nil }
        return KeyCard(
            name: credentials.name,
            file: credentials.file,
            environment: credentials.environment,
            fingerprint: credentials.signer.fingerprint
        )
    }

    /// Why nothing can be connected where the session says, whatever its key; `nil` when it can.
    public var destinationProblem: SessionError? {
        var bare = self
        bare.key = nil
        do throws(SessionError) {
            _ = try Wiring(bare, readsProxy: false)
            return nil
        } catch {
            return error
        }
    }

    /// Why a proxy cannot be written like that, without a word of what it says; `nil` when nothing of it is secret.
    public static func problem(ofProxy text: String) -> String? {
        guard text.contains("@") else { return nil }
        return "proxy has a user or a password in it, which would be recorded: write "
            + "http://HOST:PORT here, and `user = …` and `password = …` in section "
            + "[\(ProxyCredentials.section)] of the credentials file"
    }
}

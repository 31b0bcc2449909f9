import Gateway

/// Looks for secrets in what is about to leave this machine: this user's keys and proxy password, in every form that
/// the recorder knows, and fields that hold a secret by their name and were not blanked.
public struct SecretSearch: ~Copyable {
    private var scanner = SecretScanner()
    /// Keys that are looked for.
    public private(set) var keys = 0

    /// - Parameter credentialsFile: `nil`: the user's own, where there is one.
    public init(credentialsFile: String? = nil) throws(SessionError) {
        let all: [Credentials]
        let proxy: ProxyCredentials?
        do throws(CredentialsError) {
            all = try Credentials.all(file: credentialsFile)
            proxy = try ProxyCredentials.read(file: credentialsFile)
        } catch {
            throw SessionError(error)
        }
        for credentials in all { scanner.watch(credentials.signer) }
        if let proxy { scanner.watch(proxy) }
        keys = all.count
    }

    /// What was found in a text, without the secret itself; `nil` for nothing.
    public mutating func find(in text: UnsafeRawBufferPointer) -> String? {
        if !scanner.isIdle, scanner.finds(in: text) {
            return "a key of yours, its secret, or your proxy's password"
        }
        return SecretScanner.openField(in: text).map { "a field \($0) with a value" }
    }
}

/// Why nothing goes through a proxy that has answered 407, and what to do; user and password are not in it.
///
/// - Source: RFC 9110 §11.7.
struct ProxyRefusal {
    /// Values of its `Proxy-Authenticate` lines, lower case.
    private var offers: [String] = []

    init() {}

    init(head: String) {
        for line in head.split(whereSeparator: { $0 == "\r\n" || $0 == "\n" || $0 == "\r" }) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            take(name: line[..<colon].lowercased(), value: line[line.index(after: colon)...])
        }
    }

    /// - Parameter name: of a header, lower case.
    mutating func take(name: String, value: some StringProtocol) {
        guard name == "proxy-authenticate" else { return }
        offers.append(value.lowercased())
    }

    /// - Parameters:
    ///   - proxy: `http://HOST:PORT`.
    ///   - wereGiven: user and password went with the request.
    func words(proxy: String, wereGiven: Bool) -> String {
        // One line may offer several schemes.
        guard offers.isEmpty || offers.contains(where: { $0.contains("basic") }) else {
            return "the proxy \(proxy) does not take a user and a password as Basic (407), "
                + "which is all that is spoken here: use one that does, or a local one before it"
        }
        return wereGiven
            ? "the proxy \(proxy) does not take the user and password that it was given (407): "
                + "correct section [proxy] of the credentials file"
            : "the proxy \(proxy) asks for a user and a password (407): write them in section "
                + "[proxy] of the credentials file, lines `user = ...` and `password = ...`"
    }
}

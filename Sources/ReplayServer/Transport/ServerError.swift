/// Why a server did not start.
public enum ServerError: Error, Hashable, Sendable {
    /// Nothing can listen there; the port is taken or not allowed.
    case port(Int, reason: String)
    /// libcrypto made no certificate; the word says at which step.
    case certificate(String)
    /// TLS took no certificate.
    case tls(String)
    /// A file of messages: cannot be opened or read.
    case file(String, reason: String)
    /// A file of messages: line `line` (from 1) is not of the form `{"t":"recv","data":"…"}`.
    case line(String, line: Int, reason: String)
    /// A key that is empty or given twice, or an account that cannot be opened. Never says the key.
    case account(alias: String, reason: String)
}

extension ServerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .port(let port, let reason):
            "cannot listen on 127.0.0.1:\(port): \(reason); choose another --port, or 0 for a free one"
        case .certificate(let step): "libcrypto made no certificate (\(step)); try --plain"
        case .tls(let reason): "TLS did not start: \(reason); try --plain"
        case .file(let path, let reason): "cannot read \(path): \(reason)"
        case .line(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .account(let alias, let reason): "account \(alias): \(reason)"
        }
    }
}

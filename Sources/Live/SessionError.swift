import Bybit
import Gateway
public import Journal
public import Trading

/// Why a session cannot start or go on; each has the exit status that fits.
public enum SessionError: Error, Sendable {
    case journal(JournalError)
    case engine(EngineError)
    /// A key, a destination or a certificate that is refused: words, and the exit status.
    case gateway(String, status: Int32)
    /// A credentials file that is refused or wrong: where, what, what to do, and the exit status.
    case credentials(place: String, what: String, todo: String, status: Int32)
    case unknownEnvironment(String, known: [String])
    /// Nothing answered where the session was to connect.
    case unreachable(String)

    public var status: Int32 {
        switch self {
        case .journal: 74
        case .engine: 78
        case .gateway(_, let status): status
        case .credentials(_, _, _, let status): status
        case .unknownEnvironment: 64
        case .unreachable: 69
        }
    }

    init(_ error: GatewayError) { self = .gateway("\(error)", status: error.status) }
    init(_ error: CredentialsError) {
        self = .credentials(
            place: error.place,
            what: error.what,
            todo: error.advice,
            status: error.status
        )
    }
}

extension SessionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .journal(let error): error.description
        case .engine(let error): error.description
        case .gateway(let words, _): words
        case .credentials(let place, let what, let todo, _): "\(place): \(what). \(todo)"
        case .unknownEnvironment(let name, let known):
            "\(name) is not an environment. Known are: \(known.joined(separator: ", "))"
        case .unreachable(let words): words
        }
    }
}

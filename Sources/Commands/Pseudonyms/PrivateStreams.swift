import Market
import Synchronization

/// Streams that tell of an account: left out of what is made to hand on, unless they are asked for.
final class PrivateStreams: Sendable {
    private let areTaken: Bool
    private let choice: (@Sendable (StreamName) -> Bool)?
    private let leftOut = Mutex<[String]>([])

    init(areTaken: Bool, _ choice: (@Sendable (StreamName) -> Bool)?) {
        self.areTaken = areTaken
        self.choice = choice
    }

    var passes: (@Sendable (StreamName) -> Bool)? {
        if areTaken { return choice }
        return { name in
            guard self.choice?(name) ?? true else { return false }
            guard PrivateStreams.isOfAccount(name) else { return true }
            self.leftOut.withLock { $0.append(name.text) }
            return false
        }
    }

    /// Says on standard error which were left out.
    ///
    /// - Returns: true where nothing was.
    func noteLeftOut() -> Bool {
        let names = leftOut.withLock { $0 }
        guard !names.isEmpty else { return true }
        let some = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
        Printing.note(
            "left out: \(names.count) private streams (\(some)); --with-private takes them in"
        )
        return false
    }

    /// Its orders and questions, what a strategy decided, and what the session says of itself.
    static func isOfAccount(_ name: StreamName) -> Bool {
        switch name.kind {
        case .privateTopic, .privateOther, .trade, .command, .verdict, .timer, .operatorRequest:
            true
        case .rest(let account, _, _): account != "public"
        case .sent(let rest), .link(let rest):
            !rest.hasPrefix("public/") && !rest.hasPrefix("rest/public")
        // Announcements of streams name those of the account too.
        case .finding, .state, .sessionStart, .sessionFigures, .sessionChannel: true
        default: false
        }
    }
}

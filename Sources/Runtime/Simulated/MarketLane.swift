import Bybit
import Market

/// What is done with a stream's records: an object, so that nothing of it is copied for each of them.
final class MarketLane {
    let name: StreamName
    let route: StreamRoute
    /// Of public topics, and of their symbol as far as the name tells it.
    let category: Category
    let symbol: Symbol
    /// `nil` for what neither side has a use for.
    private let role: MarketItem.Role?
    /// Likewise while the recorded account's records are kept.
    private let roleWithAccount: MarketItem.Role?

    init(_ name: StreamName) {
        self.name = name
        route = StreamRoute(name)
        if case .publicTopic(let category, let topic) = name.kind {
            self.category = category
            let last = topic.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
                .last
            symbol = last.flatMap { Symbol(String($0)) } ?? .none
        } else {
            category = .linear
            symbol = .none
        }
        role = MarketLane.role(name.kind, keepsAccount: false)
        roleWithAccount = MarketLane.role(name.kind, keepsAccount: true)
    }

    func role(keepsAccount: Bool) -> MarketItem.Role? { keepsAccount ? roleWithAccount : role }

    private static func role(_ kind: StreamKind, keepsAccount: Bool) -> MarketItem.Role? {
        switch kind {
        case .publicTopic: return .market
        case .publicOther, .link, .operatorRequest, .sessionTick, .sessionClock, .sessionEnd,
            .unknown, .sessionFigures:
            return .input
        case .sessionStart: return .start
        case .rest(let account, _, _):
            return account == "public" ? .input : keepsAccount ? .account : nil
        case .privateTopic, .privateOther, .trade, .timer: return keepsAccount ? .account : nil
        case .command, .verdict: return keepsAccount ? .output : nil
        case .finding, .state, .sent, .sessionChannel, .sessionCommit: return nil
        }
    }
}

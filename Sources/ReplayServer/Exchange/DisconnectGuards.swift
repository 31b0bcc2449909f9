import Market
import Simulation

/// Cancel-on-disconnect: what is to happen when the last private socket that armed a product is gone.
///
/// - Source: bybit-v5 §2.5; a window of ten seconds until another one is set.
struct DisconnectGuards {
    struct Key: Hashable {
        var account: AccountID
        var product: ProtectedProduct
    }

    static let usualSeconds: Int64 = 10
    static let secondsRange: ClosedRange<Int64> = 3...300

    private var seconds: [Key: Int64] = [:]
    private var armed: Set<Key> = []
    /// In order of their loss; exchange time, Unix milliseconds.
    private var deadlines: [(key: Key, due: Int64)] = []

    func window(_ product: ProtectedProduct, _ account: AccountID) -> Int64 {
        seconds[Key(account: account, product: product)] ?? DisconnectGuards.usualSeconds
    }

    mutating func setWindow(_ window: Int64, _ product: ProtectedProduct, _ account: AccountID) {
        seconds[Key(account: account, product: product)] = window
    }

    func isArmed(_ product: ProtectedProduct, _ account: AccountID) -> Bool {
        armed.contains(Key(account: account, product: product))
    }

    /// A socket has subscribed to the product's topic: whatever was counting down stops.
    mutating func arm(_ product: ProtectedProduct, _ account: AccountID) {
        let key = Key(account: account, product: product)
        armed.insert(key)
        deadlines.removeAll { $0.key == key }
    }

    /// The last socket that had armed it is gone.
    mutating func lose(_ product: ProtectedProduct, _ account: AccountID, now: Int64) {
        let key = Key(account: account, product: product)
        guard armed.contains(key), !deadlines.contains(where: { $0.key == key }) else { return }
        deadlines.append((key, now + 1_000 * window(product, account)))
    }

    /// It is not wanted any more: unsubscribed, not lost.
    mutating func disarm(_ product: ProtectedProduct, _ account: AccountID) {
        let key = Key(account: account, product: product)
        armed.remove(key)
        deadlines.removeAll { $0.key == key }
    }

    /// Those whose window is over.
    mutating func due(at now: Int64) -> [Key] {
        guard !deadlines.isEmpty else { return [] }
        let over = deadlines.filter { $0.due <= now }.map(\.key)
        deadlines.removeAll { $0.due <= now }
        for key in over { armed.remove(key) }
        return over
    }
}

import Market

/// The manners in force: orders of tests, then chaos by seed; and the journal of what was done.
final class Manners {
    let journal: ExchangeJournal
    private let chaos: Chaos?
    private(set) var orders: [MannerOrder] = []
    private var lastNumber = 0
    private var requests = 0
    /// How often each manner was carried out.
    private(set) var done = 0

    init(journal: ExchangeJournal, chaosSeed: UInt64?) {
        self.journal = journal
        chaos = chaosSeed.map(Chaos.init)
    }

    var chaosSeed: UInt64? { chaos?.seed }
    /// Nothing is wanted of anybody.
    var isIdle: Bool { orders.isEmpty && chaos == nil }

    /// A manner that is to be carried out, and who wants it.
    struct Verdict {
        var decision: Chaos.Decision
        /// As the journal tells it.
        var cause: String

        var manner: Manner { decision.manner }
    }

    // MARK: orders

    /// Takes an order and gives it its number.
    func add(_ order: MannerOrder) -> MannerOrder {
        lastNumber += 1
        var order = order
        order.number = lastNumber
        orders.append(order)
        return order
    }

    /// A number for an order that is carried out at once.
    func number() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// - Parameter number: `nil` for all.
    /// - Returns: how many there were.
    func remove(_ number: Int?) -> Int {
        let before = orders.count
        orders.removeAll { number == nil || $0.number == number }
        return before - orders.count
    }

    // MARK: verdicts

    func push(
        _ kind: PushKind,
        topic: String,
        client: UInt64,
        account: String,
        path: String,
        number: Int
    ) -> Verdict? {
        let ordered = ordered {
            $0.manner.isOfPushes
                && $0.target.takes(client: client, account: account, path: path, topic: topic)
        }
        if let ordered { return ordered }
        return chaos?.push(kind, client: client, push: number).map {
            Verdict(decision: $0, cause: "chaos")
        }
    }

    /// - Parameter client: of a trade WebSocket; `nil` for REST.
    func request(path: String, account: String, client: UInt64?, isOrder: Bool) -> Verdict? {
        requests += 1
        let ordered = ordered {
            $0.manner.isOfRequests
                && $0.target.topic.isEmpty
                && $0.target.takes(client: client, account: account, path: path, topic: "")
        }
        if let ordered { return ordered }
        return chaos?.request(isOrder: isOrder, number: requests).map {
            Verdict(decision: $0, cause: "chaos")
        }
    }

    /// The first order that is meant and due; those that are meant and not due come closer.
    private func ordered(_ isMeant: (MannerOrder) -> Bool) -> Verdict? {
        for index in orders.indices where isMeant(orders[index]) {
            if let after = orders[index].after, after > 0 {
                orders[index].after = after - 1
                continue
            }
            let order = orders[index]
            orders[index].times -= 1
            if orders[index].times <= 0 { orders.remove(at: index) }
            return Verdict(
                decision: Chaos.Decision(
                    manner: order.manner,
                    milliseconds: order.milliseconds,
                    status: order.status,
                    pushes: order.pushes
                ),
                cause: "order \(order.number)"
            )
        }
        return nil
    }

    /// Notes what was done.
    func note(
        _ manner: Manner,
        at time: Timestamp,
        cause: String,
        _ details: (inout JSONWriter) -> Void
    ) {
        done += 1
        journal.append(manner.rawValue, at: time, cause: cause, details)
    }
}

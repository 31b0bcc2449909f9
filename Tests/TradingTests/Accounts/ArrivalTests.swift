import Glibc
import Market
import Testing

@testable import Trading

/// Topics have no order among them: whatever the order in which a session's rows come, it ends the same.
@Suite struct ArrivalTests {
    /// `TAPEDECK_ARRIVALS`: how many sessions are shuffled; 12 without.
    static var count: Int {
        getenv("TAPEDECK_ARRIVALS").flatMap { Int(String(cString: $0)) } ?? 12
    }

    /// What the exchange pushes, each topic in its own order.
    struct Pushes {
        var orders: [OrderUpdate] = []
        var executions: [ExecutionReport] = []
        var positions: [PositionUpdate] = []
        var wallets: [WalletUpdate] = []
    }

    /// An account of one contract, by the exchange's rule: what is told of it is exact.
    private struct Desk {
        var pushes = Pushes()
        var position = Position()
        var balance = Amount(units: 10_000 * PowerOfTen.int128(18))
        var sequence: Int64 = 0

        mutating func tell() throws {
            let size = Amount(units: Int128(position.size.units.magnitude))
            pushes.positions.append(
                try Row.position(
                    position.isFlat ? nil : position.size.units > 0 ? .buy : .sell,
                    size.description,
                    entry: position.entryPrice?.description,
                    seq: sequence
                )
            )
            pushes.wallets.append(WalletUpdate(coin: "USDT", walletBalance: balance))
        }

        mutating func fill(_ row: ExecutionReport) throws {
            sequence = row.crossSequence
            let realised = try position.fill(row.side, Amount(row.quantity), at: row.price)
            var row = row
            row.realisedPnL = realised
            balance = try balance.adding(realised).subtracting(row.fee)
            pushes.executions.append(row)
            try tell()
        }
    }

    /// Orders of the session, each with a life of its own: filled in parts, amended, cancelled, or both at once.
    private func pushes(_ orders: [String], _ random: inout Random) throws -> Pushes {
        var desk = Desk()
        // No row is older than the executions that it speaks of.
        var time = Bench.start / 1_000_000 + 60_000
        for (number, linkID) in orders.enumerated() {
            let side = number % 2 == 0 ? Side.buy : .sell
            let price = "9\(1_000 + random.next(9_000)).5"
            func row(_ status: String, _ filled: Int64, _ reason: String = "EC_NoError") throws {
                time += 1
                desk.pushes.orders.append(
                    try Row.order(
                        linkID,
                        status,
                        side: side,
                        price: "90000.0",
                        filled: Amount(units: Int128(filled) * PowerOfTen.int128(15)).description,
                        at: time,
                        reason: reason
                    )
                )
            }
            if random.next(4) > 0 { try row("New", 0) }
            var filled: Int64 = 0
            let parts = Int64(random.next(4))
            for part in 0..<parts {
                let quantity = part == 2 ? 10 - filled : Int64(1 + random.next(3))
                filled += quantity
                time += 1
                try desk.fill(
                    Row.fill(
                        "e\(number)-\(part)",
                        linkID,
                        side: side,
                        quantity: Amount(units: Int128(quantity) * PowerOfTen.int128(15))
                            .description,
                        price: price,
                        seq: desk.sequence + 1,
                        milliseconds: time
                    )
                )
                if filled < 10 { try row("PartiallyFilled", filled) }
            }
            if filled == 10 {
                try row("Filled", filled)
                if random.next(2) == 0 { try row("Filled", filled, "EC_OrigClOrdIDDoesNotExist") }
            } else {
                try row("Cancelled", filled, "EC_PerCancelRequest")
            }
        }
        return desk.pushes
    }

    /// - Parameter isForeign: of somebody else, of whose orders nothing is known before the exchange tells.
    private func begun(
        _ orders: Int,
        isForeign: Bool = false
    ) throws -> (bench: Bench, ids: [String]) {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        var ids: [String] = []
        if isForeign { return (bench, (0..<orders).map { "hand-\($0)" }) }
        for number in 0..<orders {
            ids.append(
                try bench.placed(
                    number % 2 == 0 ? "buy 0.010 90000.0" : "sell 0.010 90000.0"
                )
            )
        }
        return (bench, ids)
    }

    /// Row by row, a topic at random each time; now and then a row of before again.
    private func feed(
        _ pushes: Pushes,
        into bench: inout Bench,
        _ random: inout Random,
        repeating: Bool
    ) {
        var next = [0, 0, 0, 0]
        let counts = [
            pushes.orders.count, pushes.executions.count, pushes.positions.count,
            pushes.wallets.count,
        ]
        func push(_ topic: Int, _ place: Int) {
            switch topic {
            case 0: bench.order(pushes.orders[place])
            case 1: bench.execution(pushes.executions[place])
            case 2: bench.position(pushes.positions[place])
            default:
                bench.feed("private/main/wallet") {
                    $0.kind = .wallets
                    // In the order of the topic, so that an older word is known for what it is.
                    $0.exchangeMilliseconds = Bench.start / 1_000_000 + 60_000 + Int64(place)
                    $0.wallets = [pushes.wallets[place]]
                }
            }
        }
        while next != counts {
            let topic = Int(random.next(4))
            guard next[topic] < counts[topic] else { continue }
            push(topic, next[topic])
            next[topic] += 1
            guard repeating, random.next(3) == 0 else { continue }
            let again = Int(random.next(4))
            guard next[again] > 0 else { continue }
            push(again, Int(random.next(UInt64(next[again]))))
        }
    }

    /// What a session comes to, in words.
    private func outcome(_ engine: Engine) -> [String] {
        var lines: [String] = []
        // Orders of others become known in the order in which they are told of.
        for order in engine.orders.sorted(by: { $0.orderLinkID < $1.orderLinkID }) {
            lines.append(
                "\(order.orderLinkID) \(order.phase.rawValue) \(order.status?.name ?? "")"
                    + " \(order.filled) \(order.executed) \(order.reason) \(order.quantity)"
                    + " \(order.updatedMilliseconds)"
            )
        }
        let ledger = engine.ledger
        for place in ledger.accounts.keys.indices {
            lines.append("\(ledger.accounts.keys[place]) \(ledger.accounts.values[place].position)")
        }
        for place in ledger.shares.keys.indices {
            lines.append("\(ledger.shares.keys[place]) \(ledger.shares.values[place])")
        }
        for place in ledger.wallets.keys.indices {
            let wallet = ledger.wallets.values[place]
            lines.append("\(ledger.wallets.keys[place]) \(wallet.sums) \(wallet.told ?? .zero)")
        }
        return lines
    }

    @Test(arguments: [false, true])
    func `any order of arrival and any repetition end in the same state`(isForeign: Bool) throws {
        for session in 0..<Self.count {
            var random = Random(seed: UInt64(session))
            let (start, ids) = try begun(8, isForeign: isForeign)
            let pushes = try pushes(ids, &random)
            var plain = start
            feed(pushes, into: &plain, &random, repeating: false)
            for _ in 0..<6 { plain.tick() }
            let expected = outcome(plain.engine)
            #expect(plain.outputs.findings(.audit).isEmpty)
            for _ in 0..<6 {
                var shuffled = start
                feed(pushes, into: &shuffled, &random, repeating: true)
                for _ in 0..<6 { shuffled.tick() }
                #expect(outcome(shuffled.engine) == expected, "seed \(session)")
                #expect(shuffled.outputs.findings(.audit).isEmpty, "seed \(session)")
            }
        }
    }

    @Test func `cut anywhere and resumed from a checkpoint it ends in the same state`() throws {
        for session in 0..<Self.count {
            var random = Random(seed: UInt64(1_000 + session))
            let (start, ids) = try begun(6)
            var whole = start
            feed(try pushes(ids, &random), into: &whole, &random, repeating: true)
            let expected = whole.engine.stateReport().combinedHash
            for _ in 0..<4 {
                var cut = try Bench(strategies: [.puppet()])
                let at = Int(random.next(UInt64(whole.inputs.count)))
                for input in whole.inputs[..<at] { cut.apply(input) }
                cut.engine = try Engine(
                    checkpoint: cut.engine.checkpoint(),
                    registry: Bench.registry
                )
                for input in whole.inputs[at...] { cut.apply(input) }
                #expect(cut.engine.stateReport().combinedHash == expected, "cut at \(at)")
                #expect(try cut.engine.checkpoint() == whole.engine.checkpoint())
                #expect(try cut.engine.differences(from: whole.engine).isEmpty)
            }
        }
    }
}

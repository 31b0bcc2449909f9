import Market
import Testing

@testable import Trading

/// However answers, pushes, lists and the log are mixed at the opening, the ledger comes to what the exchange has.
@Suite struct OpeningArrivalTests {
    /// An account of one contract and one coin at the exchange, with all that happens to it around the opening.
    private struct Account {
        var fills: [ExecutionReport] = []
        var rows: [TransactionRow] = []
        var size = Amount.zero
        var balance = Amount(units: 10_000 * PowerOfTen.int128(18))
        /// Of all positions of before: a price at which nothing is realised.
        var sequence: Int64 = 5

        /// What the two answers have in them.
        var positions: (rows: [PositionUpdate], at: Int64) = ([], 0)
        var wallet: (balance: Amount, at: Int64) = (.zero, 0)

        mutating func fill(_ side: Side, at time: Int64) throws {
            sequence += 1
            var row = try OpeningBench.fill("e\(sequence)", side, at: time, seq: sequence)
            let signed = Amount(units: (side == .buy ? 1 : -1) * PowerOfTen.int128(16))
            let isOpening = size.isZero || (size > .zero) == (side == .buy)
            row.closedQuantity = isOpening ? try Numeral(text: "0") : row.quantity
            row.realisedPnL = .zero
            size = try size.adding(signed)
            try flow("t\(sequence)", "TRADE", of: row, "-0.18", at: time)
            fills.append(row)
        }

        mutating func flow(
            _ id: String,
            _ type: String,
            of execution: ExecutionReport? = nil,
            _ change: String,
            at time: Int64
        ) throws {
            balance = try balance.adding(try Amount(text: change))
            rows.append(
                try OpeningBench.row(
                    id,
                    type,
                    of: execution,
                    cash: execution == nil ? nil : "0",
                    change: change,
                    leaves: balance.description,
                    at: time
                )
            )
        }

        mutating func answerPositions(at time: Int64) throws {
            let isLong = size > .zero
            let held = Amount(units: Int128(size.units.magnitude))
            positions = (
                size.isZero
                    ? []
                    : [
                        try Row.position(
                            isLong ? .buy : .sell,
                            held.description,
                            entry: "90000",
                            seq: sequence
                        )
                    ],
                time
            )
        }

        /// - Parameter skew: by so much is the clock of balances ahead of the one of fills, in milliseconds.
        init(_ random: inout Random, skew: Int64) throws {
            let hasPosition = random.next(2) == 0
            if hasPosition { try fill(.buy, at: -5_000) }
            let walletAt = Int64(random.next(20))
            let positionsAt = Int64(random.next(20))
            for step in 0..<20 as Range<Int64> {
                // Far from one another, or closer together than clocks are.
                let time = skew == 0 ? step * 700 : step * 20
                if step == walletAt { wallet = (balance, time + 1 + skew) }
                if step == positionsAt { try answerPositions(at: time + 1 + skew) }
                switch random.next(4) {
                case 0:
                    try flow("d\(step)", "TRANSFER_IN", "\(step + 1)", at: time + 10)
                // Never flat in between, so that each answer of positions tells its cross sequence.
                case 1: if hasPosition { try fill(.buy, at: time + 10) }
                case 2:
                    if hasPosition, size.units > 2 * PowerOfTen.int128(16) {
                        try fill(.sell, at: time + 10)
                    }
                default: break
                }
            }
        }

        func feed(into opening: inout OpeningBench, _ random: inout Random) throws {
            // Each topic in its own order, and the three answers, in any order between them.
            var pushed = 0
            var answers = [0, 1, 2]
            func push(_ opening: inout OpeningBench) {
                guard pushed < fills.count else { return }
                opening.bench.execution(fills[pushed])
                pushed += 1
            }
            while !answers.isEmpty {
                if random.next(2) == 0 { push(&opening) }
                switch answers.remove(at: Int(random.next(UInt64(answers.count)))) {
                case 0:
                    // The list has no figures of what was realised.
                    var listed = fills
                    for place in listed.indices { listed[place].realisedPnL = nil }
                    opening.rest(Array(listed.prefix(Int(random.next(UInt64(fills.count + 1))))))
                case 1: opening.positions(positions.rows, at: positions.at)
                default:
                    try opening.wallet([("USDT", wallet.balance.description)], at: wallet.at)
                }
            }
            var asked = 0
            while pushed < fills.count || asked < 3 {
                if random.next(3) > 0 { push(&opening) }
                guard random.next(3) == 0 else { continue }
                asked += 1
                opening.log(rows)
                let again = fills.filter { _ in random.next(2) == 0 }
                opening.bench.reply(.executions) { $0.executions = again }
            }
            for row in fills where random.next(2) == 0 { opening.bench.execution(row) }
            opening.log(rows)
        }
    }

    @Test(arguments: [0, -150, 150] as [Int64])
    func `any order of arrival comes to what the exchange has`(skew: Int64) throws {
        for session in 0..<40 as Range<UInt64> {
            var random = Random(seed: session)
            let account = try Account(&random, skew: skew)
            for _ in 0..<4 {
                var opening = try OpeningBench()
                try account.feed(into: &opening, &random)
                let why: Comment = "session \(session)"
                #expect(opening.size() == account.size.description, why)
                #expect(opening.balance("USDT") == account.balance.description, why)
                #expect(opening.ledger.opening?.owed.isEmpty == true, why)
                try opening.settle([("USDT", account.balance.description)])
                #expect(opening.bench.outputs.findings(.audit).isEmpty, why)
            }
        }
    }

    @Test func `cut anywhere and resumed from a checkpoint it ends in the same state`() throws {
        for session in 0..<12 as Range<UInt64> {
            var random = Random(seed: 500 + session)
            let account = try Account(&random, skew: session % 2 == 0 ? 150 : 0)
            var whole = try OpeningBench()
            try account.feed(into: &whole, &random)
            let inputs = whole.bench.inputs
            let expected = whole.bench.engine.stateReport().combinedHash
            for _ in 0..<5 {
                var cut = try Bench(strategies: [.puppet()])
                let at = Int(random.next(UInt64(inputs.count)))
                for input in inputs[..<at] { cut.apply(input) }
                cut.engine = try Engine(
                    checkpoint: cut.engine.checkpoint(),
                    registry: Bench.registry
                )
                for input in inputs[at...] { cut.apply(input) }
                #expect(cut.engine.stateReport().combinedHash == expected, "cut at \(at)")
                #expect(try cut.engine.checkpoint() == whole.bench.engine.checkpoint())
                #expect(try cut.engine.differences(from: whole.bench.engine).isEmpty)
            }
        }
    }
}

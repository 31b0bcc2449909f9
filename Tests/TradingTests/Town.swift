import Market
import Trading

/// A made-up market with an exchange's answers, for tests that need a lively session: seeded, and only as good as
/// that needs.
///
/// Its accounts are kept by nobody: fills are told, and what the ledger makes of them is the ledger's.
struct Town {
    struct Standing {
        var request: OrderRequest
        var rows: Int64 = 0
    }

    var bench: Bench
    var seed: UInt64
    var middle: Int64 = 900_000
    var updateID: Int64 = 100
    var standing: [Standing] = []
    var executions: Int64 = 0
    var fills = 0
    /// How many of the outputs have been carried out.
    private var done = 0

    init(
        strategies: [StrategyConfiguration],
        limits: [Setting] = [],
        seed: UInt64 = 7
    ) throws {
        bench = try Bench(strategies: strategies, limits: limits)
        self.seed = seed
        try bench.ready()
    }

    private mutating func chance(_ bound: UInt64) -> UInt64 {
        seed &+= 0x9e37_79b9_7f4a_7c15
        return Mix.spread(seed) % bound
    }

    private func text(_ units: Int64) -> String { Price(units: units).text(decimals: 1) }

    /// A round is a quarter of a second: the price moves, orders are met, timers fire, requests are answered.
    mutating func run(rounds: Int) throws {
        for round in 0..<rounds {
            for _ in 0..<5 { try move() }
            try meet()
            if round % 20 == 11 { try bench.book("BTCUSDT", u: updateID + 7) }
            if round % 20 == 13 { try snapshot() }
            if round % 4 == 3 { bench.tick(after: 1) }
            try fire()
            try carryOut()
        }
    }

    private mutating func move() throws {
        middle += Int64(chance(9)) - 4
        try snapshot()
    }

    private mutating func snapshot() throws {
        updateID += 10
        try bench.book(
            "BTCUSDT",
            u: updateID,
            snapshot: true,
            bids: (1...5).map { (text(middle - Int64($0)), "1.\($0)") },
            asks: (1...5).map { (text(middle + Int64($0)), "1.\($0)") }
        )
    }

    /// Fires each timer that is due, at its own time.
    private mutating func fire() throws {
        bench.time = bench.time.advanced(nanoseconds: 240_000_000)
        for timer in bench.engine.timers where timer.due <= bench.time {
            bench.timer(timer.strategy, timer.name, due: timer.due)
        }
    }

    private mutating func carryOut() throws {
        while done < bench.outputs.count {
            let output = bench.outputs[done]
            done += 1
            guard case .command(let command) = output else { continue }
            switch command.action {
            case .place(let request): try place(request)
            case .amend(let request): try amend(request)
            case .cancel(let request): try cancel(request)
            default: continue
            }
        }
    }

    private func crosses(_ request: OrderRequest) throws -> Bool {
        guard request.instrument == Bench.btc, let price = request.price else { return false }
        let units = try price.units(decimals: 1)
        return request.side == .buy ? units >= middle + 1 : units <= middle - 1
    }

    private mutating func place(_ request: OrderRequest) throws {
        let linkID = request.orderLinkID
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        if request.price == nil {
            try trade(request, at: text(middle), request.quantity.description)
            return
        }
        if try crosses(request) {
            bench.order(try row(request, "Cancelled", 2, reason: "EC_PostOnlyWillTakeLiquidity"))
            return
        }
        bench.order(try row(request, "New", 1))
        standing.append(Standing(request: request))
    }

    private mutating func amend(_ request: AmendRequest) throws {
        guard
            let place = standing.firstIndex(where: { $0.request.orderLinkID == request.orderLinkID }
            )
        else {
            bench.reply(.amendOrder, linkID: request.orderLinkID, code: 110001, message: "gone")
            return
        }
        bench.reply(.amendOrder, linkID: request.orderLinkID)
        standing[place].rows += 1
        if let price = request.price { standing[place].request.price = price }
        let changed = standing[place]
        bench.order(try row(changed.request, "New", 1 + changed.rows))
    }

    private mutating func cancel(_ request: CancelRequest) throws {
        guard
            let place = standing.firstIndex(where: { $0.request.orderLinkID == request.orderLinkID }
            )
        else {
            bench.reply(.cancelOrder, linkID: request.orderLinkID, code: 110001, message: "gone")
            return
        }
        let gone = standing.remove(at: place)
        bench.reply(.cancelOrder, linkID: request.orderLinkID)
        bench.order(
            try row(gone.request, "Cancelled", 2 + gone.rows, reason: "EC_PerCancelRequest")
        )
    }

    /// Some standing orders near the middle are filled, before any cancel of them arrives.
    private mutating func meet() throws {
        for order in standing where chance(6) == 0 {
            standing.removeAll { $0.request.orderLinkID == order.request.orderLinkID }
            let price = order.request.price?.description ?? "0"
            try trade(order.request, at: price, order.request.quantity.description)
        }
    }

    private mutating func trade(
        _ request: OrderRequest,
        at price: String,
        _ quantity: String
    ) throws {
        executions += 1
        fills += 1
        bench.execution(
            try Row.fill(
                "e\(executions)",
                request.orderLinkID,
                symbol: request.instrument.symbol.description,
                side: request.side,
                quantity: quantity,
                price: price,
                seq: executions
            )
        )
        bench.order(try row(request, "Filled", 1_000, filled: quantity))
    }

    private func row(
        _ request: OrderRequest,
        _ status: String,
        _ time: Int64,
        filled: String = "0",
        reason: String = "EC_NoError"
    ) throws -> OrderUpdate {
        try Row.order(
            request.orderLinkID,
            status,
            symbol: request.instrument.symbol.description,
            side: request.side,
            quantity: request.quantity.description,
            price: request.price?.description ?? "0",
            filled: filled,
            at: time,
            reason: reason
        )
    }
}

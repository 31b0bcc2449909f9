import Journal
import Market
import Runtime
import Simulation
import Trading

/// A synthetic day: two accounts with a session each, and another client of each of them.
struct Day {
    let plan: DayPlan
    let exchange: DayExchange
    let folder: TestFolder
    private(set) var desks: [DayDesk] = []
    private(set) var clients: [DayClient] = []

    /// - Parameters:
    ///   - accounts: how many of the exchange's accounts have a session.
    ///   - before: what the other client of each does before the session begins.
    init(
        _ plan: DayPlan = DayPlan(),
        accounts: Int = 2,
        trades: Bool = true,
        before: (inout DayClient, DayExchange) throws -> Void = { _, _ in }
    ) throws {
        self.plan = plan
        exchange = try DayExchange(plan)
        folder = try TestFolder()
        for holder in exchange.holders.prefix(accounts) {
            var client = DayClient(holder, seed: plan.seed)
            try before(&client, exchange)
            clients.append(client)
            desks.append(
                try DayDesk(
                    holder,
                    on: exchange,
                    path: folder.path + "/" + holder.alias,
                    trades: trades
                )
            )
        }
    }

    /// Runs the day; its end leaves nothing on its way.
    mutating func run() throws {
        for desk in desks { try desk.begin() }
        let end = plan.end.nanoseconds
        var due = Due(plan)
        while exchange.now.nanoseconds < end {
            exchange.advance(to: exchange.now.advanced(nanoseconds: 50_000_000 * step))
            for desk in desks { try desk.turn() }
            let now = exchange.now.nanoseconds
            if due.client.take(now) {
                for place in clients.indices { clients[place].act(on: exchange) }
            }
            if due.flow.take(now) {
                for place in clients.indices { try clients[place].flow(on: exchange) }
            }
            if due.tick.take(now) { for desk in desks { try desk.tick() } }
            if due.loss.take(now) { for desk in desks { try desk.lose() } }
            if due.audit.take(now) { for desk in desks { try desk.request("audit") } }
        }
        try finish()
    }

    /// Strategies stop, the sockets come back, all is asked for once more.
    private mutating func finish() throws {
        for desk in desks { try desk.request("stop") }
        for _ in 0..<60 {
            exchange.advance(to: exchange.now.advanced(nanoseconds: 1_000_000_000))
            for desk in desks {
                try desk.turn()
                try desk.tick()
            }
        }
        for desk in desks { try desk.request("audit") }
        for desk in desks { try desk.settle() }
        for _ in 0..<12 {
            exchange.advance(to: exchange.now.advanced(nanoseconds: 1_000_000_000))
            for desk in desks {
                try desk.turn()
                try desk.tick()
            }
        }
        // Nothing moves while the last questions are answered, so that both sides speak of one moment.
        for desk in desks { try desk.request("audit") }
        for desk in desks { try desk.settle() }
    }

    /// Twentieths of a second between two looks.
    private var step: Int64 { plan.hours == nil ? 2 : 5 }

    private struct Due {
        struct Timer {
            var next: Int64
            let step: Int64

            init(_ start: Timestamp, _ step: Int64) {
                next = start.nanoseconds + step
                self.step = step
            }

            mutating func take(_ now: Int64) -> Bool {
                guard now >= next else { return false }
                next += step
                return true
            }
        }

        var client: Timer
        var flow: Timer
        var tick: Timer
        var loss: Timer
        var audit: Timer

        init(_ plan: DayPlan) {
            client = Timer(plan.start, plan.clientStep)
            flow = Timer(plan.start, plan.flowStep)
            tick = Timer(plan.start, 1_000_000_000)
            loss = Timer(plan.start, plan.lossStep)
            audit = Timer(plan.start, plan.auditStep)
        }
    }
}

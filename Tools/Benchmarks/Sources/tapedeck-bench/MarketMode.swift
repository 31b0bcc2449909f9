import Market
import Simulation

/// The exchange in a box, in-process: 20 symbols with ten resting orders of ours each, depth 50 of all of them on.
enum MarketMode {
    private static let start = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    private static let symbols = 20

    private static func listings(eventsPerSecond: Int64) throws -> [Listing] {
        let model = try Listing.standard(eventsPerSecond: eventsPerSecond)[0]
        return try (0..<symbols).map { number in
            var listing = model
            guard let symbol = Symbol("C\(number)USDT") else { throw BenchError("symbol") }
            listing.instrument.id = InstrumentID(.linear, symbol)
            return listing
        }
    }

    private static func exchange(eventsPerSecond: Int64) throws -> SimulatedExchange {
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 7,
                start: start,
                listings: listings(eventsPerSecond: eventsPerSecond),
                accounts: [
                    AccountConfiguration(
                        alias: "main",
                        deposits: [.init(coin: "USDT", amount: try Amount(text: "1000000000"))]
                    )
                ],
                historyMax: 1_000
            )
        )
        var output = ExchangeOutput()
        for listing in exchange.listings {
            let id = listing.instrument.id
            exchange.activate(.book(id, depth: 50))
            for step in 1...10 {
                for side in [Side.buy, .sell] where step <= 5 {
                    _ = exchange.place(
                        OrderRequest(
                            instrument: id,
                            orderLinkID: "",
                            side: side,
                            quantity: Numeral(mantissa: 10, decimals: 3),
                            price: Numeral(
                                mantissa: 900_000 - side.sign * Int64(200 + 20 * step),
                                decimals: 1
                            )
                        ),
                        for: AccountID(index: 0),
                        into: &output
                    )
                }
            }
        }
        return exchange
    }

    /// `count` orders of the background arrive, change or leave.
    static func events(count: Int) throws -> String {
        let rate: Int64 = 20_000
        var exchange = try exchange(eventsPerSecond: rate)
        var output = ExchangeOutput()
        var messages = 0
        var levels = 0
        let millisecond: Int64 = 1_000_000
        let before = exchange.marketEvents
        let measurement = Measurement()
        while exchange.marketEvents - before < count {
            exchange.advance(to: exchange.now.advanced(nanoseconds: millisecond), into: &output)
            for event in output.events {
                guard case .book(_, let update) = event.event else { continue }
                messages += 1
                levels += update.bids.count + update.asks.count
            }
            output.removeAll()
        }
        return measurement.line(
            mode: "market",
            count: exchange.marketEvents - before,
            extra: [("messages", String(messages)), ("levels", String(levels))]
        )
    }

    /// `count` orders of ours, each second one of which takes the one before it.
    ///
    /// - Parameter makesRows: every row of what is told is made, as for somebody who hears all of it.
    static func orders(count: Int, makesRows: Bool = false) throws -> String {
        var exchange = try exchange(eventsPerSecond: 1)
        var output = ExchangeOutput()
        let ids = exchange.listings.map(\.instrument.id)
        var executions = 0
        var rows = 0
        let measurement = Measurement()
        for number in 0..<count {
            let id = ids[(number / 2) % symbols]
            let reply = exchange.place(
                OrderRequest(
                    instrument: id,
                    orderLinkID: "",
                    side: number % 4 == 0 || number % 4 == 3 ? .buy : .sell,
                    quantity: Numeral(mantissa: 1, decimals: 3),
                    price: Numeral(mantissa: 900_000, decimals: 1)
                ),
                for: AccountID(index: 0),
                into: &output
            )
            guard reply.isAccepted else { throw BenchError(reply.message) }
            if output.events.count > 1_000 {
                for event in output.events {
                    if case .execution = event.event { executions += 1 }
                    if makesRows { rows += row(of: event.event) }
                }
                output.removeAll()
            }
        }
        return measurement.line(
            mode: "orders",
            count: count,
            extra: [("executions", String(executions)), ("rows", String(rows))]
        )
    }

    /// Makes the row of a private event; 0 of a public one, which has none.
    private static func row(of event: ExchangeEvent) -> Int {
        switch event {
        case .order(_, let told): told.row.orderID.isEmpty ? 0 : 1
        case .execution(_, let told): told.row.executionID.isEmpty ? 0 : 1
        case .position(_, let told): told.row.updatedMilliseconds > 0 ? 1 : 0
        case .wallet(_, let report): report.coins.isEmpty ? 0 : 1
        default: 0
        }
    }

    /// A universe with so many perpetuals of 200 levels a side, run for a minute: what it holds in memory.
    static func memory(symbols: Int) throws -> String {
        var exchange = try SimulatedExchange(
            .universe(
                seed: 7,
                start: start,
                UniverseConfiguration(symbols: symbols, levels: 200, categories: [.linear])
            )
        )
        var output = ExchangeOutput()
        for listing in exchange.listings {
            exchange.activate(.book(listing.instrument.id, depth: 200))
        }
        let measurement = Measurement()
        let end = exchange.now.advanced(nanoseconds: 60_000_000_000)
        while exchange.now < end {
            exchange.advance(to: exchange.now.advanced(nanoseconds: 10_000_000), into: &output)
            output.removeAll()
        }
        return measurement.line(
            mode: "memory",
            count: exchange.marketEvents,
            extra: [("listings", String(exchange.listings.count))]
        )
    }
}

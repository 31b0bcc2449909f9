import Market
import Simulation

/// A hash of all that a small universe tells in its first seconds, with orders of an account in between.
enum UniverseDigest {
    static func of(seed: UInt64) throws -> UInt64 {
        let second: Int64 = 1_000_000_000
        let start = Timestamp(nanoseconds: 1_800_000_000 * second)
        var exchange = try SimulatedExchange(
            .universe(
                seed: seed,
                start: start,
                UniverseConfiguration(
                    symbols: 2,
                    levels: 25,
                    regimes: .always(.jump),
                    strikesPerSide: 0
                ),
                accounts: [
                    AccountConfiguration(
                        alias: "main",
                        deposits: [.init(coin: "USDT", amount: try Amount(text: "100000"))]
                    )
                ],
                speculators: 2
            )
        )
        var output = ExchangeOutput()
        var streams: [PublicStream] = []
        for listing in exchange.listings {
            let id = listing.instrument.id
            let depth = id.category == .option || id.category == .spread ? 25 : 50
            streams += [.book(id, depth: depth), .trades(id), .ticker(id)]
        }
        for stream in streams { exchange.activate(stream) }
        var hash: UInt64 = 0
        for step in 1...8 {
            let time = start.advanced(nanoseconds: Int64(step) * second / 4)
            exchange.advance(to: time, into: &output)
            for listing in exchange.listings where listing.instrument.contractType != "" {
                trade(&exchange, listing.instrument, isBuy: step % 2 == 0, into: &output)
            }
            for event in output.events {
                let text = Array("\(event)".utf8)
                hash = text.withUnsafeBytes { Mix.hash($0, seed: hash) }
            }
            output.removeAll()
        }
        return hash
    }

    private static func trade(
        _ exchange: inout SimulatedExchange,
        _ instrument: Instrument,
        isBuy: Bool,
        into output: inout ExchangeOutput
    ) {
        _ = exchange.place(
            OrderRequest(
                instrument: instrument.id,
                orderLinkID: "",
                side: isBuy ? .buy : .sell,
                type: .market,
                quantity: instrument.scale.numeral(instrument.quantityStep),
                price: nil
            ),
            for: AccountID(index: 0),
            into: &output
        )
    }
}

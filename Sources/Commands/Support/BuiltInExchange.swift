import Market
import Simulation

/// The exchange that `demo` and `serve --synthetic` run.
enum BuiltInExchange {
    static let eightHours: Int64 = 8 * 3_600_000_000_000
    /// Where a virtual clock stands at first: 2026-01-01T00:00:00Z, so that two runs tell the same times.
    static let virtualStart = Timestamp(nanoseconds: 1_767_225_600_000_000_000)

    /// What an account begins with in `demo`.
    static let dollars = [(coin: "USDT", amount: "100000")]
    /// What it begins with in `serve`: something to trade on each category.
    static let everyCoin = [
        (coin: "USDT", amount: "100000"), (coin: "USDC", amount: "100000"),
        (coin: "BTC", amount: "10"), (coin: "ETH", amount: "100"),
    ]

    /// The standard market, and as many more perpetuals, each with a coin of its own, as make up the number:
    /// `T001USDT`, `T002USDT` and so on.
    private static func listings(_ perpetuals: Int) throws -> [Listing] {
        var listings = try Listing.standard()
        let linear = listings.filter { $0.instrument.id.category == .linear }
        guard let model = linear.last(where: { $0.instrument.contractType == "LinearPerpetual" }),
            linear.count < perpetuals
        else { return listings }
        for number in 1...(perpetuals - linear.count) {
            let coin =
                "T" + String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
            guard case .synthetic(var market) = model.market, let symbol = Symbol(coin + "USDT")
            else { break }
            var listing = model
            listing.instrument.id = InstrumentID(.linear, symbol)
            listing.instrument.baseCoin = coin
            listing.terms.symbolID = 1_000 + number
            market.driver = coin
            listing.market = .synthetic(market)
            listings.append(listing)
        }
        return listings
    }

    /// A seeded market with one account an alias.
    ///
    /// - Parameters:
    ///   - start: `nil` is now, on the clock that the REST endpoints tell.
    ///   - perpetuals: how many linear ones there are at least.
    static func make(
        seed: UInt64,
        start: Timestamp? = nil,
        accounts: [String],
        deposits: [(coin: String, amount: String)] = dollars,
        perpetuals: Int = 0,
        fundingInterval: Int64,
        faults: [AccountingFault] = []
    ) throws -> SimulatedExchange {
        do {
            let deposits = try deposits.map {
                AccountConfiguration.Deposit(coin: $0.coin, amount: try Amount(text: $0.amount))
            }
            return try SimulatedExchange(
                SimulationConfiguration(
                    seed: seed,
                    start: start ?? WallTime.now(),
                    listings: listings(perpetuals),
                    accounts: accounts.map {
                        AccountConfiguration(alias: $0, deposits: deposits)
                    },
                    fundingInterval: fundingInterval,
                    faults: faults
                )
            )
        } catch {
            throw Failure(.bug, "the built-in exchange could not be made: \(error)")
        }
    }
}

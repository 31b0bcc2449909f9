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

    /// A seeded market with one account an alias.
    ///
    /// - Parameter start: `nil` is now, on the clock that the REST endpoints tell.
    static func make(
        seed: UInt64,
        start: Timestamp? = nil,
        accounts: [String],
        deposits: [(coin: String, amount: String)] = dollars,
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
                    listings: Listing.standard(),
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

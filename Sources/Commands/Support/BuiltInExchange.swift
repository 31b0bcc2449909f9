import Market
import Simulation

/// The exchange that `demo` and `serve --synthetic` run.
enum BuiltInExchange {
    static let eightHours: Int64 = 8 * 3_600_000_000_000

    /// A seeded market with one account an alias, each with 100,000 USDT.
    static func make(
        seed: UInt64,
        accounts: [String],
        fundingInterval: Int64,
        faults: [AccountingFault] = []
    ) throws -> SimulatedExchange {
        do {
            let deposit = try Amount(text: "100000")
            return try SimulatedExchange(
                SimulationConfiguration(
                    seed: seed,
                    // The market begins now, on the clock that its REST endpoints tell.
                    start: WallTime.now(),
                    listings: Listing.standard(),
                    accounts: accounts.map {
                        AccountConfiguration(
                            alias: $0,
                            deposits: [.init(coin: "USDT", amount: deposit)]
                        )
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

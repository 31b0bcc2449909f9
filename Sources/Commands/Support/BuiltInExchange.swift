import Market
import Simulation

/// The exchange that `demo` and `serve --synthetic` run.
enum BuiltInExchange {
    static let eightHours: Int64 = 8 * 3_600_000_000_000
    /// Where a virtual clock stands at first: 2026-01-01T00:00:00Z, so that two runs tell the same times.
    static let virtualStart = Timestamp(nanoseconds: 1_767_225_600_000_000_000)

    /// The market of `demo`: a few listings and one account an alias, each with 100,000 USDT.
    static func make(
        seed: UInt64,
        accounts: [String],
        fundingInterval: Int64,
        faults: [AccountingFault] = []
    ) throws -> SimulatedExchange {
        try made {
            SimulationConfiguration(
                seed: seed,
                // The market begins now, on the clock that its REST endpoints tell.
                start: WallTime.now(),
                listings: try Listing.standard(),
                accounts: try configurations(accounts, [("USDT", "100000")]),
                fundingInterval: fundingInterval,
                faults: faults
            )
        }
    }

    /// The market of `serve`: every category, and accounts with something to trade on each.
    ///
    /// - Parameter start: `nil` is now, on the clock that the REST endpoints tell.
    static func universe(
        _ universe: UniverseConfiguration,
        seed: UInt64,
        start: Timestamp?,
        accounts: [String]
    ) throws -> SimulatedExchange {
        try made {
            let start = start ?? WallTime.now()
            let market = try SyntheticUniverse(universe, start: start)
            return SimulationConfiguration(
                seed: seed,
                start: start,
                listings: market.listings,
                accounts: try configurations(
                    accounts,
                    [("USDT", "100000"), ("USDC", "100000"), ("BTC", "10"), ("ETH", "100")]
                ),
                fundingInterval: eightHours,
                calendars: [market]
            )
        }
    }

    private static func configurations(
        _ aliases: [String],
        _ deposits: [(coin: String, amount: String)]
    ) throws(NumberError) -> [AccountConfiguration] {
        var paid: [AccountConfiguration.Deposit] = []
        for deposit in deposits {
            paid.append(.init(coin: deposit.coin, amount: try Amount(text: deposit.amount)))
        }
        return aliases.map { AccountConfiguration(alias: $0, deposits: paid) }
    }

    private static func made(
        _ configuration: () throws -> SimulationConfiguration
    ) throws -> SimulatedExchange {
        do {
            return try SimulatedExchange(configuration())
        } catch {
            throw Failure(.bug, "the built-in exchange could not be made: \(error)")
        }
    }
}

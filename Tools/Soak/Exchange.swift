import Glibc
import Logging
import Market
import ReplayServer
import Simulation

/// The exchange, a process of its own, so that its memory is not the recorder's: on a virtual clock, two keys of one
/// account.
enum Exchange {
    static let account = "main"

    /// Says its port on standard output and ends when standard input does.
    static func run(_ settings: Settings) async throws {
        var configuration = ExchangeServerConfiguration()
        configuration.isPlain = true
        configuration.pace = .virtual
        configuration.rateLimits = .unlimited
        configuration.journal = settings.journal
        configuration.accounts = Settings.keys.map {
            ServerAccount(alias: account, key: $0.0, secret: Array($0.1.utf8))
        }
        let exchange = try SimulatedExchange(
            SimulationConfiguration.universe(
                seed: settings.seed,
                start: settings.start,
                universe,
                accounts: [try owner()]
            )
        )
        let server = try await ExchangeServer.start(
            configuration,
            exchange: exchange,
            logger: Logger(label: "exchange") { _ in SwiftLogNoOpLogHandler() }
        )
        print(server.address.port)
        fflush(nil)
        await Waiting.offThread {
            var byte: UInt8 = 0
            while true {
                let count = read(0, &byte, 1)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
            }
        }
        await server.stop()
    }

    /// Calm, since so many hours pass in one: 1,500 messages a second are thirty of its own.
    private static var universe: UniverseConfiguration {
        UniverseConfiguration(symbols: 4, levels: 50, regimes: .changing, strikesPerSide: 3)
    }

    private static func owner() throws(NumberError) -> AccountConfiguration {
        var deposits: [AccountConfiguration.Deposit] = []
        for (coin, amount) in [("USDT", "1000000"), ("USDC", "1000000"), ("BTC", "10")] {
            deposits.append(.init(coin: coin, amount: try Amount(text: amount)))
        }
        return AccountConfiguration(alias: account, deposits: deposits)
    }
}

public import Logging
public import Market
import NIOCore
public import Simulation

/// What ``ExchangeServer`` is started with.
public struct ExchangeServerConfiguration: Sendable {
    /// 0 takes a free one.
    public var port = 0
    /// Without TLS.
    public var isPlain = false
    /// API keys; for an alias that the exchange does not know an account is opened with ``deposits``.
    public var accounts: [ServerAccount] = []
    /// What is paid into an account that is opened at start.
    public var deposits: [AccountConfiguration.Deposit] = [
        .init(coin: "USDT", amount: Amount(units: Int128(100_000) * 1_000_000_000_000_000_000))
    ]
    public var pace = MarketPace.real
    public var limits = ServerLimits()
    public var rateLimits: RateLimits = .enforced
    /// How long a frame of a client waits before it is answered: pybit stores what it asked for after asking.
    public var answerDelayMilliseconds = 2
    /// Manners by seed; `nil` for none but those that are ordered.
    public var chaosSeed: UInt64?
    /// A file that the exchange's journal is appended to; `nil` keeps it in memory alone.
    public var journal: String?

    public init() {}
}

/// The simulated exchange behind Bybit's own protocol, on loopback: REST and WebSocket on one port.
///
/// The exchange and all sockets live on one event loop. What tests and demonstrations do to clients is done through
/// this type, never over the network.
public final class ExchangeServer: Sendable {
    public let address: ServerAddress
    private let host: ServerHost<MannersVenue>

    private init(host: ServerHost<MannersVenue>) {
        self.host = host
        address = host.address
    }

    /// Opens the accounts, listens, and sets the market going.
    ///
    /// - Parameter exchange: its clock goes on from where it stands; give it the present, so that its times agree
    ///   with `market/time`, which is the machine's.
    /// - Parameter market: a recorded one, which moves the exchange from the first request for it on; it is the server's
    ///   alone from here on.
    public static func start(
        _ configuration: ExchangeServerConfiguration,
        exchange: SimulatedExchange,
        market: (any PlayedMarket)? = nil,
        logger: Logger
    ) async throws(ServerError) -> ExchangeServer {
        var exchange = exchange
        let directory = try AccountDirectory(configuration.accounts)
        var accounts: [AccountID] = []
        for entry in directory.entries {
            do {
                accounts.append(
                    try exchange.account(alias: entry.alias)
                        ?? exchange.openAccount(
                            AccountConfiguration(
                                alias: entry.alias,
                                deposits: configuration.deposits
                            )
                        )
                )
            } catch {
                throw .account(alias: entry.alias, reason: "\(error)")
            }
        }
        let opened = exchange
        let ids = accounts
        let journal = try ExchangeJournal(path: configuration.journal)
        nonisolated(unsafe) let manners = Manners(
            journal: journal,
            chaosSeed: configuration.chaosSeed
        )
        nonisolated(unsafe) let tape = market.map(PlayedTape.init)
        let host = try await ServerHost.start(
            port: configuration.port,
            isPlain: configuration.isPlain,
            limits: configuration.limits,
            answerDelayMilliseconds: configuration.answerDelayMilliseconds
        ) { loop in
            let exchange = ExchangeVenue(
                driver: MarketDriver(
                    opened,
                    pace: configuration.pace,
                    tape: tape,
                    loop: loop
                ),
                directory: directory,
                accounts: ids,
                rateLimits: configuration.rateLimits,
                loop: loop
            )
            return MannersVenue(exchange, manners: manners, loop: loop)
        }
        _ = await host.run { $0.start() }
        logger.info("exchange is open", metadata: ["base": "\(host.address.base)"])
        return ExchangeServer(host: host)
    }

    public func counters() async -> ServerCounters {
        await host.run { $0.totals } ?? ServerCounters()
    }

    /// How far a recorded market has come; `nil` where the market is the exchange's own.
    public func played() async -> PlayedProgress? {
        await host.run { $0.exchange.driver.tape?.progress } ?? nil
    }

    /// Drops every socket of that path as a broken line does: no close frame; how many there were.
    @discardableResult
    public func disconnectAll(_ path: SocketPath) async -> Int {
        await host.run { $0.exchange.disconnectAll(path) } ?? 0
    }

    /// From now on; ``OrderAnswers/prompt`` undoes it.
    public func setOrderAnswers(_ answers: OrderAnswers) async {
        _ = await host.run { $0.exchange.orderAnswers = answers }
    }

    /// Tells all subscribers of `system.status`.
    public func announce(_ status: SystemStatus) async {
        _ = await host.run { $0.exchange.announce(status) }
    }

    /// False keeps every push back while the market goes on; true sends fresh snapshots and goes on.
    public func setPushing(_ isOn: Bool) async {
        _ = await host.run { $0.exchange.setPushing(isOn) }
    }

    /// False stops the exchange's clock: no trade, no funding, no push but those that requests cause.
    public func setMarketRunning(_ isRunning: Bool) async {
        _ = await host.run { $0.exchange.driver.isRunning = isRunning }
    }

    /// Reads or changes the exchange where its streams stand; on the server's loop, so it must be brief.
    ///
    /// - Returns: `nil` once the server is stopped.
    public func inspect<Result: Sendable>(
        _ body: @escaping @Sendable (inout SimulatedExchange) -> Result
    ) async -> Result? {
        await host.run { $0.exchange.driver.withExchange(body) }
    }

    /// Closes all sockets and gives the port back; a second call does nothing.
    public func stop() async {
        _ = await host.run { $0.exchange.driver.stop() }
        await host.stop()
    }
}

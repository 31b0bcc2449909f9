import Journal
import Live
import Market
import ReplayServer
import Simulation
import Trading

/// The live half of the demo: an exchange on loopback, a session that trades on it, and an orderly end.
struct DemoSession {
    var seconds: Int
    var seed: UInt64
    var path: String
    var fault: DemoFault?

    /// What only the live run knows.
    struct Outcome: Sendable {
        var endpoint: String
        var manifest: Manifest
        var isQuiet: Bool
        var payloadBytes: UInt64
        var exchange: ServerCounters
        var wasInterrupted: Bool
    }

    private static let fundingSeconds: Int64 = 5

    func run() throws -> Outcome {
        let account = ServerAccount.generated(alias: "main")
        let exchange = try BuiltInExchange.make(
            seed: seed,
            accounts: ["main"],
            fundingInterval: DemoSession.fundingSeconds * 1_000_000_000,
            faults: exchangeFaults
        )
        let demo = self
        return try Blocking.run {
            var configuration = ExchangeServerConfiguration()
            configuration.accounts = [account]
            // Eight quotes at once are more than the ten orders a second of a new account of Bybit's.
            configuration.rateLimits = .multiplied(10)
            let server: ExchangeServer
            do {
                server = try await ExchangeServer.start(
                    configuration,
                    exchange: exchange,
                    logger: Log.logger("exchange")
                )
            } catch {
                throw Failure(.unavailable, "the built-in exchange could not start: \(error)")
            }
            do {
                let outcome = try await demo.trade(on: server, account)
                await server.stop()
                return outcome
            } catch {
                await server.stop()
                throw error
            }
        }
    }

    private func trade(on server: ExchangeServer, _ account: ServerAccount) async throws -> Outcome
    {
        let session = try await LiveRun.start(configuration(server.address, account))
        guard await session.waitUntilReady(seconds: 15) else {
            _ = try await session.seal(reason: "not ready")
            throw Failure(
                .unavailable,
                "the sockets were not ready within 15 s",
                at: server.address.base
            )
        }
        await run(session, server)
        // The end, in an order that leaves nothing on its way: strategies stop and their orders are cancelled; the
        // market stands still, so that no fill or funding comes between a question and its answer; then the
        // exchange is asked what it has.
        await session.request("stop", reason: "the demo's time is over")
        _ = await session.waitUntilQuiet(seconds: 10)
        await server.setMarketRunning(false)
        let isQuiet = await session.waitUntilQuiet(seconds: 10)
        await session.request("audit", reason: "compare with the exchange")
        _ = await session.waitUntilQuiet(seconds: 10, ordersClosed: false)
        let counters = await server.counters()
        let payloadBytes = session.recorder.statistics.payloadBytes
        do {
            let manifest = try await session.seal(reason: "the demo's time is over")
            return Outcome(
                endpoint: server.address.base,
                manifest: manifest,
                isQuiet: isQuiet,
                payloadBytes: payloadBytes,
                exchange: counters,
                wasInterrupted: Interruption.isRequested
            )
        } catch let error as SessionError {
            throw Failure(error)
        }
    }

    /// Trades for the time asked for, and loses each socket once on the way.
    private func run(_ session: Session, _ server: ExchangeServer) async {
        let cuts: [(afterTenths: Int, socket: SocketPath)] = [
            (35, .publicData(.linear)), (50, .privateData), (65, .publicData(.spot)),
        ]
        var left = cuts[...]
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        while ContinuousClock.now < end, !Interruption.isRequested {
            let elapsed = ContinuousClock.now - start
            if let cut = left.first, elapsed >= .milliseconds(seconds * cut.afterTenths * 10) {
                left.removeFirst()
                _ = await server.disconnectAll(cut.socket)
            }
            if Printing.showsProgress {
                let status = await session.status()
                Printing.progress(
                    "trading \(elapsed.components.seconds)/\(seconds) s:"
                        + " \(Columns.grouped(status.watermarks.written.value)) records,"
                        + " \(status.counts.commands) commands, \(status.openOrders) orders open"
                )
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        if Printing.showsProgress { Printing.progress("") }
    }

    private func configuration(
        _ address: ServerAddress,
        _ account: ServerAccount
    ) -> SessionConfiguration {
        var configuration = SessionConfiguration(target: .endpoint(address.base), path: path)
        configuration.authority = address.authority.map { Array($0.utf8) }
        configuration.key = .builtIn(key: account.key, secret: account.secret)
        configuration.program = Version.number
        configuration.build = Version.commit
        configuration.seed = String(seed)
        configuration.mayTrade = true
        for symbol in ["BTCUSDT", "ETHUSDT"] {
            for topic in ["orderbook.50", "publicTrade", "tickers", "kline.1"] {
                configuration.subscriptions.append(.init(.linear, "\(topic).\(symbol)"))
            }
        }
        configuration.subscriptions.append(.init(.spot, "orderbook.50.BTCUSDT"))
        configuration.subscriptions.append(.init(.spot, "publicTrade.BTCUSDT"))
        // Exchange, desk and recorder share one machine here: a busy one is not a slow disk.
        configuration.longestWait = 2_000_000_000
        configuration.strategies = [DemoSettings.maker]
        configuration.limits = DemoSettings.limits
        configuration.ledgerFault = ledgerFault
        return configuration
    }

    private var exchangeFaults: [AccountingFault] {
        switch fault {
        case .exchangeFeeSign: [.feeSign]
        case .exchangeFundingSign: [.fundingSign]
        case .exchangeEntryPrice: [.entryPriceRule]
        default: []
        }
    }

    private var ledgerFault: LedgerFault {
        switch fault {
        case .ledgerFeeSign: .feeSign
        case .ledgerFundingSign: .fundingSign
        case .ledgerEntryPrice: .entryPrice
        default: .none
        }
    }
}

/// The demo's strategy and limits.
enum DemoSettings {
    static let maker = StrategyConfiguration(
        name: "maker",
        kind: "maker",
        parameters: [
            Setting("symbols", "BTCUSDT,ETHUSDT"), Setting("requote_ms", "200"),
            Setting("lifetime_ms", "900"),
        ]
    )

    /// Tighter than the strategy would like: eight quotes meet a limit of seven open orders, so that risk has
    /// something to say.
    static let limits = [
        Setting("order_quantity", "BTCUSDT=0.2,ETHUSDT=4"),
        Setting("order_value", "20000"),
        Setting("position_quantity", "BTCUSDT=0.2,ETHUSDT=4"),
        Setting("open_orders", "7"),
        Setting("daily_loss", "5000"),
    ]
}

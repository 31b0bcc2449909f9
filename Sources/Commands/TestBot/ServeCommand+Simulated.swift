import Journal
import Market
import ReplayServer
import Runtime
import Simulation

/// `serve RECORDING --simulated`.
extension ServeCommand {
    func serve(simulated path: String, _ nanoseconds: Int64?) throws -> ExitStatus {
        guard chaos == nil, start == nil, ignore.isEmpty, !strict else {
            throw Failure(
                .usage,
                "--chaos and --start are of a synthetic market, --ignore and --strict of a recording that answers",
                do: "Leave them out with --simulated."
            )
        }
        var configuration = try exchangeSettings()
        configuration.pace = try ServeCommand.playedPace(pace ?? "real")
        let market = try servedMarket(SimulateCommand.open(path))
        let exchange: SimulatedExchange
        do throws(SimulationError) {
            exchange = try market.exchange(
                start: WallTime.now(),
                aliases: configuration.accounts.map(\.alias)
            )
        } catch {
            throw SimulateCommand.failure(.exchange(error))
        }
        let final = configuration
        let report = ServeReport(isJSON: json, authorityFile: caOut)
        // Read before it is played: from then on it is the exchange's loop's.
        let instruments = market.instruments.map(\.description)
        let queue = market.queue.description
        // This thread waits until the server has stopped, and does not touch it meanwhile.
        nonisolated(unsafe) let played = market
        try Blocking.run {
            let server = try await ExchangeServer.start(
                final,
                exchange: exchange,
                market: PlayedRecording(played),
                logger: Log.logger("exchange")
            )
            try report.announce(server.address, final, simulated: path, instruments, queue: queue)
            var last = await server.counters()
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                report.show(now, since: last)
                last = now
            }
            await server.stop()
        }
        report.end(market)
        if let failure = market.failure { throw SimulateCommand.failure(failure) }
        return .yes
    }

    private func servedMarket(_ recording: Recording) throws -> ServedMarket {
        var model = QueueModel.power(hundredths: 200)
        if let queue {
            guard let given = QueueModel(text: queue) else {
                throw SimulationOptions.noQueueModel(queue)
            }
            model = given
        }
        do throws(SimulatedError) {
            return try ServedMarket(
                recording,
                registry: TapedeckMain.strategies,
                queue: model
            )
        } catch {
            throw SimulateCommand.failure(error)
        }
    }

    /// `real`, `xN`, `fast`, `step`.
    static func playedPace(_ text: String) throws -> MarketPace {
        switch try recordedPace(text) {
        case .multiplied(let factor): .times(factor)
        case .asRead: .fast
        case .step: .virtual
        }
    }
}

/// A recorded market as the server plays it.
private final class PlayedRecording: PlayedMarket {
    private let market: ServedMarket

    init(_ market: ServedMarket) { self.market = market }

    var first: Timestamp { market.first }
    var last: Timestamp { market.last }
    var position: SequenceNumber { market.position }
    var isOver: Bool { market.isOver }

    func has(_ category: Category, _ topic: String) -> Bool { market.has(category, topic) }

    func nextPush() -> Timestamp? { market.nextPush() }

    func next(
        to limit: Timestamp,
        shift: Int64,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) -> PlayedPush? {
        market.step(to: limit, shift: shift, &exchange, &output).map {
            PlayedPush(category: $0.category, topic: $0.topic, bytes: $0.bytes)
        }
    }

    func state(of category: Category, _ topic: String) -> [UInt8]? {
        market.state(of: category, topic)
    }
}

extension ServeReport {
    func announce(
        _ server: ServerAddress,
        _ configuration: ExchangeServerConfiguration,
        simulated path: String,
        _ names: [String],
        queue: String
    ) throws {
        try announce(server) {
            $0.field("recording", path)
            $0.field("simulated", true)
            $0.field("queue", queue)
            $0.field("control", server.base + "/tapedeck/")
            $0.field("instruments", array: { rows in for name in names { rows.value(name) } })
            write(configuration.accounts, to: &$0)
        } text: {
            Printing.result("recording  \(path): its market meets the clients' orders")
            Printing.result("tradable   " + names.joined(separator: ", "))
            Printing.result("queue      \(queue)")
            Printing.result("control    \(server.base)/tapedeck/status")
            say(configuration.accounts)
        }
    }

    /// What of the recorded session could be taken out.
    func end(_ market: ServedMarket) {
        let found = market.attribution
        guard !isJSON else {
            Printing.json(schema: "serve") {
                $0.field("position", market.position)
                $0.field("over", market.isOver)
                $0.field("levels", found.levels)
                $0.field("short_levels", found.shortLevels)
                $0.field("own_fills", found.makerFills + found.takerFills)
                $0.field("unreadable", found.unreadable)
            }
            return
        }
        Printing.note(
            "served up to record \(market.position); taken out: the session's quantity of \(found.levels) levels"
                + " and \(found.makerFills + found.takerFills) fills; \(found.shortLevels) levels showed less than"
                + " it had there"
        )
    }
}

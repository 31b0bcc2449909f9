import Journal
import Market
import ReplayServer

/// `serve RECORDING`.
extension ServeCommand {
    /// - Returns: whether the client asked for what was recorded.
    func serve(recording path: String, _ nanoseconds: Int64?) throws -> ExitStatus {
        guard chaos == nil, journal == nil, start == nil, account.isEmpty else {
            throw Failure(
                .usage,
                "--chaos, --journal, --start and --account are of a synthetic market",
                do: "Leave them out, or serve --synthetic."
            )
        }
        let recording: Recording
        do throws(JournalError) {
            recording = try Recording.open(path)
        } catch {
            throw Failure(error)
        }
        RecordingOptions.tellStrays(recording)
        try RecordingOptions.checkSound(recording)
        var configuration = RecordingServerConfiguration()
        configuration.port = port
        configuration.isPlain = plain
        configuration.pace = try ServeCommand.recordedPace(pace ?? "real")
        configuration.patienceMilliseconds = Int(
            clamping: try DurationText.nanoseconds(patience) / 1_000_000
        )
        configuration.ignored = ServeCommand.ignoring(ignore)
        let final = configuration
        let report = ServeReport(isJSON: json, authorityFile: caOut)
        let progress = try Blocking.run {
            let server = try await ServeCommand.start(final, recording)
            try report.announce(server, of: path)
            var last = await server.counters()
            var told = 0
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                report.show(now, since: last)
                last = now
                let progress = await server.progress()
                if let departure = progress.departure, told == 0 {
                    told = progress.departures
                    Printing.note("\(departure)")
                }
            }
            let progress = await server.progress()
            if let departure = progress.departure, told == 0 { Printing.note("\(departure)") }
            await server.stop()
            return progress
        }
        if let failure = progress.failure { throw ReplayCommand.undecided(failure) }
        return progress.departure == nil ? .yes : .no
    }

    static func start(
        _ configuration: RecordingServerConfiguration,
        _ recording: Recording
    ) async throws -> RecordingServer {
        do {
            return try await RecordingServer.start(
                configuration,
                recording: recording,
                logger: Log.logger("recording")
            )
        } catch let error as JournalError {
            throw ReplayCommand.undecided(error)
        } catch let error as ServerError {
            throw Failure(.unavailable, "\(error)")
        }
    }

    /// `real`, `xN`, `fast`, `step`.
    static func recordedPace(_ text: String) throws -> RecordedPace {
        switch text {
        case "step": return .step
        case "fast": return .asRead
        default: break
        }
        if case .times(let factor)? = MarketPace(text) { return .multiplied(factor) }
        throw Failure(
            .usage,
            "\(text) is not a pace",
            do: "Write real, x2 to x10000, fast or step."
        )
    }

    /// Requests that any of these patterns names, as `METHOD /PATH`, `/PATH` or the `op` of a frame.
    static func ignoring(_ patterns: [String]) -> @Sendable (String) -> Bool {
        let globs = patterns.map { Glob($0) }
        return { name in
            let path = name.split(separator: " ").last.map(String.init) ?? name
            return globs.contains { $0.matches(name) || $0.matches(path) }
        }
    }
}

extension ServeReport {
    func announce(_ server: RecordingServer, of path: String) throws {
        try announce(server.address) {
            $0.field("recording", path)
            $0.field("requests", server.requests)
            $0.field("bot", server.hasBot)
        } text: {
            Printing.result(
                server.hasBot
                    ? "recording  \(path): \(server.requests) requests of a bot are compared"
                    : "recording  \(path): no bot in it; topics go to whoever subscribes"
            )
        }
    }
}

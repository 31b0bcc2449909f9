import Journal
import Market
import ReplayServer

/// A bot at a recording, until it is known whether it asks for the same.
struct BotWatch {
    let bot: BotProcess
    let server: RecordingServer
    let pace: RecordedPace

    /// A bot that goes on for ever is ended so long after the recording's end.
    private static let grace = Duration.milliseconds(700)

    func report() async -> BotReport {
        var report = BotReport()
        var overSince: ContinuousClock.Instant?
        while !Interruption.isRequested {
            let progress = await server.progress()
            report.progress = progress
            if progress.departure != nil { break }
            if pace != .multiplied(1), progress.usesClock == false {
                report.hasNoClock = true
                break
            }
            if let status = bot.status {
                report.botStatus = status
                // What came last may not be counted yet.
                report.progress = await server.progress()
                if report.progress.departure == nil {
                    report.missing = await server.missing("the bot ended with status \(status)")
                }
                return report
            }
            if progress.isOver {
                let since = overSince ?? .now
                overSince = since
                if ContinuousClock.now - since > Self.grace { break }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        report.wasInterrupted = Interruption.isRequested
        bot.stop()
        return report
    }
}

/// What came of a bot at a recording.
struct BotReport: Sendable {
    var progress = RecordingProgress()
    /// A request that had not come when the bot ended.
    var missing: Departure?
    /// `nil` for a bot that was ended here.
    var botStatus: Int32?
    /// It was to run faster than real time, on its own clock.
    var hasNoClock = false
    var wasInterrupted = false

    private var departure: Departure? { progress.departure ?? missing }

    func tell(json: Bool, path: String) throws -> ExitStatus {
        if let failure = progress.failure { throw ReplayCommand.undecided(failure) }
        guard !hasNoClock else {
            throw Failure(
                .usage,
                "the bot has a clock of its own, and the recording would not keep step with it",
                do: "Run it with `python -m tapedeck run` or --clock-library, or leave --pace out."
            )
        }
        if wasInterrupted, departure == nil, !progress.isOver {
            throw Failure(
                .undecided,
                "it was interrupted after \(progress.same) of \(progress.expected) requests",
                at: path,
                do: "Let it run to its end."
            )
        }
        if botStatus == 127, progress.same == 0 {
            throw Failure(
                .notFound,
                "the bot's program was not found",
                do: "Write the command behind -- as you would in a shell."
            )
        }
        if json {
            Printing.json(schema: "test-bot") {
                $0.field("recording", path)
                $0.field("result", departure == nil ? "same" : "differs")
                $0.field("requests", progress.expected)
                $0.field("same", progress.same)
                $0.field("behind_end", progress.behindEnd)
                $0.field("virtual_clock", progress.usesClock == true)
                $0.field("bot_status", botStatus.map { Int64($0) } ?? -1)
                $0.key("departure")
                if let departure { BotReport.write(departure, &$0) } else { $0.null() }
            }
        } else {
            Printing.result("test-bot   \(departure == nil ? "same" : "differs")")
            Printing.result("requests   \(progress.same) of \(progress.expected) the same")
            if progress.behindEnd > 0 {
                Printing.result(
                    "behind     \(progress.behindEnd) requests after the recording's end, not judged"
                )
            }
            if let departure { Printing.result("departure  \(departure)") }
        }
        return departure == nil ? .yes : .no
    }

    private static func write(_ departure: Departure, _ json: inout JSONWriter) {
        json.object {
            $0.field("kind", departure.kind.rawValue)
            $0.field("record", departure.record)
            $0.field("expected", departure.expected)
            $0.field("seen", departure.seen)
            $0.field("difference", departure.difference)
        }
    }
}

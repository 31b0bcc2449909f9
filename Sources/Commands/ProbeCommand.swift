import ArgumentParser
import Bybit
import Foundation
import Journal
import Live
import Market

struct ProbeCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract:
            "Walk the protocol on a real environment and report what differs from what is expected.",
        discussion: """
            Connects every category, subscribes every topic and asks every public question once; with a key every \
            private topic and every question that changes nothing; with --trade the smallest orders too (loopback, \
            testnet and demo only). All of it is a recording. Prints per topic and endpoint how many messages came, how \
            many were read without a finding, and each unknown field, missing field, other type and new value; then \
            each point that the protocol reference leaves open, answered or not.

            Status: 0 as expected, 1 a difference. `export` or a bundle of the recording is what a bug report needs.

            Example: tapedeck probe --environment testnet --credentials test --trade
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Place the smallest orders: loopback, testnet and demo only.")
    var trade = false

    @Option(
        help: ArgumentHelp(
            "The recording itself; the default is a new one in recordings/.",
            valueName: "dir"
        )
    )
    var out: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long to listen: 20s.", valueName: "duration")
    )
    var duration = "20s"

    @Flag(help: "Print JSON.")
    var json = false

    func judge() throws -> ExitStatus {
        var settings = Settings()
        try connection.apply(to: &settings)
        let nanoseconds = try DurationText.nanoseconds(duration)
        var configuration = try SessionSettings.configuration(
            settings,
            path: out ?? "recordings/" + Archive.newName(),
            target: nil
        )
        guard !trade || configuration.key != nil else {
            throw Failure(
                .usage,
                "--trade needs a key",
                do: "Give --credentials NAME: a section of $XDG_CONFIG_HOME/tapedeck/credentials."
            )
        }
        configuration.mayTrade = trade
        if trade, configuration.target != .environment("demo") {
            configuration.orderEntry = .socket
        }
        if configuration.key != nil {
            configuration.extraPrivateTopics = ProbePlan.privateTopics
            configuration.armsDisconnectProtection = trade
        }
        let bare = configuration
        let survey: MarketSurvey
        do {
            survey = try Blocking.run { try await MarketSurvey.ask(bare) }
        } catch let error as SessionError {
            throw Failure(error)
        }
        guard !survey.lists.isEmpty else {
            throw Failure(
                .unavailable,
                "no list of instruments came: \(survey.unanswered.first ?? "nothing answered")",
                at: configuration.targetName,
                do: "Check the address and the way there."
            )
        }
        let plan = ProbePlan(survey)
        configuration.subscriptions = plan.subscriptions
        let steps = try record(configuration, plan, nanoseconds)
        return try report(configuration, plan, steps)
    }

    private func record(
        _ configuration: SessionConfiguration,
        _ plan: ProbePlan,
        _ nanoseconds: Int64
    ) throws -> [ProbeTrader.Step] {
        Interruption.watch()
        let trades = trade
        return try Blocking.run {
            let session = try await LiveRun.start(configuration)
            Printing.note("probing \(configuration.targetName) into \(configuration.path)")
            _ = await session.waitUntilReady(seconds: 20)
            await session.followStatus()
            for question in plan.publicQuestions where !Interruption.isRequested {
                _ = await session.carry(question)
            }
            var steps: [ProbeTrader.Step] = []
            if configuration.key != nil {
                _ = await session.waitUntilQuiet(seconds: 10, ordersClosed: false)
                if trades, let symbol = plan.symbols[.linear], !Interruption.isRequested {
                    var trader = ProbeTrader(
                        session,
                        symbol,
                        plan.symbols[.spread],
                        mark: String(UInt64.random(in: 0...0xff_ffff), radix: 16)
                    )
                    await trader.run()
                    steps = trader.steps
                }
                for question in plan.privateQuestions where !Interruption.isRequested {
                    _ = await session.carry(question)
                }
            }
            // A topic that does not exist, and back: the words of both are open points.
            for category in [Category.linear, .option, .spread] where plan.symbols[category] != nil
            {
                await session.follow([ProbeFacts.wrongTopic], category)
            }
            await Interruption.wait(nanoseconds: nanoseconds / 2) {}
            for category in [Category.linear, .option, .spread] {
                await session.follow([], category)
            }
            await Interruption.wait(nanoseconds: nanoseconds / 2) {}
            do {
                _ = try await session.stop(reason: "the probe is over")
            } catch let error as SessionError {
                throw Failure(error)
            }
            return steps
        }
    }

    private func report(
        _ configuration: SessionConfiguration,
        _ plan: ProbePlan,
        _ steps: [ProbeTrader.Step]
    ) throws -> ExitStatus {
        var reader: ProbeReader
        do throws(JournalError) {
            reader = try ProbeReader(try Recording.open(configuration.path))
        } catch {
            throw Failure(error)
        }
        for category in Category.allCases {
            for topic in plan.topics(category) {
                reader.expect(
                    "\(category.name) \(ProbeReader.head(topic))",
                    mustSpeak: ProbePlan.mustSpeak(topic)
                )
            }
        }
        reader.expect("linear system.status", mustSpeak: false)
        let report = ProbeReport(
            rows: reader.rows,
            points: reader.facts.points,
            notOffered: reader.facts.notOffered,
            steps: steps
        )
        json
            ? report.printJSON(configuration.targetName, configuration.path)
            : report.printText(configuration.targetName, configuration.path)
        return report.isClean ? .yes : .no
    }
}

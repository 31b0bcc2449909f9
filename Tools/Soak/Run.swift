import Gateway
import Glibc
import Journal
import Live
import Logging
import Market
import Trading

/// The run: exchange, session, bot and pace, what is done to them on the way, and the account of it at the end.
struct Run {
    private static let ending = "the soak is over"
    private static let day: Int64 = 86_400_000_000_000

    private let settings: Settings
    private let folder: String
    private let began: Timestamp
    private let advance = ClockAdvance()

    init(_ settings: Settings) throws {
        self.settings = settings
        folder = settings.keep + "/soak-\(getpid())"
        mkdir(settings.keep, 0o700)
        guard mkdir(folder, 0o700) == 0 else {
            throw Trouble(description: "\(folder) cannot be made: errno \(errno)")
        }
        let now = SessionClock.wall().nanoseconds
        let minute: Int64 = 60_000_000_000
        var start = now / Run.day * Run.day + Int64(settings.startMinute) * minute
        if start < now { start += Run.day }
        began = Timestamp(nanoseconds: start)
        advance.pass(nanoseconds: start - now)
    }

    private var archive: String { folder + "/archive" }
    private var journal: String { folder + "/exchange.jsonl" }
    private var credentials: String { folder + "/credentials" }

    func run() async throws -> Report {
        var words = ["/proc/self/exe", "exchange", "--at", String(began.nanoseconds)]
        words += ["--seed", String(settings.seed), "--journal", journal]
        let exchange = try Spawned(words)
        guard let port = Int(exchange.line()) else {
            throw Trouble(description: "the exchange did not start")
        }
        try writeKey(0)
        let configuration = try configuration(port: port)
        let session = try await Session.begin(
            configuration,
            registry: .standard,
            logger: Logger(label: "session") { label in
                var log = StreamLogHandler.standardError(label: label)
                log.logLevel = .warning
                return log
            },
            host: SessionHost(end: { _ in }, settings: { configuration })
        )
        for _ in 0..<600 where await session.status().phase == .starting {
            try await Task.sleep(for: .milliseconds(100))
        }
        guard await session.waitUntilReady(seconds: 60) else {
            throw Trouble(description: "the sockets are not ready: \(await session.status())")
        }
        var watch = Watch(settings, session, row: archive, twin: folder + "/twin")
        try await watch.run(
            pace: Pace(
                factor: settings.factor,
                advance: advance,
                clock: SessionClock(advance: advance)
            ),
            bot: Bot(port: port, clock: SessionClock(advance: advance)),
            port: port,
            advance: advance,
            rotate: { try await rotate(session) }
        )
        let status = await session.status()
        _ = try await session.stop(reason: Run.ending)
        watch.twin.look()
        let ended = await Waiting.offThread { exchange.end() }
        guard ended.status == 0 else {
            throw Trouble(description: "the exchange ended with \(ended.status)")
        }
        return try await account(watch, status)
    }

    private func configuration(port: Int) throws -> SessionConfiguration {
        var configuration = SessionConfiguration(
            target: .endpoint("http://127.0.0.1:\(port)"),
            path: ""
        )
        configuration.roll = .day
        configuration.folder = archive
        configuration.advance = advance
        configuration.key = .named("main", file: credentials)
        configuration.program = "soak"
        configuration.segmentBytes = 2 << 20
        configuration.diskLimits.budget = settings.budget ?? UInt64(settings.minutes) << 20
        configuration.diskLimits.whenFull = .prune
        configuration.watch.metrics = .init(host: "127.0.0.1", port: 0)
        configuration.subscriptions = try settings.topics.map { text in
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let category = Category(name: parts[0]) else {
                throw Usage("--public: \(text) is no CATEGORY:TOPIC")
            }
            return .init(category, String(parts[1]))
        }
        return configuration
    }

    private func writeKey(_ place: Int) throws {
        let (key, secret) = Settings.keys[place]
        try Files.write(
            "[main]\nkey = \(key)\nsecret = \(secret)\nenvironment = loopback\n",
            to: credentials
        )
    }

    /// The key is another one from now on, as an operator changes it.
    private func rotate(_ session: Session) async throws {
        try writeKey(1)
        let path = await session.status().recording
        let words = [
            settings.program, "desk", "reload", path, "--reason", "the key is rotated", "--json",
        ]
        let outcome = try await Spawned.run(words)
        complain("rotated: \(outcome.status) \(outcome.output)\n")
    }

    // MARK: - The account

    private func account(_ watch: Watch, _ status: SessionStatus) async throws -> Report {
        let sent = try SentCounts(journal: journal)
        let members = try RowFolder(folder + "/twin").members()
        let row = try RecordedCounts(members.map(\.path))
        let equation = Equation(sent, row, ending: Run.ending)
        let pruned = try PrunedRecording.all(in: archive)
        let kept = try RowFolder(archive).members()
        let segments = kept.flatMap { $0.manifest.segments }.count
        let gone = members.flatMap { $0.manifest.segments }.count - segments
        var report = Report()
        let midnights = Int((began.nanoseconds % Run.day + watch.virtual) / Run.day)
        report.add(
            "time",
            "\(watch.seconds) s = \(Report.text(Double(watch.virtual) / 3.6e12)) virtual hours",
            bar: "\(settings.minutes) min = \(settings.hours) h",
            watch.virtual > Int64(settings.hours) * 3_590_000_000_000
        )
        report.add(
            "messages a second",
            Report.text(Double(status.counts.frames) / Double(watch.seconds), 0),
            bar: "",
            true
        )
        report.add(
            "day rolls",
            "\(status.rolls.count)",
            bar: "\(midnights), each sealed and verified",
            status.rolls.count == midnights && status.rolls.problem == nil
                && status.rolls.sealFailure == nil && status.rolls.verifyFailure == nil
        )
        report.add(
            "listed, delivered at the exchange",
            "\(sent.listed), \(sent.delivered)",
            bar: "> 0",
            sent.delivered > 0 && sent.listed > 0 && sent.notListed == 0
        )
        report.add(
            "records of topics that came and went",
            "\(row.ruleChanges)",
            bar: "",
            true
        )
        report.add(
            "pruned",
            "\(pruned.count) recordings, \(gone) segments",
            bar: "> 0",
            gone > 0
        )
        report.add("key rotations", "\(status.reloads)", bar: "1", status.reloads == 1)
        report.add("steps of the wall clock", "\(row.clockSteps)", bar: "2", row.clockSteps == 2)
        report.add(
            "connections that were lost",
            "\(status.counts.disconnects)",
            bar: "1, by the rotation",
            status.counts.disconnects == 1
        )
        report.add(
            "journal",
            "\(status.healthWords), \(status.counts.stalls) waits, \(status.counts.shed) not kept",
            bar: "sound",
            status.counts.failure.isEmpty
        )
        for finding in row.findings.sorted(by: { $0.key < $1.key }) {
            report.note("findings `\(finding.key)`: \(finding.value)")
        }
        memory(watch, &report)
        report.add(
            "sent = recorded + named gaps",
            "\(equation.sent) = \(equation.recorded) + \(equation.inDisconnects + equation.inShed)"
                + " (\(equation.topics) topics of \(equation.connections) connections)",
            bar: "equal, topic by topic",
            equation.holds && row.problems.isEmpty && equation.sent > 0
        )
        report.note("most sent: \(sent.busiest.joined(separator: ", "))")
        for problem in (equation.problems + row.problems).prefix(20) { report.note(problem) }
        for (name, path) in [
            ("what is kept", archive), ("what was pruned with it", folder + "/twin"),
        ] {
            let outcome = try await Spawned.run([settings.program, "verify", "--chain", path])
            report.add(
                "`verify --chain` of \(name)",
                "status \(outcome.status)",
                bar: "0",
                outcome.status == 0
            )
            if outcome.status != 0 { report.note(outcome.output) }
        }
        report.note(
            "bot: \(watch.orders) answers of success, \(watch.refusals) of refusal (\(watch.lastRefusal)); all in \(folder)"
        )
        return report
    }

    /// The mean of a part of the memory in each whole virtual day.
    ///
    /// A recording knows the account's orders since it began, and is done with them at the day's end: within a day memory grows
    /// with what the account does. What grows from day to day is what a recorder of weeks dies of.
    private func wholeDays(_ samples: [Sample], _ part: KeyPath<Sample, Double>) -> [Double] {
        let day = Double(24 * 3_600) / Double(settings.factor)
        let first = Double((24 * 60 - settings.startMinute) * 60) / Double(settings.factor)
        let end = samples.last?.time ?? 0
        var means: [Double] = []
        var begin = first
        while begin + day <= end {
            let inside = samples.filter { $0.time >= begin && $0.time < begin + day }
            guard !inside.isEmpty else { break }
            means.append(inside.reduce(0) { $0 + $1[keyPath: part] } / Double(inside.count))
            begin += day
        }
        return means
    }

    private func memory(_ watch: Watch, _ report: inout Report) {
        let steady = watch.samples.filter { $0.time >= Double(settings.warmUpSeconds) }
        let resident = Line(steady.map { ($0.time, $0.resident) })
        let sorted = steady.map(\.resident).sorted()
        let days = wholeDays(watch.samples, \.resident)
        let anonymous = wholeDays(watch.samples, \.anonymous)
        report.add(
            "memory, slope over the run after warm-up",
            "\(Report.text(resident.rise, 2)) % of \(Report.text(resident.mean)) MiB"
                + " (\(Report.text(sorted.first ?? 0)) to \(Report.text(sorted.last ?? 0)))",
            bar: days.count < 2 ? "< 1 %" : "",
            days.count >= 2 || resident.rise < 1
        )
        if let first = days.first, let last = days.last, days.count >= 2 {
            let rise = (last / first - 1) * 100 / Double(days.count - 1)
            report.add(
                "memory, from one whole day to the next",
                "\(Report.text(rise, 2)) % (means of \(days.map { Report.text($0) }.joined(separator: ", ")) MiB)",
                bar: "< 1 %",
                rise < 1
            )
            report.note(
                "memory that is no file's, in the same days: "
                    + "\(anonymous.map { Report.text($0, 2) }.joined(separator: ", ")) MiB"
            )
        }
        let third = max(1, steady.count / 3)
        func median(_ samples: ArraySlice<Sample>) -> Double {
            let values = samples.map(\.descriptors).sorted()
            return values.isEmpty ? 0 : values[values.count / 2]
        }
        let (early, late) = (median(steady.prefix(third)), median(steady.suffix(third)))
        report.add(
            "file descriptors, first and last third, most",
            "\(Int(early)), \(Int(late)), \(Int(steady.map(\.descriptors).max() ?? 0))",
            bar: "flat",
            early == late
        )
        if let first = steady.first, let last = steady.last, last.time > first.time {
            let share = (last.processor - first.processor) / (last.time - first.time) * 100
            report.add("processor time, of one core", "\(Report.text(share)) %", bar: "", true)
        }
    }
}

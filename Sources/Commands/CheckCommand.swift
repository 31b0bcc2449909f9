import ArgumentParser
import Foundation
import Journal
import Live
import Market
import Trading

struct CheckCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a session file: what is wrong, what it subscribes, what it will take.",
        discussion: """
            Names every wrong key and value with line and column (78). Then: the topics that its rules come to by the \
            exchange's lists, the messages and the disk that are to be expected (an estimate), the key by name and \
            fingerprint, the disk rule and the free space. Nothing is recorded, and no key is sent.

            Example: tapedeck check session.yaml --offline
            """
    )

    @Argument(help: ArgumentHelp("A session file (YAML).", valueName: "file"))
    var file: String

    @Flag(help: "Do not ask the exchange for its lists: rules that pick symbols are not resolved.")
    var offline = false

    @Flag(help: "Print JSON.")
    var json = false

    func judge() throws -> ExitStatus {
        let review = SettingsReview(file: file)
        var report = CheckReport(file: file, review: review)
        if let configuration = review.configuration, configuration.destinationProblem == nil {
            let asks = !offline
            do {
                report.resolution = try Blocking.run {
                    try await TopicResolution.resolve(configuration, asks: asks)
                }
            } catch let error as SessionError {
                throw Failure(error)
            }
        }
        json ? report.printJSON() : report.printText(isOffline: offline)
        if !review.problems.isEmpty { return .sessionFile }
        return review.refusal?.status ?? .yes
    }
}

/// What `check` says.
struct CheckReport {
    var file: String
    var review: SettingsReview
    var resolution: TopicResolution?

    private var redundancy: Int64 { Int64(review.configuration?.redundancy ?? 1) }

    private func rates(_ part: TopicResolution.Part) -> TopicRates {
        var rates = TopicRates()
        for topic in part.topics { rates.add(topic, part.category) }
        rates.millihertz *= redundancy
        rates.bytes *= redundancy
        return rates
    }

    private var sum: TopicRates {
        var sum = TopicRates()
        for part in resolution?.parts ?? [] { sum.add(rates(part)) }
        return sum
    }

    private var bytesPerDay: Int64 { sum.bytesPerDay + TopicRates.own }

    /// Bytes free where recordings go; `nil` where that cannot be told.
    private var free: UInt64? {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: ".")
        return (values?[.systemFreeSize] as? NSNumber)?.uint64Value
    }

    private var rule: String {
        let disk = review.configuration?.disk ?? DiskRule()
        var words: [String] = []
        if let keep = disk.keep { words.append("keep \(Columns.duration(keep))") }
        if let size = disk.maxSize { words.append("at most \(Columns.bytes(Int(clamping: size)))") }
        return words.isEmpty ? "none: everything is kept" : words.joined(separator: ", ")
    }

    /// The mode of the key's file, in octal.
    private func mode(_ path: String) -> String {
        let values = try? FileManager.default.attributesOfItem(atPath: path)
        guard let mode = (values?[.posixPermissions] as? NSNumber)?.intValue else { return "" }
        return String(mode, radix: 8)
    }

    // MARK: - Words

    func printText(isOffline: Bool) {
        for problem in review.problems { Printing.result("wrong      \(problem)") }
        guard let configuration = review.configuration else { return }
        Printing.result("file       \(file)")
        Printing.result("connects   \(configuration.targetName)")
        printKey(configuration)
        for part in resolution?.parts ?? [] { printPart(part) }
        if resolution?.parts.isEmpty == true { Printing.result("topics     none") }
        for words in resolution?.unanswered ?? [] {
            Printing.result("unanswered \(words); rules that go by it pick nothing here")
        }
        for name in resolution?.unlisted ?? [] {
            Printing.result("unlisted   \(name): the exchange's list has no such symbol")
        }
        if isOffline { Printing.result("lists      not asked for (--offline)") }
        Printing.result(
            "expected   \(CheckReport.hundredths(sum.centihertz)) messages/s, "
                + "\(CheckReport.gibibytes(bytesPerDay)) GiB/day (an estimate of a quiet day)"
        )
        if !sum.origin.isEmpty { Printing.result("           \(sum.origin)") }
        for strategy in configuration.strategies {
            Printing.result("strategy   \(strategy.name) (\(strategy.kind)), for `trade`")
        }
        Printing.result("disk rule  \(rule)")
        if let free {
            let days = bytesPerDay > 0 ? Int64(clamping: free) / bytesPerDay : 0
            Printing.result(
                "free       \(Columns.bytes(Int(clamping: free))) here, about \(Columns.grouped(days)) days"
            )
        }
        if let refusal = review.refusal {
            Printing.result("refused    \(refusal)")
        } else if review.problems.isEmpty {
            Printing.result("next: tapedeck record \(file)")
        }
    }

    private func printKey(_ configuration: SessionConfiguration) {
        if let key = review.key {
            let mode = mode(key.file)
            Printing.result(
                "key        \(key.name), fingerprint \(key.fingerprint), of \(key.environment),"
                    + " \(key.file)\(mode.isEmpty ? "" : " (mode \(mode))")"
            )
        } else {
            Printing.result(
                configuration.key == nil
                    ? "key        none: public data only" : "key        cannot be used"
            )
        }
    }

    private func printPart(_ part: TopicResolution.Part) {
        let rates = rates(part)
        Printing.result(
            "topics     \(part.category.name): \(Columns.grouped(part.topics.count)) on "
                + Columns.count(part.sockets * Int(redundancy), "socket")
                + ", about \(CheckReport.hundredths(rates.centihertz)) messages/s"
        )
        for topic in part.topics.prefix(8) { Printing.result("           \(topic)") }
        if part.topics.count > 8 {
            Printing.result("           and \(Columns.grouped(part.topics.count - 8)) more")
        }
    }

    // MARK: - JSON

    func printJSON() {
        Printing.json(schema: "check") { writer in
            writer.field("file", file)
            writer.field("valid", review.problems.isEmpty)
            writer.field(
                "problems",
                array: { list in
                    for problem in review.problems {
                        list.object {
                            $0.field("where", problem.place)
                            $0.field("what", problem.what)
                            $0.field("todo", problem.todo)
                        }
                    }
                }
            )
            writer.field("target", review.configuration?.targetName ?? "")
            if let key = review.key {
                writer.nested("key") {
                    $0.field("name", key.name)
                    $0.field("fingerprint", key.fingerprint)
                    $0.field("environment", key.environment)
                    $0.field("file", key.file)
                    $0.field("mode", mode(key.file))
                }
            }
            if let refusal = review.refusal { writer.field("refused", refusal.description) }
            writer.field(
                "subscriptions",
                array: { list in
                    for part in resolution?.parts ?? [] {
                        list.object { json in
                            json.field("category", part.category.name)
                            json.field("sockets", part.sockets * Int(redundancy))
                            json.field(
                                "messages_per_second",
                                CheckReport.hundredths(rates(part).centihertz)
                            )
                            json.field(
                                "topics",
                                array: { for topic in part.topics { $0.value(topic) } }
                            )
                        }
                    }
                }
            )
            writer.field(
                "unanswered",
                array: { list in
                    for words in resolution?.unanswered ?? [] { list.value(words) }
                }
            )
            writer.field(
                "unlisted",
                array: { list in
                    for name in resolution?.unlisted ?? [] { list.value(name) }
                }
            )
            writer.field("is_estimate", true)
            writer.field(
                "estimated_from",
                object: {
                    for source in TopicRates.Source.allCases {
                        $0.field(source.rawValue, sum.sources[source] ?? 0)
                    }
                }
            )
            writer.field("messages_per_second", CheckReport.hundredths(sum.centihertz))
            writer.field("gib_per_day", CheckReport.gibibytes(bytesPerDay))
            writer.field("disk_rule", rule)
            if let free { writer.field("free_bytes", Int64(clamping: free)) }
        }
    }

    // MARK: - Numbers

    /// `1234` hundredths as `12.34`.
    static func hundredths(_ number: Int64) -> String {
        let rest = number % 100
        return "\(number / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    static func gibibytes(_ bytes: Int64) -> String { hundredths(bytes / (1 << 20) * 100 / 1_024) }
}

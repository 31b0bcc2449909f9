import Glibc
import JSON
import Market
import Runtime
import Trading

/// The same replay by another process: this program with another hash seed, or another build of it.
struct OtherReplay {
    /// `again`, or the program's path.
    let name: String
    let word: String
    let stateHash: String
    let divergence: UInt64?
    let commands: Int64
    /// What is not the same; empty where all is.
    private(set) var differences: [String] = []

    var isSame: Bool { differences.isEmpty }

    /// Set-ups of Swift's hashing: random in each process, or one that is always the same.
    private static let seed = "SWIFT_DETERMINISTIC_HASHING"

    /// This program, with a seed that is certainly another one.
    init(again words: [String], as report: ReplayReport) throws {
        let isFixed = getenv(OtherReplay.seed) != nil
        try self.init(
            "again",
            path: "/proc/self/exe",
            words,
            setting: (OtherReplay.seed, isFixed ? nil : "1"),
            report,
            comparesState: true
        )
    }

    /// Another build: its state counts where its encoding is the same, which its hash alone cannot tell; so it is told, and
    /// decides where `--state` was given.
    init(_ program: String, _ words: [String], as report: ReplayReport) throws {
        guard access(program, X_OK) == 0 else {
            throw Failure(
                .notFound,
                "the program of --with cannot be run",
                at: program,
                do: "Name the file of another build, such as .build/debug/tapedeck."
            )
        }
        try self.init(
            program,
            path: program,
            words,
            setting: nil,
            report,
            comparesState: words.contains("--state")
        )
    }

    private init(
        _ name: String,
        path: String,
        _ words: [String],
        setting: (name: String, value: String?)?,
        _ report: ReplayReport,
        comparesState: Bool
    ) throws {
        let outcome = try ChildProgram.run(path, words, setting: setting)
        guard let row = OtherReplay.row(of: outcome.output) else {
            throw Failure(
                .undecided,
                "the other replay gave no result (status \(outcome.status)): "
                    + String(decoding: outcome.errors.suffix(2_000), as: UTF8.self),
                at: name,
                do: "Run it alone: \(name) \(words.joined(separator: " "))"
            )
        }
        self.name = name
        word = row.word
        stateHash = row.stateHash
        divergence = row.divergence
        commands = row.commands
        let result = report.result
        func compare(_ what: String, _ ours: String, _ theirs: String) {
            if ours != theirs { differences.append("\(what): here \(ours), there \(theirs)") }
        }
        compare("result", result.word, word)
        var own: UInt64?
        if case .differs(let divergence) = result.outcome { own = divergence.sequence.value }
        compare(
            "first record that differs",
            own.map { String($0) } ?? "none",
            divergence.map { String($0) } ?? "none"
        )
        compare("commands replayed", String(result.commands.replayed), String(commands))
        if comparesState {
            compare("state hash", StateReport.hexadecimal(result.stateHash), stateHash)
        }
    }

    private struct Row {
        var word: String
        var stateHash: String
        var divergence: UInt64?
        var commands: Int64
    }

    private static func row(of output: [UInt8]) -> Row? {
        guard let line = output.split(separator: 0x0a).last else { return nil }
        do throws(JSONError) {
            return try JSONParser().parse(Array(line)) { root throws(JSONError) in
                let divergence = try root.required("divergence")
                return Row(
                    word: try root.string("result"),
                    stateHash: try root.string("state_hash"),
                    divergence: divergence.isObject
                        ? UInt64(clamping: try divergence.int64("sequence")) : nil,
                    commands: try root.required("commands").int64("replayed")
                )
            }
        } catch {
            return nil
        }
    }

    var description: String {
        let what =
            name == "again"
            ? "again      in another process with another hash seed" : "with       \(name)"
        guard !isSame else { return what + ": the same (\(word), state \(stateHash))" }
        var text = what + ": not the same: " + differences.joined(separator: "; ")
        if name == "again" {
            text +=
                ". The strategy is not deterministic: it looks at a clock, at chance, or at the order of a"
                + " Set or Dictionary"
        }
        return text
    }

    func write(into writer: inout JSONWriter) {
        writer.object {
            $0.field("program", name)
            $0.field("same", isSame)
            $0.field("result", word)
            $0.field("state_hash", stateHash)
            $0.field("commands_replayed", commands)
            if let divergence { $0.field("divergence", Int64(clamping: divergence)) }
            $0.field("differences", array: { for item in differences { $0.value(item) } })
        }
    }
}

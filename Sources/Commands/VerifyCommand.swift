import ArgumentParser
import CSandbox
import Journal
import Market

struct VerifyCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove a recording: checksums, hash chain, numbers without holes, manifest.",
        discussion: """
            Status 0: sound, also when the recording was not closed cleanly but its end is intact. \
            1: bytes at the end, past what was acknowledged as durable, do not form a record. \
            2: bytes that were durable have changed or are missing, or a file has another segment's name. The reading is done by a process of its own; \
            when that crashes, the file that it was reading cannot be judged (2).

            With --chain a row of recordings is checked, as `roll: day` makes it: each by itself, and that each goes \
            on where the one before it ended. Name the recordings in their order, or the folder that they lie in \
            (without a name: that of --archive). What is missing, changed or out of order is named (2).

            Example: tapedeck verify --chain recordings
            """
    )

    @Argument(
        help: """
            A directory, an MCAP file, `last`, `last~1`, or the beginning of a name in the archive.
            """
    )
    var recordings: [String] = []

    @Flag(help: "Check a row of recordings, and that none is missing, changed or out of order.")
    var chain = false

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print JSON: one object, with --chain one a row.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Whose signature the recording must have: a public key of `tapedeck keygen`.",
            valueName: "file"
        )
    )
    var key: String?

    @Flag(help: .hidden) var inChild = false

    func judge() throws -> ExitStatus {
        if chain { return try judgeRow() }
        guard recordings.count == 1 else {
            throw Failure(
                .usage,
                recordings.isEmpty
                    ? "it is not said which recording" : "more than one recording is named",
                do: "Name one, or check a row of them with --chain."
            )
        }
        let path = try Archive(archive).path(of: recordings[0])
        if !inChild, let status = try ChildJudge.run(path) { return status }
        try Sandbox.denyOutgoing()
        let verification: Verification
        do throws(JournalError) {
            verification = try verified(path)
        } catch {
            throw Failure(error)
        }
        var result = verification
        // Another program's file has no numbers of its own: its records are counted from 1, as `cat` does.
        if result.first == .none, result.records > 0 {
            result.first = .first
            result.last = SequenceNumber(result.records)
        }
        if json { printJSON(result) } else { printText(result, path: path) }
        return ExitStatus(rawValue: verification.exitStatus) ?? .bug
    }

    /// Reads one recording whole.
    func verified(_ path: String) throws(JournalError) -> Verification {
        let trusted = try key.map { file throws(JournalError) in try PublicKey(file: file) }
        var bar = ProgressBar("verifying", total: 100)
        defer { bar.finish() }
        return try Verifier.verify(
            path,
            key: trusted,
            entering: { if inChild { ChildJudge.report($0) } }
        ) { read, all in
            bar.update(read * 100 / max(all, 1))
        }
    }

    private func printText(_ result: Verification, path: String) {
        Printing.result("recording  \(path)")
        Printing.result(
            "state      \(result.state.rawValue)\(result.isSealed ? ", sealed" : ", not sealed")"
        )
        Printing.result(
            result.records == 0
                ? "records    none"
                : "records    \(Columns.grouped(result.records)), \(result.first) to \(result.last)"
        )
        Printing.result("begins     \(VerifyCommand.words(of: result.beginning))")
        Printing.result(
            "covered    \(Columns.count(result.segments, "segment")), "
                + "\(Columns.count(result.chunks, "chunk")): \(result.covered.prefix(5).joined(separator: ", "))"
                + (result.covered.count > 5 ? "," : "")
        )
        if result.covered.count > 5 {
            Printing.result("           \(result.covered.dropFirst(5).joined(separator: ", "))")
        }
        if let durable = result.durable { Printing.result("durable    up to \(durable)") }
        Printing.result("chain      \(hasChain(result) ? result.chain.description : "none")")
        Printing.result("signature  \(words(of: result.signature))")
        for gap in result.gaps { Printing.result("gap        \(gap.first) to \(gap.last)") }
        for finding in result.findings { Printing.result("finding    \(finding)") }
        for stray in result.strays { Printing.result("stray      \(stray)") }
    }

    /// Only files of ours have one.
    private func hasChain(_ result: Verification) -> Bool { result.covered.contains("chain") }

    /// `none`, `trusted KEY` where it is that of --key, `made by KEY` where it is anybody's; findings say what is wrong.
    private func words(of signature: Signature?) -> String {
        guard let signature else { return "none" }
        guard signature.isGenuine else { return "wrong" }
        return key == nil ? "made by \(signature.key)" : "trusted, \(signature.key)"
    }

    static func words(of beginning: Beginning) -> String {
        switch beginning {
        case .whole: "at its first record"
        case .pruned(let last, let deletions):
            "behind record \(last): \(deletions) segments were deleted, see pruned.jsonl"
        case .lost(let last): "behind record \(last), up to which recovery could read nothing"
        case .slice(let recording, _): "inside \(recording), which it is a slice of"
        case .row(let recording, let last): "behind record \(last), the last of \(recording)"
        case .unexplained: "later than record 1, and nothing says why"
        }
    }

    static func word(of beginning: Beginning) -> String {
        switch beginning {
        case .whole: "whole"
        case .pruned: "pruned"
        case .lost: "lost"
        case .slice: "slice"
        case .row: "row"
        case .unexplained: "unexplained"
        }
    }

    private func printJSON(_ result: Verification) {
        Printing.json(schema: "verify") {
            $0.field("state", result.state.rawValue)
            $0.field("sealed", result.isSealed)
            $0.nested("sequence") {
                $0.field("first", result.first)
                $0.field("last", result.last)
            }
            $0.field("records", Int64(clamping: result.records))
            $0.field("chunks", result.chunks)
            $0.field("segments", result.segments)
            $0.field(
                "covered",
                array: { words in for word in result.covered { words.value(word) } }
            )
            $0.field("durable", result.durable ?? .none)
            $0.field("begins", VerifyCommand.word(of: result.beginning))
            $0.field("chain", hasChain(result) ? result.chain.description : "")
            $0.field("signature", words(of: result.signature))
            $0.field(
                "gaps",
                array: { gaps in
                    for gap in result.gaps {
                        gaps.object {
                            $0.field("first", gap.first)
                            $0.field("last", gap.last)
                        }
                    }
                }
            )
            for (name, errors) in [("findings", result.findings), ("strays", result.strays)] {
                $0.field(
                    name,
                    array: { rows in
                        for error in errors {
                            rows.object {
                                $0.field("file", error.file)
                                $0.field("offset", Int64(clamping: error.offset ?? 0))
                                $0.field("sequence", error.sequence ?? .none)
                                $0.field("what", error.what)
                                $0.field("todo", error.advice)
                            }
                        }
                    }
                )
            }
        }
    }
}

/// What commands that read, replay or serve give up before they look at their input.
enum Sandbox {
    /// From here on this process can open no connection to anywhere.
    ///
    /// - Throws: a refusal (77) where neither Landlock nor seccomp is to be had.
    static func denyOutgoing() throws {
        let status = tapedeck_deny_outgoing()
        guard status == 0 else {
            throw Failure(
                .refused,
                "this system lets a program neither by Landlock nor by seccomp give up its"
                    + " connections (error \(-status))",
                do: "Run it on Linux 4.14 or newer, outside a container that filters seccomp."
            )
        }
    }
}

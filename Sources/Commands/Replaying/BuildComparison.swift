import Glibc
import JSON
import Journal
import Market
import Runtime
import Trading

/// What another build of the program makes of the recording, beside this one.
///
/// Each is held against the recording: the first record at which the two builds part is the earlier of the two at which
/// one of them leaves it. Behind that nothing can be judged, since what follows answers to another history.
struct BuildComparison {
    let program: String
    /// First record at which the other build leaves the recording; `nil` where it does not.
    let sequence: UInt64?
    /// What it said there.
    let replayed: String
    let isSame: Bool
    /// A sentence for people.
    let words: String

    init(
        _ program: String,
        _ path: String,
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws {
        let row = try BuildComparison.other(program, path)
        self.program = program
        sequence = row.sequence
        replayed = row.replayed
        let own = result.divergence?.sequence.value
        isSame = own == row.sequence && (result.divergence?.replayed ?? "") == row.replayed
        switch (own, row.sequence) {
        case (nil, nil): words = "both builds do what is recorded"
        case (let ours?, nil):
            words = "this build parts from the recording at record \(ours), the other does not"
        case (nil, let theirs?):
            words =
                "the other build parts from the recording at record \(theirs), this one does not"
        case (let ours?, let theirs?):
            words =
                isSame
                ? "both part from the recording at record \(ours), and in the same way"
                : "this build parts from the recording at record \(ours), the other at record \(theirs)"
        }
        guard !isSame, let first = [own, row.sequence].compactMap({ $0 }).min() else { return }
        if result.divergence == nil {
            result.frames = try Bisect.frames(around: SequenceNumber(row.cause), in: recording)
        }
        let cause = first == own ? result.divergence?.cause.value ?? row.cause : row.cause
        do {
            result.state = try BuildComparison.states(program, path, recording, behind: cause)
        } catch let failure as Failure {
            result.notes.append("the state of the two builds is not compared: \(failure.what)")
        }
    }

    // MARK: - The other build

    private struct Row {
        var sequence: UInt64?
        var cause: UInt64 = 0
        var replayed = ""
    }

    /// By its own search where it has one, else by a whole replay.
    private static func other(_ program: String, _ path: String) throws -> Row {
        guard access(program, X_OK) == 0 else {
            throw Failure(
                .notFound,
                "the program of --with cannot be run",
                at: program,
                do: "Name the file of another build, such as .build/debug/tapedeck."
            )
        }
        for command in ["bisect", "replay"] {
            let outcome = try ChildProgram.run(program, [command, path, "--json"])
            guard outcome.status == 0 || outcome.status == 1,
                let line = outcome.output.split(separator: 0x0a).last
            else { continue }
            do throws(JSONError) {
                return try JSONParser().parse(Array(line)) { root throws(JSONError) in
                    let divergence = try root.required("divergence")
                    guard divergence.isObject else { return Row() }
                    return Row(
                        sequence: UInt64(clamping: try divergence.int64("sequence")),
                        cause: UInt64(clamping: try divergence.int64("cause")),
                        replayed: try divergence.string("replayed")
                    )
                }
            } catch {
                continue
            }
        }
        throw Failure(
            .undecided,
            "the other build neither searches nor replays the recording",
            at: program,
            do: "Run it alone: \(program) replay \(path)"
        )
    }

    /// The state of both behind an input, as each writes it down.
    private static func states(
        _ program: String,
        _ path: String,
        _ recording: Recording,
        behind cause: UInt64
    ) throws -> BisectResult.StateDifference? {
        let folder = try temporaryFolder()
        defer { rmdir(folder) }
        var files: [[UInt8]] = []
        for (place, build) in ["/proc/self/exe", program].enumerated() {
            let file = folder + "/\(place)"
            defer { unlink(file) }
            let outcome = try ChildProgram.run(
                build,
                ["replay", path, "--json", "--until", String(cause), "--write-state", file]
            )
            guard let bytes = read(file) else {
                throw Failure(
                    .undecided,
                    "\(build) writes no state (status \(outcome.status))"
                )
            }
            files.append(bytes)
        }
        do throws(ReplayError) {
            return try Bisect.differences(
                files[1],
                files[0],
                registry: TapedeckMain.strategies,
                behind: SequenceNumber(cause)
            )
        } catch {
            throw Failure(.undecided, error.description)
        }
    }

    private static func temporaryFolder() throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var name = Array((base + "/tapedeck-bisect-XXXXXX").utf8CString)
        guard let made = mkdtemp(&name) else {
            throw Failure(
                .disk,
                "no folder for what is compared: \(String(cString: strerror(errno)))",
                at: base,
                do: "Set TMPDIR to a folder that can be written."
            )
        }
        return String(cString: made)
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 {
            bytes += piece[..<count]
        }
        return bytes
    }
}

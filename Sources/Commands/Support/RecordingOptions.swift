import ArgumentParser
import Foundation
import Journal
import Market

/// Which recording, and how to print.
struct RecordingOptions: ParsableArguments {
    @Argument(
        help: """
            A directory, an MCAP file, `last`, `last~1`, or the beginning of a name in the archive.
            """
    )
    var recording: String

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print JSON: one object, or one a line where rows come.")
    var json = false

    func path() throws -> String { try Archive(archive).path(of: recording) }

    /// The path of a whole recording, for what writes into its directory.
    func directory() throws -> String {
        let path = try path()
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw Failure(
                .usage,
                "\(path) is a single file, and this needs a whole recording",
                do: "Name the directory that it lies in."
            )
        }
        return path
    }

    /// A recording that can be judged.
    ///
    /// - Throws: a failure (2) that names the first damage known without reading all of it.
    func openSound() throws -> Recording {
        let recording = try open()
        try RecordingOptions.checkSound(recording)
        return recording
    }

    static func checkSound(_ recording: Recording) throws {
        guard let damage = recording.damage.first else { return }
        var failure = Failure(damage)
        failure.status = .undecided
        failure.todo =
            "See `tapedeck verify`; `tapedeck recover` makes a sound recording of what is left."
        throw failure
    }

    func open() throws -> Recording {
        let path = try path()
        do throws(JournalError) {
            return try Recording.open(path)
        } catch {
            throw Failure(error)
        }
    }
}

/// A part of a recording.
struct RangeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Begin here: a sequence number, a time, start+90s.",
            valueName: "position"
        )
    )
    var from: String?

    @Option(
        help: ArgumentHelp("End here, this record included.", valueName: "position")
    )
    var to: String?

    func resolved(in manifest: Manifest) throws -> (from: ResolvedPosition?, to: ResolvedPosition?)
    {
        let first = manifest.started
        let last = manifest.ended
        return (
            try from.map { try RecordingPosition($0).resolved(first: first, last: last) },
            try to.map { try RecordingPosition($0).resolved(first: first, last: last) }
        )
    }
}

extension ResolvedPosition {
    var cursorStart: CursorStart {
        switch self {
        case .sequence(let number): .sequence(number)
        case .time(let time): .time(time)
        }
    }
}

extension JournalError {
    /// A place in a recording that does not read, behind which it may go on.
    var isDamage: Bool {
        switch reason {
        case .damaged, .malformed, .tooLarge, .lost: true
        default: false
        }
    }
}

extension JournalError {
    /// A hole that the recording itself tells of: recovery left it, and what is around it is sound.
    var isKnownLoss: Bool {
        if case .lost = reason { return true }
        return false
    }
}

extension Failure {
    /// A journal's error with its place and advice, under the status that fits.
    init(_ error: JournalError) {
        let status: ExitStatus =
            switch error.reason {
            case .missing: .notFound
            case .notARecording, .malformed, .compression, .tooLarge, .newer: .format
            case .damaged, .lost: .undecided
            case .held: .busy
            case .key: .refused
            case .sealed: .exists
            case .system, .failed, .queueFull, .diskFull: .disk
            case .outside: .usage
            case .notStarted, .closed, .streamName, .tooManyStreams: .bug
            }
        var place = error.file
        if let offset = error.offset { place += ", byte \(offset)" }
        if let sequence = error.sequence { place += ", record \(sequence)" }
        self.init(status, error.what, at: place, do: error.advice)
    }
}

import ArgumentParser
import Foundation
import Journal
import Market

/// Which recording, and how to print.
struct RecordingOptions: ParsableArguments {
    @Argument(
        help: """
            A directory, an MCAP file such as a bundle, `last`, `last~1`, or the beginning of a name in the archive.
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

    /// Files that lie beside the segments and are not read, on standard error.
    static func tellStrays(_ recording: Recording) {
        for stray in recording.strays { Printing.note("\(stray)") }
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
            let recording = try Recording.open(path)
            RecordingOptions.tellStrays(recording)
            return recording
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

    /// - Parameter follows: what lies behind the end may still come.
    /// - Throws: 66 where the part begins behind the recording's end or ends before its beginning, 64 where it ends
    ///   before it begins.
    func resolved(
        in recording: Recording,
        follows: Bool = false
    ) throws -> (from: ResolvedPosition?, to: ResolvedPosition?) {
        let first = recording.manifest.started
        let last = recording.manifest.ended
        let from = try self.from.map {
            try RecordingPosition($0).resolved(first: first, last: last)
        }
        let to = try self.to.map { try RecordingPosition($0).resolved(first: first, last: last) }
        try RangeOptions.check(from: from, to: to)
        guard recording.first != .none else { return (from, to) }
        if let from, let text = self.from {
            let isGone =
                if case .sequence(let number) = from { number < recording.first } else { false }
            if isGone || (!follows && from.isAfter(recording.last, last)) {
                throw Failure(noPosition: text, in: recording)
            }
        }
        if let to, let text = self.to {
            if to.isBefore(recording.first, first) {
                throw Failure(noPosition: text, in: recording)
            }
            if case .sequence(let number) = to, number > recording.last, !follows {
                Printing.note("the recording ends at record \(recording.last), before --to \(text)")
            }
        }
        return (from, to)
    }

    static func check(from: ResolvedPosition?, to: ResolvedPosition?) throws {
        let isEmpty =
            switch (from, to) {
            case (.sequence(let from), .sequence(let to)): to < from
            case (.time(let from), .time(let to)): to < from
            default: false
            }
        guard !isEmpty else {
            throw Failure(
                .usage,
                "--to lies before --from: the part is empty",
                do: "Name the earlier position in --from."
            )
        }
    }
}

extension Failure {
    /// A position that the recording does not have.
    init(noPosition text: String, in recording: Recording) {
        let manifest = recording.manifest
        self.init(
            .notFound,
            "\(text) lies outside the recording",
            at: recording.path,
            do: "It holds records \(manifest.first) to \(manifest.last), from \(manifest.started)"
                + " to \(manifest.ended)."
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
        case .damaged, .malformed, .tooLarge, .lost, .misnamed, .surplus: true
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
            case .missing, .outside: .notFound
            case .notARecording, .malformed, .compression, .tooLarge, .newer: .format
            case .damaged, .lost, .misnamed, .surplus: .undecided
            case .held: .busy
            case .key: .refused
            case .sealed: .exists
            case .system, .failed, .queueFull, .diskFull: .disk
            case .notStarted, .closed, .streamName, .tooManyStreams: .bug
            }
        var place = error.file
        if let offset = error.offset { place += ", byte \(offset)" }
        if let sequence = error.sequence { place += ", record \(sequence)" }
        self.init(status, error.what, at: place, do: error.advice)
    }
}

public import Market

/// What the journal could not do, where, and what to do about it.
///
/// The cases carry values; the words are all in `description` and `advice`.
public struct JournalError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// A system call failed with this `errno`.
        case system(call: String, code: Int32)
        /// No such recording.
        case missing
        /// The path exists and is no recording.
        case notARecording
        /// Not MCAP, or MCAP that breaks its own rules; the text says which.
        case malformed(String)
        /// Bytes that were durable have changed; the text says what does not fit.
        case damaged(String)
        /// Records that a recovery could not read and left out; the recording says so itself.
        case lost(first: SequenceNumber, last: SequenceNumber)
        /// A segment of the recording in a file that has not its name.
        case misnamed(segment: String)
        /// A file in the recording's directory that is not read; the text says what it is.
        case surplus(String)
        /// A compression other than none and zstd.
        case compression(String)
        /// A length in the file is above what a reader takes.
        case tooLarge(what: String, bytes: UInt64, limit: UInt64)
        /// Written by a later format.
        case newer(format: String)
        /// Another process records into the directory.
        case held(by: String)
        /// The recording is sealed: nothing can be appended.
        case sealed
        /// The queue towards the disk is full for records of this kind.
        case queueFull(queued: Int, limit: Int)
        /// The disk takes no segment: public data is refused until it does again.
        case diskFull
        /// A record was appended before `session/start`.
        case notStarted
        /// The recorder has stopped: sealed or closed.
        case closed
        /// The disk failed for good; nothing more is recorded.
        case failed(String)
        /// A stream name that is empty, too long, or not printable.
        case streamName(String)
        /// More streams than MCAP has channel ids.
        case tooManyStreams
        /// A signing key that cannot be used; the text says why.
        case key(String)
        /// The position lies outside the recording.
        case outside(first: SequenceNumber, last: SequenceNumber)
    }

    public var reason: Reason
    /// The file or directory.
    public var file: String
    /// Where in the file, in bytes, when that is known.
    public var offset: UInt64?
    /// The record, or the last good one before, when that is known.
    public var sequence: SequenceNumber?

    public init(
        _ reason: Reason,
        file: String,
        offset: UInt64? = nil,
        sequence: SequenceNumber? = nil
    ) {
        self.reason = reason
        self.file = file
        self.offset = offset
        self.sequence = sequence
    }
}

extension JournalError {
    /// What is wrong, without place and advice.
    public var what: String {
        switch reason {
        case .system(let call, let code): "\(call) failed: \(SystemFailure(code).words)"
        case .missing: "no such recording"
        case .notARecording: "not a recording"
        case .malformed(let text): text
        case .damaged(let text): text
        case .lost(let first, let last): "records \(first) to \(last) were given up by recovery"
        case .misnamed(let segment): "this file is segment \(segment)"
        case .surplus(let text): "\(text); it is not read"
        case .compression(let name): "compressed with \(name)"
        case .tooLarge(let what, let bytes, let limit):
            "\(what) of \(bytes) bytes, above the limit of \(limit)"
        case .newer(let format): "written in format \(format), newer than this program"
        case .held(let holder): "another process records here (\(holder))"
        case .sealed: "the recording is sealed"
        case .queueFull(let queued, let limit):
            "the queue towards the disk is full (\(queued) of \(limit) bytes)"
        case .diskFull: "the disk has no room for public data"
        case .notStarted: "a record was appended before session/start"
        case .closed: "the recorder has stopped"
        case .failed(let text): "the disk failed: \(text)"
        case .streamName(let name): "`\(name)` is no stream name"
        case .tooManyStreams: "more than 65535 streams"
        case .key(let text): "the key file \(text)"
        case .outside(let first, let last): "outside the recording, which holds \(first) to \(last)"
        }
    }

    /// What to do now.
    public var advice: String {
        switch reason {
        case .system: "Check the disk and the rights of the directory."
        case .missing: "See `tapedeck ls` for what there is."
        case .notARecording: "Name a recording's directory or an .mcap file."
        case .malformed: "Check that the file is MCAP and was copied whole."
        case .damaged: "Keep a copy, then run `tapedeck verify` to see what is sound."
        case .lost: "What is left is sound; the damaged recording may still have them."
        case .misnamed(let segment):
            "Rename it to \(segment); a file that has this name now goes out of its way first."
        case .surplus: "Move it out of the recording's directory."
        case .compression: "Rewrite it with zstd: `mcap compress --compression zstd`."
        case .tooLarge: "The file is damaged, or was not made for reading record by record."
        case .newer: "Read it with a newer program."
        case .held: "Wait for it, or record into another directory."
        case .sealed: "Record into another directory."
        case .queueFull: "Stall the socket, or shed public data and say so in a record."
        case .diskFull:
            "Free space; recording then goes on by itself. Count what is shed meanwhile."
        case .notStarted: "Append session/start first; it is record one of each run."
        case .closed: "Open the recording again."
        case .failed: "Halt new orders; free or replace the disk, then start again."
        case .streamName: "Use 1 to 1024 bytes of printable ASCII."
        case .tooManyStreams: "Record fewer topics, or begin a new recording."
        case .key: "Make a pair with `tapedeck keygen`; keep the private file at mode 0600."
        case .outside: "Choose a position inside."
        }
    }
}

extension JournalError: CustomStringConvertible {
    public var description: String {
        var place = file
        if let offset { place += ", byte \(offset)" }
        if let sequence { place += ", record \(sequence)" }
        return "\(place): \(what). \(advice)"
    }
}

extension JournalError {
    /// Whether it says something of one segment only, so that others are still served.
    var isOfOneSegment: Bool {
        switch reason {
        case .damaged, .malformed, .tooLarge: true
        case .system(_, let code): SystemFailure(code).isOfOneFile
        default: false
        }
    }

    /// Whether a file is not the segment that its name says: then all names of the directory are in doubt.
    var isOfNames: Bool {
        switch reason {
        case .misnamed, .surplus: true
        default: false
        }
    }

    /// Whether space that is freed can help.
    public var isNoSpace: Bool {
        if case .system(_, let code) = reason { return SystemFailure(code).isNoSpace }
        return false
    }
}

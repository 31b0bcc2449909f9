public import JSON
public import Journal
public import Market
public import Trading

/// Why a recording cannot be replayed.
public enum ReplayError: Error, Sendable {
    case journal(JournalError)
    /// The record of `session/start` cannot be read.
    case start(SequenceNumber, JSONError)
    /// No engine can be made from `session/start`: a kind this program lacks, a parameter it does not know.
    case engine(SequenceNumber, EngineError, program: String)
    /// A strategy of the recording that this program does not have.
    case strategy(String, kind: String, version: String, has: [String], program: String)
    /// The recording does not begin with `session/start`: it is not one of Tapedeck's, or was cut at its front.
    case noStart(SequenceNumber)
    /// The state that the first segment begins with cannot be used.
    case checkpoint(SequenceNumber, String)
    /// Parameters were to be changed in a run whose beginning was deleted.
    case changedPast(SequenceNumber)
    /// Several recordings joined by time: nobody ran them as one.
    case merged(String)
    /// Written by a later format than this program reads.
    case newer(SequenceNumber, format: Int)
}

extension ReplayError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .journal(let error): error.description
        case .start(let sequence, let error):
            "record \(sequence): session/start cannot be read: \(error)."
                + " Run `tapedeck verify` on the recording."
        case .engine(let sequence, let error, let program):
            "record \(sequence): \(error). The session was recorded by \(program);"
                + " replay it with a program that has its strategies."
        case .strategy(let name, let kind, let version, let has, let program):
            "strategies.\(name) is of kind \(kind) (version \(version)), recorded by \(program); this program has only"
                + " \(has.joined(separator: ", ")). Replay it with the program that has \(kind):"
                + " one of your own registers it with TapedeckMain.run(strategies:)."
        case .noStart(let sequence):
            "record \(sequence): the recording begins neither with session/start nor with a checkpoint, so it"
                + " says neither strategies nor limits. `tapedeck cat` reads it; `replay` cannot."
        case .checkpoint(let sequence, let what):
            "record \(sequence): the checkpoint before it cannot be used: \(what)."
                + " Run `tapedeck verify` on the recording."
        case .changedPast(let sequence):
            "record \(sequence): the recording begins in the middle of a run, with the state of strategies as they"
                + " were set then. Replay it without --set."
        case .merged(let sources):
            "the recording is merged by time from \(sources): it is for reading, nobody ran it as one."
                + " Replay one of those."
        case .newer(let sequence, let format):
            "record \(sequence): format \(format) is newer than this program reads"
                + " (\(SessionStart.formatVersion)). Use a newer Tapedeck."
        }
    }
}

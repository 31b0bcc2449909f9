public import Market

/// Why a projection could not be opened, written or read.
public enum ProjectionError: Error, Hashable, Sendable {
    /// Another process writes this projection.
    case heldElsewhere(path: String)
    /// A reader kept its lock for longer than we wait, and too many rows are waiting.
    case busy(path: String)
    /// Rows came faster than they could be written: the tables end early, and are completed by who reads them next.
    case behind
    /// A query of the user's that cannot be run, or is refused.
    case query(reason: String)
    /// What a user's own projection threw, in its words.
    case projection(name: String, reason: String)
    /// The system refused a file operation; `code` is its errno.
    case file(path: String, operation: String, code: Int32)
    /// SQLite's own words; `code` is its extended result code.
    case database(path: String, code: Int32, message: String)
    /// The file is damaged: delete it, or open it for writing, which moves it aside.
    case damaged(path: String, reason: String)
    /// The file is of another version, program or recording.
    case foreign(path: String, reason: String)
    case missing(path: String)
    /// Rows come in the order of the journal.
    case outOfOrder(sequence: SequenceNumber, after: SequenceNumber)
    /// A sum is beyond ``Amount``, or a stored text is no number.
    case number(NumberError, subject: String)
}

extension ProjectionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .heldElsewhere(let path):
            "\(path): another process writes this projection. Wait for it, or stop it."
        case .busy(let path):
            "\(path): a reader holds its lock. Close the other program's transaction."
        case .behind:
            "the tables could not be kept up with the session. The next reader completes them from the journal."
        case .query(let reason): "the query: \(reason)."
        case .projection(let name, let reason):
            "the projection \(name) failed: \(reason)."
        case .file(let path, let operation, let code):
            "\(path): \(operation) failed with error \(code)."
        case .database(let path, let code, let message):
            "\(path): SQLite error \(code): \(message)."
        case .damaged(let path, let reason):
            "\(path) is damaged: \(reason). Delete it; it is rebuilt from the journal."
        case .foreign(let path, let reason):
            "\(path) is not of this program and recording: \(reason). "
                + "Delete it; it is rebuilt from the journal."
        case .missing(let path):
            "\(path) does not exist. It is built from the journal."
        case .outOfOrder(let sequence, let after):
            "record \(sequence) came after record \(after); rows come in the order of the journal."
        case .number(let error, let subject):
            "\(subject): \(error)."
        }
    }
}

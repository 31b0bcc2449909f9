public import Journal

/// What stopped an import or export: what, where, what to do.
public struct InterchangeError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// A system call failed with this `errno`.
        case system(call: String, code: Int32)
        /// The output is there already.
        case exists
        /// Whoever read the output has gone away.
        case closedPipe
        /// A file that is not in the format; the text says what does not fit.
        case notInFormat(String)
        /// The format has no place for what was asked; the text says what.
        case unsupported(String)
        /// The journal's own error.
        case journal(JournalError)
    }

    public var reason: Reason
    public var file: String
    /// The line in the file, from 1, when that is known.
    public var line: Int?
    /// What to do now.
    public var advice: String

    public init(_ reason: Reason, file: String = "", line: Int? = nil, advice: String = "") {
        self.reason = reason
        self.file = file
        self.line = line
        self.advice = advice
    }

    public init(_ error: JournalError) {
        self.init(.journal(error), file: error.file, advice: error.advice)
    }

    /// What is wrong, without place and advice.
    public var what: String {
        switch reason {
        case .system(let call, let code): "\(call) failed: \(SystemFailure(code).words)"
        case .exists: "it exists already"
        case .closedPipe: "the reader of the output has gone away"
        case .notInFormat(let text), .unsupported(let text): text
        case .journal(let error): error.what
        }
    }

    /// File and line.
    public var place: String {
        guard let line else { return file }
        return "\(file), line \(line)"
    }
}

extension InterchangeError: CustomStringConvertible {
    public var description: String {
        if case .journal(let error) = reason { return error.description }
        let text = place.isEmpty ? what : "\(place): \(what)"
        return advice.isEmpty ? text + "." : text + ". " + advice
    }
}

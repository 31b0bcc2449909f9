public import Market

/// The record that a row came from.
public struct Provenance: Hashable, Sendable {
    public var sequence: SequenceNumber
    /// Time of the record.
    public var time: Timestamp
    /// Alias of the account; empty for what concerns none.
    public var account: String

    public init(sequence: SequenceNumber, time: Timestamp, account: String = "") {
        self.sequence = sequence
        self.time = time
        self.account = account
    }

    /// From the record's header; the account is that of its stream, if any.
    public init(_ header: RecordHeader) {
        let account =
            switch header.stream.kind {
            case .privateTopic(let account, _), .privateOther(let account), .trade(let account),
                .rest(let account, _, _):
                account
            default: ""
            }
        self.init(sequence: header.sequence, time: header.time, account: account)
    }
}

/// A row of a projection: the value, where it came from, and whose it is.
public struct Stored<Value: Sendable>: Sendable {
    public var value: Value
    public var provenance: Provenance
    /// Empty for what is not ours (external), and for the account's whole.
    public var strategy: String

    public init(value: Value, provenance: Provenance, strategy: String = "") {
        self.value = value
        self.provenance = provenance
        self.strategy = strategy
    }
}

extension Stored: Equatable where Value: Equatable {}

/// Which recording a projection is of, and which program made it; another one is rebuilt.
public struct DeskIdentity: Hashable, Sendable {
    /// The recording's id.
    public var recording: String
    /// Version and commit of the program.
    public var program: String
    /// Behaviour version of the core: what the rows mean.
    public var behaviour: Int

    public init(recording: String, program: String, behaviour: Int) {
        self.recording = recording
        self.program = program
        self.behaviour = behaviour
    }
}

public import Market

/// What a session has done so far.
public struct SessionCounts: Hashable, Sendable {
    /// Frames received on all sockets.
    public var frames: Int64 = 0
    /// REST exchanges that ended.
    public var requests: Int64 = 0
    public var commands: Int64 = 0
    public var verdicts: Int64 = 0
    public var rejected: Int64 = 0
    public var findings: Int64 = 0
    public var findingsByKind: [Finding.Kind: Int64] = [:]
    public var requestsByOutcome: [Reply.Outcome: Int64] = [:]
    public var disconnects: Int64 = 0
    /// Sockets that were opened, again and again included.
    public var connects: Int64 = 0
    /// Why the last connection failed or was lost; empty before.
    public var lastLinkFailure = ""
    /// Public frames that were not kept, each told in a `link` record.
    public var shed: Int64 = 0
    /// Times that reading waited for the disk.
    public var stalls: Int64 = 0
    /// Times that the journal halted new orders because the disk was slow or full.
    public var journalHalts: Int64 = 0
    /// Times that somebody set the wall clock.
    public var clockSteps: Int64 = 0
    /// Secrets found in what came and blanked before recording.
    public var blanked: Int64 = 0
    /// Why the journal failed; empty while it works.
    public var failure = ""

    public init() {}

    mutating func add(_ output: Output) {
        switch output {
        case .command: commands += 1
        case .verdict(let verdict):
            verdicts += 1
            if !verdict.isAllowed { rejected += 1 }
        case .finding(let finding):
            findings += 1
            findingsByKind[finding.kind, default: 0] += 1
        case .state: break
        }
    }
}

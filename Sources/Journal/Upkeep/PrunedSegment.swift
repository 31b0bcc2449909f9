public import Market

/// One line of `pruned.jsonl`: a segment that was deleted on purpose, or was about to be.
///
/// The line is durable before the segment is unlinked, so a hole at the front without one is damage.
public struct PrunedSegment: Hashable, Sendable, DeletionNote {
    static let schema = "tapedeck.pruned/1"
    static let subject = "deletions"

    public var recording: String
    public var name: String
    public var first: SequenceNumber
    /// Of the records right before `first` that recovery gave up, the first one; `nil` where there were none.
    public var lostFirst: SequenceNumber?
    public var last: SequenceNumber
    public var chainFirst: ChainValue
    public var chainLast: ChainValue
    public var started: Timestamp = .zero
    public var ended: Timestamp = .zero
    public var bytes: UInt64 = 0
    public var who = ""
    public var why = ""
    public var time: Timestamp = .zero
    public var key: PublicKey?
    public var signature: [UInt8] = []

    init(_ segment: Manifest.Segment, recording: String) {
        self.recording = recording
        name = segment.name
        first = segment.first
        last = segment.last
        chainFirst = segment.chainFirst
        chainLast = segment.chainLast
    }

    init?(subject json: FlatJSON) {
        guard let recording = json["recording"]?.text, let name = json["segment"]?.text,
            let first = json["first"]?.sequence, let last = json["last"]?.sequence,
            let chainFirst = json["chain_first"]?.text.flatMap({ ChainValue(hex: $0) }),
            let chainLast = json["chain_last"]?.text.flatMap({ ChainValue(hex: $0) })
        else { return nil }
        self.recording = recording
        self.name = name
        self.first = first
        lostFirst = json["lost_first"]?.sequence
        self.last = last
        self.chainFirst = chainFirst
        self.chainLast = chainLast
    }

    func subjectFields(_ writer: inout JSONWriter) {
        writer.field("recording", recording)
        writer.field("segment", name)
        if let lostFirst { writer.field("lost_first", lostFirst) }
        writer.field("first", first)
        writer.field("last", last)
        writer.field("chain_first", chainFirst.description)
        writer.field("chain_last", chainLast.description)
    }
}

public import Market

/// A recording's place in a row of recordings, each of which begins where the one before it ends.
///
/// It stands in the labels of every segment, so the manifest has it too, and in the chain: the value before the first
/// record is made from all of it. Numbers go on through the row.
public struct RowLink: Hashable, Sendable {
    /// The recording before, as it was when this one began.
    public struct Previous: Hashable, Sendable {
        public var recording: String
        /// Its last number; this recording begins with the next.
        public var last: SequenceNumber
        /// Its chain value after that number.
        public var chain: ChainValue

        public init(recording: String, last: SequenceNumber, chain: ChainValue) {
            self.recording = recording
            self.last = last
            self.chain = chain
        }
    }

    /// The id of the row's first recording.
    public var row: String
    /// 1 for the row's first recording.
    public var place: Int
    /// `nil` for the row's first recording, and for no other.
    public var previous: Previous?

    /// A row that begins with the recording of this id.
    public init(beginningWith id: String) {
        row = id
        place = 1
    }

    /// The place behind another recording.
    public init(row: String, place: Int, previous: Previous) {
        self.row = row
        self.place = place
        self.previous = previous
    }

    private static let prefix = "row."
    private static let names = (
        row: "row.of", place: "row.place", recording: "row.previous", last: "row.last",
        chain: "row.chain"
    )

    /// Whether a label is one of a row's.
    static func owns(_ label: Label) -> Bool { label.key.hasPrefix(prefix) }

    /// From a recording's labels; `nil` where it belongs to no row, or its labels do not say one.
    public init?(_ labels: [Label]) {
        func value(_ name: String) -> String? { labels.first { $0.key == name }?.value }
        guard let row = value(RowLink.names.row),
            let place = value(RowLink.names.place).flatMap({ Int($0) }), place > 0
        else { return nil }
        self.row = row
        self.place = place
        guard place > 1 else { return }
        guard let recording = value(RowLink.names.recording),
            let last = value(RowLink.names.last).flatMap({ UInt64($0) }),
            SequenceNumber(last).isPossible,
            let chain = value(RowLink.names.chain).flatMap({ ChainValue(hex: $0) })
        else { return nil }
        previous = Previous(recording: recording, last: SequenceNumber(last), chain: chain)
    }

    public var labels: [Label] {
        var labels = [
            Label(RowLink.names.row, row), Label(RowLink.names.place, String(place)),
        ]
        if let previous {
            labels += [
                Label(RowLink.names.recording, previous.recording),
                Label(RowLink.names.last, String(previous.last.value)),
                Label(RowLink.names.chain, previous.chain.description),
            ]
        }
        return labels
    }

    /// The first number of the recording.
    var first: SequenceNumber { previous?.last.next ?? .first }

    /// Chain value before the recording's first record: `SHA-256(the old one's value ‖ all that the link says ‖ the id)`,
    /// and for the first of a row what any recording begins with.
    func beginning(id: String) -> ChainValue {
        guard let previous else { return ChainHasher.genesis(id: id) }
        let hasher = ChainHasher()
        hasher.begin(after: previous.chain)
        var text = "\(row)\n\(place)\n\(previous.recording)\n\(previous.last)\n\(id)"
        text.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        return hasher.finish()
    }
}

extension Manifest {
    /// The recording's place in a row; `nil` where it belongs to none.
    public var row: RowLink? { RowLink(labels) }
}

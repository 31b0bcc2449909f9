public import Market

/// Where a recording begins and why, when it is not at record 1 any more.
public enum Beginning: Hashable, Sendable {
    /// At record 1.
    case whole
    /// Segments before were deleted, as `pruned.jsonl` says; what recovery gave up behind them counts as gone with them.
    case pruned(upTo: SequenceNumber, deletions: Int)
    /// Recovery could not read anything of what was before, and says so.
    case lost(upTo: SequenceNumber)
    /// It is a part of another recording, cut out of it.
    case slice(of: String, chain: ChainValue)
    /// Where the recording before it in its row ended, whose last number is `last`.
    case row(after: String, last: SequenceNumber)
    /// Not at 1, and nothing says why.
    case unexplained
}

extension Recording {
    /// The label of a recording that was merged from others: their ids.
    public static let mergeLabel = "merge.of"
    /// The label of a recording that recovery wrote anew, with losses.
    static let lossLabel = "recovered"
    /// The label of one whose end recovery could not read: first and last number that are missing behind it.
    static let lostEndLabel = "recovered.end"

    /// Records behind the last one that recovery gave up; `nil` where it gave up none.
    public var lostEnd: Verification.Gap? {
        guard
            let words = manifest.labels.first(where: { $0.key == Recording.lostEndLabel })?.value
                .split(separator: " "), words.count == 2, let first = UInt64(words[0]),
            let last = UInt64(words[1])
        else { return nil }
        return Verification.Gap(first: SequenceNumber(first), last: SequenceNumber(last))
    }

    /// Why the recording begins where it does.
    public func beginning() throws(JournalError) -> Beginning {
        try BeginningCheck(self).beginning
    }
}

/// The front of a recording held against what was noted of its deletions.
struct BeginningCheck {
    private(set) var beginning = Beginning.whole
    private(set) var findings: [JournalError] = []

    private init() {}

    init(_ recording: Recording) throws(JournalError) {
        let directory = recording.layout.directory
        // A single file says nothing of what was before it.
        guard recording.layout.isOurs, recording.path == directory.path,
            let first = recording.manifest.segments.first
        else {
            self.init()
            return
        }
        try self.init(directory, recording.id, recording.manifest.labels, first)
    }

    init(
        _ directory: RecordingDirectory,
        _ id: String,
        _ labels: [Label],
        _ first: Manifest.Segment
    ) throws(JournalError) {
        let place = directory.place(first.name)
        if let origin = SliceOrigin(labels) {
            beginning = .slice(of: origin.recording, chain: origin.chain)
            if origin.beginning(id: id) != first.chainFirst {
                findings.append(
                    JournalError(
                        .damaged("the slice does not begin with the link that it names"),
                        file: place,
                        sequence: first.first
                    )
                )
            }
            return
        }
        // A recording of a row begins behind the one before it.
        let link = RowLink(labels)
        let origin = link?.first ?? .first
        let head = try SegmentFile(first.name, in: directory, presumes: true).head
        let lost = head?.lost.flatMap { $0.last == first.first.previous ? $0 : nil }
        // What was before the records that recovery gave up is not accounted for by them.
        let edge = lost?.first ?? first.first
        let log = try DeletionList<PrunedSegment>(directory)
        let entries = log.entries
        let file = directory.place(DeletionList<PrunedSegment>.file)
        for entry in entries where entry.recording != id || !entry.isGenuine {
            let text =
                entry.isGenuine
                ? "a deletion of recording `\(entry.recording)`"
                : "the note of \(entry.name) is not signed by the key that it names"
            findings.append(JournalError(.damaged(text), file: file, sequence: entry.first))
        }
        if let lost, lost.first <= origin {
            beginning = .lost(upTo: lost.last)
            return
        }
        if let previous = link?.previous, first.first <= origin {
            beginning = .row(after: previous.recording, last: previous.last)
            if first.first != origin || first.chainFirst != link?.beginning(id: id) {
                findings.append(
                    JournalError(
                        .damaged(
                            "the recording does not begin behind record \(previous.last) of "
                                + "`\(previous.recording)`, as it says"
                        ),
                        file: place,
                        sequence: first.first
                    )
                )
            }
            return
        }
        guard first.first > origin else { return }
        // A deletion that a crash broke off has noted more than is gone.
        let gone = entries.filter { $0.first < edge }
        guard let last = gone.last else {
            beginning = .unexplained
            findings.append(
                JournalError(
                    .damaged(
                        "records \(origin) to \(edge.previous) are missing, and no note says why"
                    ),
                    file: place,
                    sequence: first.first
                )
            )
            return
        }
        beginning = .pruned(upTo: lost?.last ?? last.last, deletions: gone.count)
        var number = origin
        var chain = link?.beginning(id: id) ?? ChainHasher.genesis(id: id)
        for entry in gone {
            // Behind records that recovery gave up the link is that of the first one which it could read.
            let isLinked = entry.lostFirst != nil || entry.chainFirst == chain
            guard entry.lostFirst ?? entry.first == number, isLinked else {
                findings.append(
                    JournalError(
                        .damaged("the deletions have a hole before \(entry.name)"),
                        file: file,
                        sequence: entry.first
                    )
                )
                break
            }
            number = entry.last.next
            chain = entry.chainLast
        }
        // The link before the first record behind a hole is not the last one before the hole.
        if number != edge || (lost == nil && chain != first.chainFirst) {
            findings.append(
                JournalError(
                    .damaged("what was deleted does not lead up to the first segment"),
                    file: place,
                    sequence: first.first
                )
            )
        }
    }
}

/// Where a slice was cut out: named in its labels, and bound into its chain.
struct SliceOrigin: Hashable {
    private static let names = ("slice.of", "slice.commit", "slice.chain")

    var recording: String
    /// The last record of the old recording that `chain` covers.
    var commit: SequenceNumber
    /// The old recording's chain value there.
    var chain: ChainValue

    init(recording: String, commit: SequenceNumber, chain: ChainValue) {
        self.recording = recording
        self.commit = commit
        self.chain = chain
    }

    init?(_ labels: [Label]) {
        func value(_ name: String) -> String? { labels.first { $0.key == name }?.value }
        guard let recording = value(SliceOrigin.names.0),
            let commit = value(SliceOrigin.names.1).flatMap({ UInt64($0) }),
            let chain = value(SliceOrigin.names.2).flatMap({ ChainValue(hex: $0) })
        else { return nil }
        self.init(recording: recording, commit: SequenceNumber(commit), chain: chain)
    }

    var labels: [Label] {
        [
            Label(SliceOrigin.names.0, recording),
            Label(SliceOrigin.names.1, String(commit.value)),
            Label(SliceOrigin.names.2, chain.description),
        ]
    }

    /// Chain value before the slice's first record: `SHA-256(the old one's value ‖ the slice's id)`.
    func beginning(id: String) -> ChainValue {
        let hasher = ChainHasher()
        hasher.begin(after: chain)
        var id = id
        id.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        return hasher.finish()
    }
}

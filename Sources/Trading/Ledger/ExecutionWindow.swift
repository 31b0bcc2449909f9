import Market

/// The executions that were counted, so that none is counted twice.
///
/// A row can come by push, by reply and again after each reconnect. What is older than all that is remembered
/// counts as seen: look-ups never ask that far back.
struct ExecutionWindow: Sendable {
    struct Entry: Hashable, Sendable, Codable {
        var instrument: InstrumentID
        var id: String
        var milliseconds: Int64

        var fixedHash: UInt64 {
            var id = id
            let text = id.withUTF8 { Mix.hash(UnsafeRawBufferPointer($0)) }
            let place = Mix.combine(
                instrument.symbol.fixedHash,
                UInt64(instrument.category.rawValue)
            )
            return Mix.combine(Mix.combine(place, text), UInt64(bitPattern: milliseconds))
        }
    }

    /// Executions that are remembered whatever their age.
    static let kept = 2_048
    /// Age, against the newest, up to which all are remembered: five minutes.
    static let span: Int64 = 300_000

    private(set) var entries: [Entry] = []
    /// Rows older than this are not told from seen ones.
    private(set) var horizon: Int64 = .min
    private(set) var newest: Int64 = 0
    /// At how many entries the old ones are looked for next; doubles when a burst leaves none, so that the work
    /// stays in proportion.
    private var limit = 2 * ExecutionWindow.kept
    /// Wrapping sum over the entries, kept up so that they are not walked for each hash.
    private var entriesHash: UInt64 = 0
    /// For look-up only; rebuilt when read from a checkpoint, never walked.
    private var known: Set<Entry> = []

    init() {}

    /// True the first time, false for a row that was counted or is too old to tell.
    mutating func insert(_ report: ExecutionReport) -> Bool {
        let entry = Entry(
            instrument: report.instrument,
            id: report.executionID,
            milliseconds: report.timeMilliseconds
        )
        guard entry.milliseconds >= horizon, known.insert(entry).inserted else { return false }
        entries.append(entry)
        entriesHash &+= entry.fixedHash
        newest = max(newest, entry.milliseconds)
        if entries.count >= limit { forget() }
        return true
    }

    func contains(_ report: ExecutionReport) -> Bool {
        let entry = Entry(
            instrument: report.instrument,
            id: report.executionID,
            milliseconds: report.timeMilliseconds
        )
        return entry.milliseconds < horizon || known.contains(entry)
    }

    private mutating func forget() {
        let oldest = newest - ExecutionWindow.span
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        let surplus = entries.count - ExecutionWindow.kept
        for (place, entry) in entries.enumerated() {
            if place < surplus, entry.milliseconds < oldest {
                known.remove(entry)
                entriesHash &-= entry.fixedHash
                horizon = max(horizon, entry.milliseconds + 1)
            } else {
                kept.append(entry)
            }
        }
        entries = kept
        limit = 2 * max(entries.count, ExecutionWindow.kept)
    }
}

extension ExecutionWindow: Codable {
    private enum Key: String, CodingKey { case entries, horizon, newest, limit }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        entries = try container.decode([Entry].self, forKey: .entries)
        horizon = try container.decode(Int64.self, forKey: .horizon)
        newest = try container.decode(Int64.self, forKey: .newest)
        limit = try container.decode(Int.self, forKey: .limit)
        for entry in entries {
            known.insert(entry)
            entriesHash &+= entry.fixedHash
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(entriesHash, forKey: .entries)
        } else {
            try container.encode(entries, forKey: .entries)
        }
        try container.encode(horizon, forKey: .horizon)
        try container.encode(newest, forKey: .newest)
        try container.encode(limit, forKey: .limit)
    }
}

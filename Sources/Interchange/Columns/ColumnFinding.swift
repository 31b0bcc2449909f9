public import Market

/// Why a value of a table is null, a row missing, or a book stale.
public struct ColumnFinding: Hashable, Sendable {
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The payload is not the JSON that its stream promises: no row.
        case json
        /// A field that must be there is not: null.
        case missing
        /// A field of another JSON type: null.
        case type
        /// A number that cannot be read, or does not fit: null.
        case number
        /// A book's push for which there is no snapshot: no row.
        case bookEarly = "book_early"
        /// A book's push that is no newer than the last: no row.
        case bookOld = "book_old"
        /// `u` rose by more than one: the book is stale.
        case bookGap = "book_gap"
        /// `seq` fell: the book is stale.
        case bookBackwards = "book_backwards"
        /// A bid at or above an ask: the book is stale.
        case bookCrossed = "book_crossed"
        /// A level could not be read, or does not fit beside the others: the book is stale.
        case bookLevel = "book_level"
    }

    public var sequence: SequenceNumber
    public var stream: String
    /// The field's name; empty for the whole record.
    public var field: String
    public var reason: Reason
}

/// Findings of an export: all are counted, the first are kept.
struct ColumnFindings {
    static let keptMax = 100
    private(set) var counts: [ColumnFinding.Reason: UInt64] = [:]
    private(set) var first: [ColumnFinding] = []

    mutating func add(_ finding: ColumnFinding) {
        counts[finding.reason, default: 0] += 1
        if first.count < ColumnFindings.keptMax { first.append(finding) }
    }

    mutating func add(_ others: ColumnFindings) {
        for (reason, count) in others.counts { counts[reason, default: 0] += count }
        first += others.first.prefix(ColumnFindings.keptMax - first.count)
    }

    var total: UInt64 { counts.values.reduce(0, +) }

    func write(into json: inout JSONWriter) {
        json.field(
            "findings",
            object: { object in
                for reason in ColumnFinding.Reason.allCases {
                    guard let count = counts[reason] else { continue }
                    object.field(reason.rawValue, Int64(clamping: count))
                }
            }
        )
        json.field(
            "first_findings",
            array: { list in
                for finding in first {
                    list.object {
                        $0.field("sequence", finding.sequence)
                        $0.field("stream", finding.stream)
                        $0.field("field", finding.field)
                        $0.field("reason", finding.reason.rawValue)
                    }
                }
            }
        )
    }
}

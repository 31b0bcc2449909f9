import Market

/// Numbers that a segment's list of chunks leaves out.
///
/// A cursor with a filter passes over chunks that hold nothing for it; what is missing it must not pass over.
struct Holes {
    struct Hole: Hashable {
        /// It lies before the chunk at this place; behind the last one where it is the count of chunks.
        var before: Int
        var first: SequenceNumber
        var last: SequenceNumber
    }

    private(set) var list: [Hole] = []
    /// The number that must come behind the segment.
    private(set) var due: SequenceNumber

    static let none = Holes(SegmentIndex(chain: ChainValue(words: (0, 0, 0, 0))), due: .none)

    /// - Parameter due: the number that must come first; `none` where any may.
    init(_ index: SegmentIndex, due: SequenceNumber) {
        self.due = due
        for (place, entry) in index.entries.enumerated() {
            if self.due != .none, entry.first > self.due {
                list.append(Hole(before: place, first: self.due, last: entry.first.previous))
            }
            self.due = max(self.due, entry.last.next)
        }
    }

    /// Those before the chunk at a place are of no interest to who begins there.
    mutating func drop(upTo place: Int) { list.removeAll { $0.before <= place } }

    /// The next one that lies before the chunk at a place; it is given once.
    mutating func take(before place: Int) -> Hole? {
        guard let hole = list.first, hole.before <= place else { return nil }
        return list.removeFirst()
    }
}

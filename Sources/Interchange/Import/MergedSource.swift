import Market

/// Several sources as one, by time; of equal times the earlier file comes first.
///
/// Each file keeps its own order: only the heads are compared, never what stands behind them.
final class MergedSource {
    private struct Head {
        var record: ImportedRecord
        var place: Int
    }

    private let sources: [any ImportSource]
    /// A heap, the earliest first.
    private var heads: [Head] = []
    /// Called for each bad line, in the order of reading.
    private let onBad: (BadLine) -> Void

    /// Reads up to the first record of each source.
    init(
        _ sources: [any ImportSource],
        onBad: @escaping (BadLine) -> Void
    ) throws(InterchangeError) {
        self.sources = sources
        self.onBad = onBad
        for place in sources.indices { try advance(place) }
    }

    var isEmpty: Bool { heads.isEmpty }
    /// The record that comes next.
    var first: ImportedRecord? { heads.first?.record }
    /// Whether the next record of each source says when it arrived.
    var knowsArrivalTimes: Bool { heads.allSatisfy(\.record.knowsArrivalTime) }

    func next() throws(InterchangeError) -> ImportedRecord? {
        guard let head = heads.first else { return nil }
        if heads.count == 1 {
            heads.removeAll(keepingCapacity: true)
        } else {
            heads[0] = heads.removeLast()
            sink()
        }
        try advance(head.place)
        return head.record
    }

    private func advance(_ place: Int) throws(InterchangeError) {
        while let step = try sources[place].next() {
            switch step {
            case .bad(let line): onBad(line)
            case .record(let record):
                heads.append(Head(record: record, place: place))
                return rise()
            }
        }
    }

    private func isEarlier(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (heads[one], heads[other])
        return a.record.time == b.record.time
            ? a.place < b.place : a.record.time < b.record.time
    }

    private func rise() {
        var at = heads.count - 1
        while at > 0, isEarlier(at, (at - 1) / 2) {
            heads.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private func sink() {
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heads.count {
                if isEarlier(child, least) { least = child }
            }
            guard least != at else { return }
            heads.swapAt(at, least)
            at = least
        }
    }
}

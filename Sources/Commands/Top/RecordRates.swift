import Journal
import Market

/// Records a second over the last ten seconds of a recording's own time, by what they are.
struct RecordRates {
    /// Seconds that are looked at.
    static let window: Int64 = 10

    enum Kind: Int, CaseIterable {
        case publicData
        case privateData
        case replies
        case commands
        case verdicts
        case all

        var name: String {
            switch self {
            case .publicData: "public"
            case .privateData: "private"
            case .replies: "replies"
            case .commands: "commands"
            case .verdicts: "verdicts"
            case .all: "all"
            }
        }
    }

    /// Counts by second, the newest at the end.
    private var seconds: [(second: Int64, counts: [Int])] = []

    init() {}

    /// Of the last seconds before a record of a recording.
    init(
        of recording: Recording,
        upTo last: SequenceNumber,
        at time: Timestamp
    ) throws(JournalError) {
        let from = time.advanced(nanoseconds: -RecordRates.window * 1_000_000_000)
        let cursor = try recording.cursor(from: .time(from))
        var kinds: [StreamID: StreamKind] = [:]
        while let record = try cursor.next(), record.sequence <= last {
            let kind: StreamKind
            if let known = kinds[record.stream] {
                kind = known
            } else {
                kind = cursor.name(of: record.stream).kind
                kinds[record.stream] = kind
            }
            take(kind, record.time)
        }
    }

    mutating func take(_ kind: StreamKind, _ time: Timestamp) {
        let second = time.nanoseconds / 1_000_000_000
        if seconds.last?.second != second {
            seconds.append((second, [Int](repeating: 0, count: Kind.allCases.count)))
            seconds.removeAll { $0.second < second - RecordRates.window }
        }
        let place = seconds.count - 1
        seconds[place].counts[Kind.all.rawValue] += 1
        let what: Kind? =
            switch kind {
            case .publicTopic, .publicOther: .publicData
            case .privateTopic, .privateOther: .privateData
            case .trade, .rest: .replies
            case .command: .commands
            case .verdict: .verdicts
            default: nil
            }
        if let what { seconds[place].counts[what.rawValue] += 1 }
    }

    /// Tenths of a record a second, by kind, over the seconds that are there.
    func tenths(at time: Timestamp) -> [(kind: Kind, tenths: Int)] {
        let now = time.nanoseconds / 1_000_000_000
        let counted = seconds.filter { $0.second > now - RecordRates.window }
        let first = counted.first?.second ?? now
        let span = Int(max(1, now - first + 1))
        return Kind.allCases.map { kind in
            (kind, counted.reduce(0) { $0 + $1.counts[kind.rawValue] } * 10 / span)
        }
    }
}

import FaultProxy
import Foundation

/// Which gaps a topic has, by the protocol's rules alone, from the frames that were handed to a client.
///
/// - Source: protocol reference §3.1: `u` rises by one a message, and a snapshot replaces; §11, trap 10: a ticker's
///   change says nothing of fields that it leaves out.
struct GapModel {
    struct Gap: Equatable {
        var expected: String
        var seen: String
    }

    private(set) var gaps: [Gap] = []
    /// Numbers of frames that the client did not get as they were sent, and that no gap covers.
    private(set) var unnamed: [Int] = []
    private(set) var lost = 0

    private struct Push {
        var isSnapshot: Bool
        var update: Int?
    }

    /// `nil` for a topic in which nothing tells of a gap.
    init?(_ line: ConnectionReport, _ topic: String) {
        let isBook = topic.hasPrefix("orderbook.")
        guard isBook || topic.hasPrefix("tickers.") else { return nil }
        var last: Int?
        var isLive = false
        /// From the first frame that is missing to the snapshot that ends it, in the exchange's numbers of frames.
        var covered: [ClosedRange<Int>] = []
        var lastFrame = 0
        // Before its first snapshot a topic has nothing either.
        var beginning = 1
        for frame in line.forwarded where frame.topic == topic {
            let number = frame.number ?? 0
            guard let push = Self.push(frame.payload) else {
                guard isLive else { continue }
                let what = isBook ? "a push of the book" : "a push of the ticker"
                gaps.append(Gap(expected: what, seen: "a record that cannot be read"))
                isLive = false
                beginning = min(lastFrame + 1, number)
                continue
            }
            if push.isSnapshot {
                if !isLive { covered.append(min(beginning, number)...number) }
                isLive = true
                last = push.update
            } else if isBook, isLive, let update = push.update, let before = last {
                if update == before + 1 {
                    last = update
                } else if update > before + 1 {
                    gaps.append(Gap(expected: "u = \(before + 1)", seen: "u = \(update)"))
                    isLive = false
                    beginning = lastFrame + 1
                }
            }
            if isLive { lastFrame = max(lastFrame, number) }
        }
        let whole = Set(
            line.forwarded.filter { $0.topic == topic && Self.push($0.payload) != nil }
                .compactMap(\.number)
        )
        for frame in line.received where frame.topic == topic {
            guard let number = frame.number, !whole.contains(number) else { continue }
            lost += 1
            if !covered.contains(where: { $0.contains(number) }) { unnamed.append(number) }
        }
    }

    private static func push(_ payload: [UInt8]) -> Push? {
        let object = try? JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any]
        guard let object else { return nil }
        let data = object["data"] as? [String: Any]
        return Push(
            isSnapshot: object["type"] as? String == "snapshot",
            update: data?["u"] as? Int
        )
    }
}

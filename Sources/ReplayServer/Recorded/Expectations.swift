public import Market

/// Where a client leaves the recording: what was expected of it, and what it did.
public struct Departure: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// It asked for something else than in the recording.
        case other
        /// It asked for more than in the recording.
        case unrecorded
        /// It did not ask what it asked in the recording.
        case missing
    }

    public var kind: Kind
    /// The record of the expected request, or of the nearest one to what was seen; 0 where the recording has none.
    public var record: SequenceNumber
    /// The recorded request; empty where none is near.
    public var expected: String
    /// What came; empty where nothing did.
    public var seen: String
    /// The parameter that differs, and how.
    public var difference: String
}

extension Departure: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .other:
            "the client leaves the recording at record \(record): expected \(expected), seen \(seen): \(difference)"
        case .unrecorded:
            "the client leaves the recording: seen \(seen), which was not recorded; the nearest is "
                + (expected.isEmpty ? "none" : "record \(record): \(expected)")
                + (difference.isEmpty ? "" : ": \(difference)")
        case .missing:
            "the client leaves the recording at record \(record): expected \(expected), seen nothing: \(difference)"
        }
    }
}

/// The recorded requests of a bot, each waiting for its twin.
///
/// One with the same name and the same instruments is compared with the first that waits: order counts within these.
struct Expectations {
    private(set) var requests: [RecordedSession.Request]
    private(set) var isMet: [Bool]
    var links = IdentityMap()
    /// Request ids, by the socket's place; −1 is REST.
    private(set) var requestIDs: [Int: IdentityMap] = [:]
    private var queues: [String: [Int]] = [:]
    private var heads: [String: Int] = [:]
    /// The first that waits.
    private(set) var firstUnmet = 0
    private(set) var met = 0

    init(_ requests: [RecordedSession.Request]) {
        self.requests = requests
        isMet = requests.map(\.isIgnored)
        for (place, item) in requests.enumerated() where !item.isIgnored {
            queues[Self.key(item.request, item.socket), default: []].append(place)
        }
        advance()
    }

    var total: Int { requests.count { !$0.isIgnored } }

    var next: RecordedSession.Request? {
        firstUnmet < requests.count ? requests[firstUnmet] : nil
    }

    private static func key(_ request: ClientRequest, _ socket: Int?) -> String {
        "\(socket ?? -1) " + request.key
    }

    private mutating func advance() {
        while firstUnmet < isMet.count, isMet[firstUnmet] { firstUnmet += 1 }
    }

    enum Judgement {
        /// The recorded request at this place.
        case same(Int)
        case departed(Departure)
    }

    /// Holds a request against the first that waits of its kind.
    mutating func judge(_ seen: ClientRequest, socket: Int?) -> Judgement {
        let key = Self.key(seen, socket)
        let queue = queues[key] ?? []
        let head = heads[key] ?? 0
        guard head < queue.count else { return .departed(unrecorded(seen, socket)) }
        let place = queue[head]
        let expected = requests[place]
        let ids = requestIDs[socket ?? -1] ?? IdentityMap()
        if let difference = expected.request.difference(from: seen, links, ids) {
            return .departed(
                Departure(
                    kind: .other,
                    record: expected.sequence,
                    expected: expected.request.description,
                    seen: seen.description,
                    difference: difference.description
                )
            )
        }
        expected.request.learn(
            from: seen,
            &links,
            &requestIDs[socket ?? -1, default: IdentityMap()]
        )
        heads[key] = head + 1
        isMet[place] = true
        met += 1
        advance()
        return .same(place)
    }

    /// Whether a frame could be the first of a socket's life.
    func fits(_ seen: ClientRequest, socket: Int) -> Bool {
        guard
            let first = requests.indices.first(where: {
                requests[$0].socket == socket && !requests[$0].isIgnored
            })
        else { return false }
        return !isMet[first]
            && requests[first].request.difference(from: seen, links, IdentityMap()) == nil
    }

    /// The first that waits is waited for no more.
    mutating func giveUp() {
        guard firstUnmet < isMet.count else { return }
        isMet[firstUnmet] = true
        let item = requests[firstUnmet]
        heads[Self.key(item.request, item.socket), default: 0] += 1
        advance()
    }

    /// What a request that no recorded one is like departs from.
    func nearest(to seen: ClientRequest) -> Departure { unrecorded(seen, nil) }

    /// The recorded request with the most in common: the same name before the same method or path.
    private func unrecorded(_ seen: ClientRequest, _ socket: Int?) -> Departure {
        var best: (place: Int, score: Int)?
        for (place, item) in requests.enumerated() {
            var score = 0
            if item.request.name == seen.name {
                score += 1_000
            } else if item.request.name.split(separator: " ").last
                == seen.name.split(separator: " ").last
            {
                score += 300
            }
            guard score > 0 else { continue }
            if item.request.subject == seen.subject { score += 200 }
            if !isMet[place] { score += 100 }
            let texts = Set(seen.parts)
            score += item.request.parts.count { texts.contains($0) }
            if score > best?.score ?? 0 { best = (place, score) }
        }
        guard let best else {
            let next = next
            return Departure(
                kind: .unrecorded,
                record: next?.sequence ?? .none,
                expected: next?.request.description ?? "",
                seen: seen.description,
                difference: ""
            )
        }
        let item = requests[best.place]
        let ids = IdentityMap()
        let difference = item.request.difference(from: seen, IdentityMap(), ids)
        return Departure(
            kind: .unrecorded,
            record: item.sequence,
            expected: item.request.description,
            seen: seen.description,
            difference: difference?.description
                ?? "it was asked for as often as it was recorded"
        )
    }

    func missing(_ why: String) -> Departure? {
        next.map {
            Departure(
                kind: .missing,
                record: $0.sequence,
                expected: $0.request.description,
                seen: "",
                difference: why
            )
        }
    }
}

extension ClientRequest.Difference: CustomStringConvertible {
    var description: String {
        let place = path.isEmpty ? "" : path + ": "
        return place + "expected \(recorded ?? "nothing"), seen \(seen ?? "nothing")"
            + (why.isEmpty ? "" : "; " + why)
    }
}

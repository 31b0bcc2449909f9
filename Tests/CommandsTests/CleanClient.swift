import Foundation

/// A client without faults beside a recorder: it hears what the exchange publishes, topic by topic.
final class CleanClient {
    private var sockets: [RawSocket] = []
    private var paths: [String] = []
    /// By `linear/orderbook.50.BTCUSDT`: pushes in order, without what a subscriber gets first.
    private(set) var published: [String: [[UInt8]]] = [:]

    /// - Parameter topics: each with its category before a colon, as in a session file.
    init(port: Int, topics: [String]) throws {
        var byCategory: [String: [String]] = [:]
        for topic in topics {
            let parts = topic.split(separator: ":", maxSplits: 1).map(String.init)
            byCategory[parts[0], default: []].append(parts[1])
        }
        for (category, topics) in byCategory.sorted(by: { $0.key < $1.key }) {
            let socket = try RawSocket.open(port: port, "/v5/public/" + category)
            let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
            try socket.send(#"{"op":"subscribe","args":[\#(list)]}"#)
            // The answer and the first snapshots: what follows is published to everybody.
            try socket.drain()
            sockets.append(socket)
            paths.append(category)
        }
    }

    /// Takes up everything that was sent before this call.
    func listen() throws {
        for (socket, category) in zip(sockets, paths) {
            for text in try socket.drain() {
                guard let topic = Topic.of(Array(text.utf8)) else { continue }
                published[category + "/" + topic, default: []].append(Array(text.utf8))
            }
        }
    }
}

enum Topic {
    private static let mark = Array(#""topic":""#.utf8)

    /// The topic of a push, which stands within its first bytes; `nil` for answers and pongs.
    static func of(_ payload: [UInt8]) -> String? {
        guard let start = payload.prefix(200).firstRange(of: mark)?.upperBound,
            let end = payload[start...].firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        return String(decoding: payload[start..<end], as: UTF8.self)
    }
}

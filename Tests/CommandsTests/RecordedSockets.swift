import Bybit
import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

@testable import Commands

/// What a recording holds of its sockets, connection by connection, and how its books stood to the exchange's own.
struct RecordedSockets {
    struct Connection {
        /// Such as `public/linear@2`.
        var socket: String
        var frames: [[UInt8]] = []
        /// The reason of its `disconnected`; `nil` while there is none.
        var end: String?

        /// The exchange's number of the socket, which stands in the `conn_id` of its answers.
        var client: Int? { frames.lazy.compactMap(ClientNumber.of).first }
    }

    struct BookCheck {
        /// Books that say that they are valid, at an `u` of which the exchange's own is known.
        var compared = 0
        /// Those of them that were the first of their topic after a snapshot.
        var afterSnapshot = 0
        var different: [String] = []
    }

    private(set) var connections: [Connection] = []
    private(set) var findings: [Finding] = []
    private(set) var books = BookCheck()
    /// Executions that the private socket brought, and those that stand in replies, by `execId`.
    private(set) var pushedExecutions: Set<String> = []
    private(set) var askedExecutions: Set<String> = []
    /// The same of public trades; of lists the last one, in its order.
    private(set) var pushedTrades: Set<String> = []
    private(set) var listedTrades: [String] = []
    /// As the last record left it.
    private(set) var engine: Engine?
    /// Places in ``connections`` of those that are up.
    private var current: [String: Int] = [:]
    private var isFresh: Set<String> = []

    /// - Parameter truth: as ``ControlledMarket/books``.
    init(_ path: String, truth: [String: [Int: String]]) throws {
        let recording = try Recording.open(path)
        #expect(recording.damage.isEmpty)
        let end = try Walk(registry: TapedeckMain.strategies).run(recording) { step, engine in
            take(step, engine, truth)
            return true
        }
        engine = end?.engine
    }

    private mutating func take(
        _ step: Walk.Step,
        _ engine: Engine,
        _ truth: [String: [Int: String]]
    ) {
        for case .finding(let finding) in step.outputs { findings.append(finding) }
        switch step.header.stream.kind {
        case .link: link(step.event?.link ?? LinkEvent())
        case .publicTopic, .publicOther, .privateTopic, .privateOther:
            let socket = Self.socket(step.header.stream)
            guard let place = current[socket] else {
                Issue.record(
                    "record \(step.header.sequence) came while \(socket) was not connected"
                )
                return
            }
            connections[place].frames.append(Array(step.payload))
            if let event = step.event, event.kind == .book { check(event, engine, truth) }
            for row in step.event?.executions ?? [] { pushedExecutions.insert(row.executionID) }
            for trade in step.event?.trades ?? [] { pushedTrades.insert(trade.id) }
        case .rest:
            for row in step.event?.executions ?? [] { askedExecutions.insert(row.executionID) }
            if let trades = step.event?.trades, !trades.isEmpty {
                listedTrades = trades.map(\.id)
            }
        default: break
        }
    }

    private mutating func link(_ event: LinkEvent) {
        switch event.change {
        case .connected:
            current[event.socket] = connections.count
            connections.append(Connection(socket: event.socket))
        case .disconnected:
            guard let place = current.removeValue(forKey: event.socket) else { return }
            connections[place].end = event.reason
        case .ready, .failed, .shed, .rules, .absent: break
        }
    }

    private static func socket(_ stream: StreamName) -> String {
        let base = stream.text.split(separator: "/").prefix(2).joined(separator: "/")
        return stream.slot == 1 ? base : "\(base)@\(stream.slot)"
    }

    // MARK: - Books

    private mutating func check(_ event: Event, _ engine: Engine, _ truth: [String: [Int: String]])
    {
        let id = InstrumentID(event.category, event.symbol)
        let name = "\(id.category.name)/\(id.symbol)/\(event.book.depth)"
        if event.book.isSnapshot { isFresh.insert(name) }
        guard let known = truth[name], known[Int(event.book.updateID)] != nil else { return }
        let market = engine.markets.first { $0.instrument == id }
        guard let feed = market?.state.feeds.first(where: { $0.depth == event.book.depth }),
            feed.freshness == .live, let own = known[Int(feed.updateID)]
        else { return }
        books.compared += 1
        if isFresh.remove(name) != nil { books.afterSnapshot += 1 }
        let text =
            Self.text(feed.book.bids, feed.book.scale) + "|"
            + Self.text(feed.book.asks, feed.book.scale)
        if text != own { books.different.append("\(name) at u \(feed.updateID)") }
    }

    private static func text(_ levels: [Level], _ scale: Scale) -> String {
        levels.map {
            ControlledMarket.plain($0.price.text(decimals: scale.priceDecimals)) + "@"
                + ControlledMarket.plain($0.size.text(decimals: scale.quantityDecimals))
        }.joined(separator: " ")
    }
}

enum ClientNumber {
    private static let mark = Array(#""conn_id":"c"#.utf8)

    /// From an answer's `conn_id`, `c12-linear`.
    static func of(_ payload: [UInt8]) -> Int? {
        guard Topic.of(payload) == nil, let start = payload.firstRange(of: mark)?.upperBound
        else { return nil }
        return Int(String(decoding: payload[start...].prefix { $0 != 0x2d }, as: UTF8.self))
    }
}

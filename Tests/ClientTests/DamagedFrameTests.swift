import Foundation
import Logging
import Market
import ReplayServer
import TapedeckClient
import Testing

extension ClientTests {
    /// Frames that an exchange should not send, from a server that sends what a file holds.
    @Suite(.timeLimit(.minutes(10))) struct DamagedFrameTests {
        private static let book = "orderbook.50.AAAUSDT"
        private static let trades = "publicTrade.AAAUSDT"

        private static func push(_ type: String, u: Int, bids: String, asks: String = "") -> String
        {
            #"{"topic":"\#(book)","type":"\#(type)","ts":1,"data":{"s":"AAAUSDT","b":[\#(bids)],"#
                + #""a":[\#(asks)],"u":\#(u),"seq":\#(u)},"cts":1}"#
        }

        private static func trade(_ id: String, price: String) -> String {
            #"{"T":1,"s":"AAAUSDT","S":"Buy","v":"1","p":"\#(price)","L":"PlusTick","i":"\#(id)","#
                + #""BT":false,"RPI":false,"seq":1}"#
        }

        private static let whole = (bids: #"["9.5","1"],["9","2"]"#, asks: #"["10","1"]"#)

        private static let frames = [
            push("snapshot", u: 10, bids: whole.bids, asks: whole.asks),
            push("delta", u: 11, bids: #"["9.75","3"]"#),
            push("delta", u: 12, bids: #"["x","3"]"#),
            push("delta", u: 13, bids: #"["9.6","3"]"#),
            push("snapshot", u: 20, bids: whole.bids, asks: whole.asks),
            String(push("delta", u: 21, bids: #"["9.6","3"]"#).dropLast(40)),
            push("delta", u: 22, bids: #"["9.6","3"]"#),
            push("snapshot", u: 30, bids: whole.bids, asks: whole.asks),
            push("delta", u: 31, bids: #"["10","3"]"#),
            push("snapshot", u: 40, bids: whole.bids, asks: whole.asks),
            push("delta", u: 40, bids: #"["9.6","3"]"#),
            push("delta", u: 43, bids: #"["9.6","3"]"#),
            "not even JSON",
            #"{"topic":"\#(trades)","type":"snapshot","ts":1,"data":["#
                + trade("a", price: "9.75") + "," + trade("b", price: "") + "]}",
        ]

        /// What a reader is told, in short.
        private static func words(_ event: ClientEvent) -> String? {
            switch event.content {
            case .book(let book):
                let bids = book.bids.map { "\($0.price)" }.joined(separator: " ")
                return "book \(book.updateID): \(bids)"
            case .stale(let reason): return "stale: \(reason)"
            case .unreadable: return "unreadable, \(event.findings.count) findings"
            case .unknown(let bytes): return "unknown: " + String(decoding: bytes, as: UTF8.self)
            case .trades(let trades):
                return "trades \(trades.map(\.id)), " + event.findings.map(\.field).joined()
            default: return nil
            }
        }

        @Test func `each damage is told, and no book is told that is not the exchange's`()
            async throws
        {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "client-" + UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "messages.jsonl")
            let lines = try Self.frames.map { frame in
                let object = ["t": "recv", "data": frame]
                return String(
                    decoding: try JSONSerialization.data(withJSONObject: object),
                    as: UTF8.self
                )
            }
            try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            var configuration = MessagesServerConfiguration()
            configuration.isPlain = true
            let server = try await MessagesServer.start(
                configuration,
                file: file.path,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            let client = try BybitClient(
                ClientConfiguration(.endpoint(base: server.address.base))
            )
            var events = try client.events(of: [Self.book, Self.trades], in: .linear)
                .makeAsyncIterator()
            var told: [String] = []
            while told.last?.hasPrefix("trades") != true {
                told.append(try await events.first { Self.words($0) })
            }
            #expect(
                told == [
                    "book 10: 9.5 9.0", "book 11: 9.75 9.50 9.00", "stale: a level cannot be read",
                    "book 20: 9.50 9.00", "unreadable, 1 findings", "book 30: 9.50 9.00",
                    "stale: crossed: bid 10.00, ask 10.00", "book 40: 9.50 9.00",
                    "stale: expected u = 41, seen u = 43", "unknown: not even JSON",
                    #"trades ["a"], data[1].p"#,
                ]
            )
            let state = try #require(await client.book(of: "AAAUSDT", in: .linear, depth: 50))
            #expect(state.freshness == .stale && state.updateID == 40)
            await client.close()
            await server.stop()
        }
    }
}

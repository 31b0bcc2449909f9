import Foundation
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// What is done to the pushes of a socket: ordered, seen on the wire byte by byte, and in the journal.
    @Suite(.timeLimit(.minutes(10))) struct MannersTests {
        static let best = "orderbook.1.BTCUSDT"
        static let linear = "/v5/public/linear"

        @Test func `a gap leaves out exactly the pushes that the journal names`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, Self.best)
                try await exchange.advance(200)
                let first = try #require(
                    try await exchange.pushes(socket).compactMap { figure("u", in: $0) }.last
                )
                try await exchange.order(
                    #"{"manner":"gap","topic":"orderbook.*","after":2,"pushes":3}"#
                )
                try await exchange.advance(2_000)
                let seen = try await exchange.pushes(socket).compactMap { figure("u", in: $0) }
                let last = try #require(seen.last)
                let missing = Set(first + 1...last).subtracting(seen).sorted()
                #expect(missing.count == 3)
                #expect(missing.first == first + 3)
                let named = try await exchange.journal("gap")
                #expect(named.compactMap { $0["u"] as? Int } == missing)
                #expect(named.allSatisfy { $0["topic"] as? String == Self.best })
                #expect(named.allSatisfy { $0["cause"] as? String == "order 1" })
                await socket.close()
            }
        }

        @Test func `a duplicate is the same bytes once more`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, Self.best)
                _ = try await exchange.pushes(socket)
                try await exchange.order(#"{"manner":"duplicate","after":1,"times":2}"#)
                try await exchange.advance(1_000)
                let seen = try await exchange.pushes(socket)
                let twice = zip(seen, seen.dropFirst()).filter { $0 == $1 }.map(\.0)
                #expect(twice.count == 2)
                let named = try await exchange.journal("duplicate").compactMap { $0["u"] as? Int }
                #expect(named == twice.compactMap { figure("u", in: $0) })
                await socket.close()
            }
        }

        @Test func `a push goes behind one of another topic, never behind one of its own`()
            async throws
        {
            try await ControlledExchange.run { exchange in
                let topics = ["orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT"]
                let plain = try await exchange.subscriber(Self.linear, topics[0], topics[1])
                let other = try await exchange.subscriber(Self.linear, topics[0], topics[1])
                _ = try await exchange.pushes(plain)
                _ = try await exchange.pushes(other)
                try await exchange.order(#"{"manner":"reorder","client":2,"times":1000}"#)
                // One moment at a time, in which both depths have a push.
                for _ in 0..<20 { try await exchange.advance(20) }
                let straight = try await exchange.pushes(plain)
                let swapped = try await exchange.pushes(other)
                #expect(straight != swapped)
                #expect(straight.sorted() == swapped.sorted())
                for topic in topics {
                    #expect(
                        straight.filter { $0.contains(topic) }
                            == swapped.filter { $0.contains(topic) }
                    )
                }
                #expect(try await exchange.journal("reorder").isEmpty == false)
                await plain.close()
                await other.close()
            }
        }

        @Test func `a snapshot comes unasked with the u of the last push`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, "orderbook.50.BTCUSDT")
                try await exchange.advance(500)
                let last = try #require(try await exchange.pushes(socket).last)
                #expect(try await exchange.order(#"{"manner":"snapshot"}"#) == 1)
                let extra = try await exchange.pushes(socket)
                #expect(extra.count == 1)
                #expect(extra.first?.contains(#""type":"snapshot""#) == true)
                #expect(extra.first.flatMap { figure("u", in: $0) } == figure("u", in: last))
                #expect(try await exchange.journal("snapshot").count == 1)
                await socket.close()
            }
        }

        @Test(arguments: ["snapshot", "restart-u"])
        func `after one in the midst of pushes the rest comes by itself`(
            manner: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, "orderbook.50.BTCUSDT")
                let before = try await exchange.pushes(socket).count
                try await exchange.order(#"{"manner":"\#(manner)","after":0}"#)
                for _ in 0..<40 { try await exchange.advance(20) }
                let clients = try await exchange.status()["clients"] as? [[String: Any]]
                let made = try #require(clients?.first?["pushes"] as? Int)
                #expect(made > before + 5)
                // No ping: whatever was made for the socket is on its way.
                var snapshots = 0
                for _ in before..<made {
                    if try await socket.text().contains(#""type":"snapshot""#) { snapshots += 1 }
                }
                #expect(snapshots == 1)
                await socket.close()
            }
        }

        @Test(arguments: [
            ("linear", "orderbook.50.BTCUSDT"), ("linear", "orderbook.rpi.BTCUSDT"),
            ("linear", "orderbook.1.BTCUSDT"), ("spot", "orderbook.full.BTCUSDT"),
        ])
        func `u begins at 1 again for every subscriber of that book, and of no other`(
            category: String,
            topic: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let path = "/v5/public/" + category
                let other = "orderbook.200.BTCUSDT"
                let more = topic.contains("rpi") ? "orderbook.50.BTCUSDT" : "orderbook.rpi.BTCUSDT"
                let sockets = [
                    try await exchange.subscriber(path, topic, other, more),
                    try await exchange.subscriber(path, topic, other, more),
                ]
                try await exchange.advance(500)
                for socket in sockets { _ = try await exchange.pushes(socket) }
                let order = #"{"manner":"restart-u","client":1,"topic":"\#(topic)"}"#
                #expect(try await exchange.order(order) == 1)
                try await exchange.advance(1_500)
                for socket in sockets {
                    let pushes = try await exchange.pushes(socket)
                    func numbers(_ topic: String) -> [Int] {
                        pushes.filter { $0.contains("\"\(topic)\"") }
                            .compactMap { figure("u", in: $0) }
                    }
                    #expect(numbers(topic) == Array(1...max(1, numbers(topic).count)))
                    #expect(numbers(topic).count > 3)
                    for kept in [other, more] {
                        #expect(try #require(numbers(kept).first) > 1_000, "\(kept)")
                    }
                    await socket.close()
                }
                #expect(try await exchange.journal("restart-u").count == 1)
            }
        }

        @Test func `one restart for all is one, and each subscriber gets one snapshot`()
            async throws
        {
            try await ControlledExchange.run { exchange in
                let topic = "orderbook.50.BTCUSDT"
                let sockets = [
                    try await exchange.subscriber(Self.linear, topic),
                    try await exchange.subscriber(Self.linear, topic),
                ]
                for socket in sockets { _ = try await exchange.pushes(socket) }
                #expect(try await exchange.order(#"{"manner":"restart-u"}"#) == 2)
                for socket in sockets {
                    let pushes = try await exchange.pushes(socket)
                    #expect(pushes.compactMap { figure("u", in: $0) } == [1])
                    await socket.close()
                }
            }
        }

        @Test func `frames that wait come whole and in their order`() async throws {
            try await ControlledExchange.run { exchange in
                let plain = try await exchange.subscriber(Self.linear, Self.best)
                let late = try await exchange.subscriber(Self.linear, Self.best)
                _ = try await exchange.pushes(plain)
                _ = try await exchange.pushes(late)
                try await exchange.order(
                    #"{"manner":"latency","client":2,"after":3,"milliseconds":250}"#
                )
                let start = ContinuousClock.now
                try await exchange.advance(1_000)
                let straight = try await exchange.pushes(plain)
                #expect(try await exchange.pushes(late) == straight)
                #expect(ContinuousClock.now - start >= .milliseconds(250))
                #expect(try await exchange.journal("latency").count == 1)
                await plain.close()
                await late.close()
            }
        }

        @Test func `a dropped socket ends without a close frame, and the journal says which`()
            async throws
        {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, Self.best)
                let other = try await exchange.subscriber("/v5/public/spot", Self.best)
                #expect(
                    try await exchange.order(
                        #"{"manner":"disconnect","path":"/v5/public/linear"}"#
                    ) == 1
                )
                #expect(await socket.isCutOff())
                _ = try await exchange.pushes(other)
                #expect(
                    try await exchange.journal("disconnect").compactMap { $0["client"] as? Int }
                        == [1]
                )
                #expect(try await exchange.journal("closed").count == 1)
                await other.close()
            }
        }

        @Test func `a half-open socket takes everything and answers nothing`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(Self.linear, Self.best)
                _ = try await exchange.pushes(socket)
                #expect(try await exchange.order(#"{"manner":"half-open","client":1}"#) == 1)
                try await socket.send(#"{"op":"ping"}"#)
                try await socket.sendFrame(0x9, [1, 2, 3])
                try await exchange.advance(1_000)
                let clients = try await exchange.status()["clients"] as? [[String: Any]]
                #expect(clients?.first?["half_open"] as? Bool == true)
                // The exchange is alive for everybody else, and this line is still up.
                let other = try await exchange.subscriber(Self.linear, Self.best)
                #expect(try await exchange.pushes(other).count == 1)
                #expect(try await exchange.journal("closed").isEmpty)
                try await exchange.order(#"{"manner":"disconnect","client":1}"#)
                await #expect(throws: TestSocket.Closed.self) { _ = try await socket.receive() }
                await other.close()
            }
        }

        @Test func `private rows come in any order of topics, each topic in its own`() async throws
        {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.exchange.openPrivate()
                let ack = try await socket.ask(
                    #"{"op":"subscribe","args":["order","execution","position","wallet"]}"#
                )
                #expect(ack.contains("true"))
                try await exchange.order(
                    #"{"manner":"reorder","account":"main","topic":"order","after":1}"#
                )
                let price = try await exchange.exchange.marketable()
                _ = try await exchange.exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order("Buy", quantity: "0.001", price: price, link: "r1")
                )
                let topics = try await exchange.pushes(socket).compactMap { text in
                    text.firstMatch(of: #/"topic":"([a-z]+)"/#).map { String($0.output.1) }
                }
                #expect(topics == ["order", "execution", "position", "order", "wallet"])
                let entry = try #require(try await exchange.journal("reorder").first)
                #expect(entry["account"] as? String == "main")
                #expect(entry["after"] as? String == "position")
                await socket.close()
            }
        }
    }
}

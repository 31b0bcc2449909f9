import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Acks, pongs, logins and subscriptions on each path, as clients see them.
    @Suite(.timeLimit(.minutes(10))) struct SocketProtocolTests {
        @Test(arguments: [
            (
                "/v5/public/linear", #"{"op":"ping","req_id":"p1"}"#,
                #"{"success":true,"ret_msg":"pong","conn_id":"ID","req_id":"p1","op":"ping"}"#
            ),
            (
                "/v5/public/inverse", #"{"op":"ping"}"#,
                #"{"success":true,"ret_msg":"pong","conn_id":"ID","req_id":"","op":"ping"}"#
            ),
            (
                "/v5/public/spot", #"{"op":"ping"}"#,
                #"{"success":true,"ret_msg":"pong","conn_id":"ID","op":"ping"}"#
            ),
            ("/v5/public/option", #"{"op":"ping"}"#, #"{"args":["TIME"],"op":"pong"}"#),
            ("/v5/public/spread", #"{"op":"ping"}"#, #"{"args":["TIME"],"op":"pong"}"#),
            (
                "/v5/private", #"{"op":"ping","req_id":7}"#,
                #"{"req_id":7,"op":"pong","args":["TIME"],"conn_id":"ID"}"#
            ),
        ])
        func `a ping is answered in the shape of its path`(
            path: String,
            ping: String,
            pong: String
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open(path)
                #expect(masked(try await socket.ask(ping)) == pong)
                await socket.close()
            }
        }

        @Test(arguments: [
            (
                "/v5/public/linear", #""req_id":"r2","#,
                #"{"success":true,"ret_msg":"","conn_id":"ID","req_id":"r2","op":"subscribe"}"#
            ),
            (
                "/v5/public/linear", "",
                #"{"success":true,"ret_msg":"","conn_id":"ID","req_id":"","op":"subscribe"}"#
            ),
            (
                "/v5/public/spot", #""req_id":11,"#,
                #"{"success":true,"ret_msg":"subscribe","conn_id":"ID","req_id":11,"op":"subscribe"}"#
            ),
        ])
        func `a subscription is acknowledged in the shape of its path`(
            path: String,
            id: String,
            ack: String
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open(path)
                let reply = try await socket.ask(
                    "{\(id)\"op\":\"subscribe\",\"args\":[\"publicTrade.BTCUSDT\"]}"
                )
                #expect(masked(reply) == ack)
                await socket.close()
            }
        }

        @Test func `option and spread answer with COMMAND_RESP, failed topics named`() async throws
        {
            try await TestExchange.run { exchange in
                for path in ["/v5/public/option", "/v5/public/spread"] {
                    let socket = try await exchange.open(path)
                    let reply = try await socket.ask(
                        #"{"op":"subscribe","args":["orderbook.25.NONE"]}"#
                    )
                    #expect(
                        masked(reply) == #"{"success":false,"conn_id":"ID","data":{"failTopics":"#
                            + #"["orderbook.25.NONE"],"successTopics":[]},"type":"COMMAND_RESP"}"#
                    )
                    await socket.close()
                }
            }
        }

        @Test func `a topic that is already subscribed rejects the whole request`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                _ = try await socket.ask(#"{"op":"subscribe","args":["publicTrade.BTCUSDT"]}"#)
                let subscribed = await exchange.server.counters().subscriptions
                #expect(subscribed == 1)
                try await socket.send(
                    #"{"op":"subscribe","args":["publicTrade.ETHUSDT","publicTrade.BTCUSDT"]}"#
                )
                let refusal = try await next(socket) { !$0.contains(#""topic""#) }
                #expect(refusal.contains(#""success":false"#))
                #expect(
                    refusal.contains(
                        #""ret_msg":"error:already subscribed,topic:publicTrade.BTCUSDT""#
                    )
                )
                #expect(await exchange.server.counters().subscriptions == 1)
                await socket.close()
            }
        }

        @Test(arguments: [
            ("/v5/public/linear", ["nonsense"], "error:handler not found,topic:nonsense"),
            (
                "/v5/public/linear", ["orderbook.7.BTCUSDT"],
                "error:handler not found,topic:orderbook.7.BTCUSDT"
            ),
            (
                "/v5/public/linear", ["publicTrade.BTCUSDT", "tickers.NOSUCH"],
                "error:handler not found,topic:tickers.NOSUCH"
            ),
            (
                "/v5/public/spot", (0..<11).map { "tickers.S\($0)" }, "args size >10"
            ),
            ("/v5/private", ["order"], "Request not authorized"),
        ])
        func `a refused subscription says why and changes nothing`(
            path: String,
            topics: [String],
            why: String
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open(path)
                let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
                let reply = try await socket.ask(
                    #"{"req_id":"x","op":"subscribe","args":[\#(list)]}"#
                )
                #expect(reply.contains(#""success":false"#) && reply.contains(why))
                #expect(await exchange.server.counters().subscriptions == 0)
                await socket.close()
            }
        }

        @Test func `unsubscribing ends the pushes and lets the topic be subscribed again`()
            async throws
        {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                let subscribe = #"{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}"#
                _ = try await socket.ask(subscribe)
                #expect(try await socket.text().contains(#""type":"snapshot""#))
                try await socket.send(#"{"op":"unsubscribe","args":["orderbook.50.BTCUSDT"]}"#)
                _ = try await next(socket) { $0.contains(#""op":"unsubscribe""#) }
                // The next frame is the answer to a ping, although the market moves.
                try await Task.sleep(for: .milliseconds(60))
                #expect(try await socket.ask(#"{"op":"ping"}"#).contains("pong"))
                #expect(try await socket.ask(subscribe).contains(#""success":true"#))
                #expect(try await socket.text().contains(#""type":"snapshot""#))
                await socket.close()
            }
        }

        @Test(arguments: [true, false])
        func `a login signed with the secret is taken, expires as number or as text`(
            isText: Bool
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/private")
                let reply = try await socket.ask(
                    TestExchange.login(TestExchange.main, isText: isText)
                )
                #expect(reply.contains(#""success":true"#) && reply.contains(#""op":"auth""#))
                #expect(reply.contains(#""req_id":"a1""#) && reply.contains(#""conn_id":"#))
                await socket.close()
            }
        }

        @Test func `a login that is expired, forged or of an unknown key is refused`() async throws
        {
            let stranger = ServerAccount(
                alias: "x",
                key: "canaryKeyNobody001",
                secret: TestExchange.main.secret
            )
            try await TestExchange.run { exchange in
                for login in [
                    TestExchange.login(TestExchange.main, expiresIn: -1),
                    TestExchange.login(TestExchange.main, spoil: true),
                    TestExchange.login(stranger),
                    #"{"op":"auth","args":["a"]}"#,
                ] {
                    let socket = try await exchange.open("/v5/private")
                    let reply = try await socket.ask(login)
                    #expect(reply.contains(#""success":false"#) && reply.contains("Params Error"))
                    let order = try await socket.ask(#"{"op":"subscribe","args":["order"]}"#)
                    #expect(order.contains("Request not authorized"))
                    await socket.close()
                }
            }
        }

        @Test func `frames sent back to back are answered strictly in order`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/private")
                try await socket.send(TestExchange.login(TestExchange.main))
                try await socket.send(#"{"req_id":"s","op":"subscribe","args":["order","wallet"]}"#)
                for index in 0..<50 {
                    try await socket.send(#"{"req_id":"\#(index)","op":"ping"}"#)
                }
                #expect(try await socket.text().contains(#""op":"auth""#))
                let ack = try await socket.text()
                #expect(ack.contains(#""op":"subscribe""#) && ack.contains(#""success":true"#))
                for index in 0..<50 {
                    #expect(try await socket.text().contains(#""req_id":"\#(index)""#))
                }
                await socket.close()
            }
        }

        @Test func `a control PING is answered with its own payload`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                try await socket.sendFrame(0x9, [1, 2, 3])
                #expect(try await socket.receive() == .pong([1, 2, 3]))
                await socket.close()
            }
        }

        @Test func `a message in fragments is one message`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                try await socket.sendFrame(0x1, Array(#"{"op":"#.utf8), isFinal: false)
                try await socket.sendFrame(0x9, [9])
                try await socket.sendFrame(0x0, Array(#""ping"}"#.utf8))
                #expect(try await socket.receive() == .pong([9]))
                #expect(try await socket.text().contains("pong"))
                await socket.close()
            }
        }

        @Test func `what is too large, unmasked or binary ends the socket with its code`()
            async throws
        {
            try await TestExchange.run { exchange in
                let large = try await exchange.open("/v5/public/linear")
                try await large.sendFrame(0x1, Array(repeating: 0x20, count: 65_537))
                #expect(try await large.receive() == .close(1009))
                let pieces = try await exchange.open("/v5/public/linear")
                try await pieces.sendFrame(
                    0x1,
                    Array(repeating: 0x20, count: 40_000),
                    isFinal: false
                )
                try await pieces.sendFrame(0x0, Array(repeating: 0x20, count: 40_000))
                #expect(try await pieces.receive() == .close(1009))
                let bare = try await exchange.open("/v5/public/linear")
                try await bare.sendFrame(0x1, Array(#"{"op":"ping"}"#.utf8), isMasked: false)
                #expect(try await bare.receive() == .close(1002))
                let binary = try await exchange.open("/v5/public/linear")
                try await binary.sendFrame(0x2, [0])
                #expect(try await binary.receive() == .close(1003))
            }
        }

        @Test func `a connection that carried REST becomes a WebSocket`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                let time = try await socket.request("GET", "/v5/market/time")
                #expect(time.status == 200)
                #expect(try await socket.upgrade("/v5/public/linear") == 101)
                #expect(try await socket.ask(#"{"op":"ping"}"#).contains("pong"))
                await socket.close()
            }
        }

        @Test func `frames sent before the handshake is answered are not lost`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                let ping = Array(#"{"op":"ping","req_id":"early"}"#.utf8)
                let frame = [0x81, 0x80 | UInt8(ping.count), 0, 0, 0, 0] + ping
                try await socket.write(TestSocket.handshake("/v5/public/linear") + frame)
                #expect(try await socket.response(hasBody: false).status == 101)
                #expect(try await socket.text().contains("early"))
                await socket.close()
            }
        }

        @Test(arguments: ["/v5/trades", "/v5/public/nothing", "/v5/public/misc", "/"])
        func `a path without a WebSocket answers 404`(path: String) async throws {
            try await TestExchange.run { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                #expect(try await socket.upgrade(path) == 404)
                await socket.close()
            }
        }

        /// The reply with what differs from run to run taken out.
        private func masked(_ text: String) -> String {
            text.replacing(#/"conn_id":"[^"]+"/#, with: #""conn_id":"ID""#)
                .replacing(#/\["\d{13}"\]/#, with: #"["TIME"]"#)
        }

        private func next(
            _ socket: TestSocket,
            where fits: (String) -> Bool
        ) async throws -> String {
            while true {
                let text = try await socket.text()
                if fits(text) { return text }
            }
        }
    }
}

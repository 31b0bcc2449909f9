import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// How many sockets one address opens, and on how many an account is logged in: at the limit and one beyond.
    @Suite(.timeLimit(.minutes(10))) struct SocketLimitTests {
        @Test func `500 sockets in five minutes, then one for each that is five minutes old`() {
            var meter = SocketMeter(.enforced)
            for number in 0..<500 {
                #expect(meter.admits(.privateData, nowMilliseconds: Int64(number)) == true)
            }
            #expect(meter.admits(.trade, nowMilliseconds: 299_999) == false)
            // What was refused does not count.
            #expect(meter.admits(.publicData(.spot), nowMilliseconds: 300_000) == true)
            #expect(meter.admits(.trade, nowMilliseconds: 300_000) == false)
            #expect(meter.admits(.trade, nowMilliseconds: 300_001) == true)
        }

        @Test func `1,000 of market data are open in each category, private ones besides`() {
            var meter = SocketMeter(.enforced)
            for number in 0..<1_000 {
                let time = Int64(number) * 1_000
                #expect(meter.admits(.publicData(.linear), nowMilliseconds: time) == true)
                meter.opened(.publicData(.linear))
            }
            let now: Int64 = 2_000_000
            #expect(meter.admits(.publicData(.linear), nowMilliseconds: now) == false)
            #expect(meter.admits(.publicData(.inverse), nowMilliseconds: now) == true)
            #expect(meter.admits(.privateData, nowMilliseconds: now) == true)
            meter.closed(.publicData(.linear))
            #expect(meter.admits(.publicData(.linear), nowMilliseconds: now) == true)
        }

        @Test func `limits multiply, and off is off`() {
            var twice = SocketMeter(.multiplied(2))
            var off = SocketMeter(.unlimited)
            for _ in 0..<1_000 {
                #expect(twice.admits(.trade, nowMilliseconds: 0) == true)
                #expect(off.admits(.trade, nowMilliseconds: 0) == true)
            }
            #expect(twice.admits(.trade, nowMilliseconds: 0) == false)
            #expect(off.admits(.trade, nowMilliseconds: 0) == true)
            for _ in 0..<200 {
                #expect(twice.begins(0) == true)
                #expect(off.begins(0) == true)
            }
            #expect(twice.begins(0) == false)
            #expect(twice.begins(1) == true)
            #expect(off.begins(0) == true)
        }

        @Test func `an account is logged in on 100 trade sockets: 10003 until one of them is gone`()
            async throws
        {
            try await ControlledExchange.run(rateLimits: .enforced) { exchange in
                var sockets: [TestSocket] = []
                for _ in 0..<100 { sockets.append(try await exchange.exchange.openTrade()) }
                let extra = try await exchange.exchange.open("/v5/trade")
                let refusal = try await extra.ask(TestExchange.login(TestExchange.main))
                #expect(
                    refusal.contains(
                        #""retCode":10003,"retMsg":"Too many sessions under the same UID","op":"auth""#
                    ),
                    "\(refusal)"
                )
                // Another account has sessions of its own, and this socket is not logged in.
                #expect(
                    try await extra.ask(#"{"op":"order.create","args":[{}]}"#).contains("10005")
                )
                #expect(
                    try await extra.ask(TestExchange.login(TestExchange.other))
                        .contains(#""retCode":0,"#)
                )
                await sockets.removeLast().close()
                while await exchange.server.counters().clients > 100 { await Task.yield() }
                let next = try await exchange.exchange.open("/v5/trade")
                #expect(
                    try await next.ask(TestExchange.login(TestExchange.main))
                        .contains(#""retCode":0,"#)
                )
                for socket in sockets + [extra, next] { await socket.close() }
            }
        }

        @Test func `the 501st handshake is answered 403, and the journal says so`() async throws {
            try await ControlledExchange.run(rateLimits: .enforced) { exchange in
                for _ in 0..<500 {
                    let socket = try await exchange.exchange.open("/v5/public/linear")
                    await socket.close()
                }
                let socket = try await TestSocket.connect(exchange.server.address)
                #expect(try await socket.upgrade("/v5/public/linear") == 403)
                let entry = try #require(try await exchange.journal("refused").first)
                #expect(entry["path"] as? String == "/v5/public/linear")
                // REST is not shut out by it.
                let time = try await TestSocket.connect(exchange.server.address)
                #expect(try await time.request("GET", "/v5/market/time").status == 200)
                await socket.close()
                await time.close()
                try await exchange.advance(300_000)
                let later = try await exchange.exchange.open("/v5/public/linear")
                await later.close()
            }
        }
    }
}

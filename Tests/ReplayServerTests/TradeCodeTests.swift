import Foundation
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// What the trade socket refuses requests with that are right in themselves.
    @Suite(.timeLimit(.minutes(10))) struct TradeCodeTests {
        private static func order(_ id: String) -> String {
            #"{"reqId":"\#(id)","op":"order.create","header":{"X-BAPI-TIMESTAMP":"\#(WallClock.now.milliseconds)"},"#
                + #""args":[{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","#
                + #""qty":"0.001","price":"85500","orderLinkId":"\#(id)"}]}"#
        }

        @Test func `1,000 requests a second are enough for one socket: 20003, and only there`()
            async throws
        {
            try await ControlledExchange.run(rateLimits: .enforced) { exchange in
                let trade = try await exchange.exchange.openTrade()
                let other = try await exchange.exchange.openTrade()
                let bad = #"{"op":"order.create","args":[]}"#
                for _ in 0..<1_000 { try await trade.send(bad) }
                for _ in 0..<1_000 {
                    #expect(try await trade.text().contains(#""retCode":10001,"#))
                }
                let refusal = try await trade.ask(Self.order("f-1"))
                #expect(
                    refusal.hasPrefix(
                        #"{"reqId":"f-1","retCode":20003,"retMsg":"Too frequent requests under the same session","op":"order.create","#
                    ),
                    "\(refusal)"
                )
                #expect(try await trade.ask(#"{"op":"ping"}"#).contains(#""op":"pong""#))
                #expect(try await other.ask(Self.order("f-2")).contains(#""retCode":0,"#))
                // The second is the exchange's.
                try await exchange.advance(999)
                #expect(try await trade.ask(Self.order("f-3")).contains("20003"))
                try await exchange.advance(1)
                #expect(try await trade.ask(Self.order("f-1")).contains(#""retCode":0,"#))
                await trade.close()
                await other.close()
            }
        }

        @Test(arguments: [
            (
                #"{"manner":"server-error","path":"/v5/trade"}"#, 10_016,
                "System error. Please try again later."
            ),
            (
                #"{"manner":"overload","path":"/v5/trade"}"#, 10_429,
                "System level frequency protection."
            ),
            (
                #"{"manner":"rate-limit","path":"/v5/trade"}"#, 10_006, "Too many visits!"
            ),
        ])
        func `an order is refused once with the code of its manner, and nothing is done`(
            order: String,
            code: Int,
            message: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let trade = try await exchange.exchange.openTrade()
                try await exchange.order(order)
                let refusal = try await trade.ask(Self.order("m-1"))
                #expect(
                    refusal.hasPrefix(
                        #"{"reqId":"m-1","retCode":\#(code),"retMsg":"\#(message)","op":"order.create","#
                    ),
                    "\(refusal)"
                )
                #expect(refusal.contains(#""connId":""#))
                #expect(await exchange.server.counters().orders == 0)
                #expect(try await trade.ask(Self.order("m-1")).contains(#""retCode":0,"#))
                let name = try #require(order.firstMatch(of: #/"manner":"([a-z-]+)"/#)?.output.1)
                let entry = try #require(try await exchange.journal(String(name)).first)
                #expect(entry["request_id"] as? String == "m-1")
                #expect(entry["account"] as? String == "main")
                await trade.close()
            }
        }

        @Test func `a node that restarts refuses with 10019 what is new, and answers what it has`()
            async throws
        {
            try await ControlledExchange.run { exchange in
                let trade = try await exchange.exchange.openTrade()
                let personal = try await exchange.exchange.openPrivate()
                await exchange.server.setOrderAnswers(.late(milliseconds: 300))
                try await trade.send(Self.order("n-1"))
                while await exchange.server.counters().orders == 0 { await Task.yield() }
                #expect(try await exchange.order(#"{"manner":"node-restart"}"#) == 1)
                try await trade.send(Self.order("n-2"))
                var answers: [String] = []
                for _ in 0..<2 { answers.append(try await trade.text()) }
                #expect(answers.contains { $0.hasPrefix(#"{"reqId":"n-1","retCode":0,"#) })
                #expect(answers.contains { $0.hasPrefix(#"{"reqId":"n-2","retCode":10019,"#) })
                #expect(try await trade.ask(#"{"op":"ping"}"#).contains(#""op":"pong""#))
                await exchange.server.setOrderAnswers(.prompt)
                // Another socket is with another node.
                let next = try await exchange.exchange.openTrade()
                #expect(try await next.ask(Self.order("n-2")).contains(#""retCode":0,"#))
                #expect(await exchange.server.counters().orders == 2)
                let entries = try await exchange.journal("node-restart")
                #expect(entries.map { $0["request_id"] as? String } == [nil, "n-2"])
                #expect(try await personal.ask(#"{"op":"ping"}"#).contains("pong"))
                await trade.close()
                await next.close()
                await personal.close()
            }
        }

        @Test func `a node that restarts drops its socket in the end`() async throws {
            try await ControlledExchange.run { exchange in
                let trade = try await exchange.exchange.openTrade()
                try await exchange.order(#"{"manner":"node-restart","milliseconds":100}"#)
                #expect(await trade.isCutOff())
                #expect(try await exchange.journal("disconnect").count == 1)
            }
        }
    }
}

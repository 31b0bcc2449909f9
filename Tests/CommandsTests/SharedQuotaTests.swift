import Bybit
import FaultProxy
import Foundation
import Market
import Testing

@testable import Gateway

/// A recorder beside a bot with the same key, on an exchange that keeps to its limits.
@Suite(.serialized) struct SharedQuotaTests {
    /// What became of one kind of the bot's requests.
    private struct Tally: Sendable {
        var name: String
        var answered = 0
        var limited = 0
        var others: [String] = []
        /// The least that an answer said was left of the quota.
        var remaining = Int.max

        mutating func take(_ exchange: RESTExchange) {
            if [10_006, 10_429].contains(exchange.code) || [403, 429].contains(exchange.status) {
                limited += 1
            } else if exchange.outcome == .answered, exchange.status == 200 {
                answered += 1
            } else {
                others.append("\(exchange.outcome) \(exchange.status) \(exchange.reason)")
            }
            if let left = Int(exchange.limitStatus) { remaining = min(remaining, left) }
        }
    }

    @Test func `a bot that uses nine tenths of each quota is never limited by a recorder`()
        async throws
    {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear"],
            behind: FaultPlan(),
            in: folder
        )
        defer { exchange.server.kill() }
        let (port, proxy) = (exchange.port, try #require(exchange.proxy))
        let recorder = try exchange.record([])
        defer { recorder.kill() }
        try await RecordedExchange.joined(recorder)
        let price = try SignedBot.restingPrice(try RawSocket(port: port))
        // Of the address's quota nine tenths are 108 a second: two questions and two of order entry at a time.
        var tallies: [Tally] = []
        // Of the fills the bot asks for few, so that the answers take no time: the recorder's are long.
        let fills = RESTRequest(
            endpoint: .executions,
            query: "category=linear&symbol=ETHUSDT&limit=1"
        )
        for questions in [
            [RESTRequest(.openOrders(.linear)), fills],
            [RESTRequest(.positions(.linear)), RESTRequest(.wallet)],
        ] {
            tallies += try await press(questions, price, port, proxy, seconds: 9)
        }
        // The last reconciliation has come to its end by the time the socket is back and silent.
        try await ProxiedSession.quiet(proxy)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        try await proxy.stop()
        for tally in tallies {
            #expect(tally.limited == 0, "\(tally.name): \(tally.limited) refused")
            #expect(tally.others.isEmpty, "\(tally.name): \(tally.others.prefix(3))")
            #expect(tally.answered > 20, "\(tally.name): \(tally.answered)")
            print("\(tally.name): \(tally.answered) answered, at least \(tally.remaining) left")
        }
        try await checkRecorder(folder.path + "/session")
    }

    /// Asks without a pause, at nine tenths of each quota, while the recorder's private socket is cut again and again.
    private func press(
        _ questions: [RESTRequest],
        _ price: String,
        _ port: Int,
        _ proxy: FaultProxy,
        seconds: Int
    ) async throws -> [Tally] {
        let bot = try SignedBot(port: port, share: 90)
        let client = bot.client
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: Tally?.self) { group in
            for question in questions {
                // Several at a time: the quota holds them back, and not the way.
                for _ in 0..<4 {
                    group.addTask {
                        var tally = Tally(name: question.path)
                        while ContinuousClock.now < end {
                            tally.take(await client.exchange(RESTCall(question)))
                        }
                        return tally
                    }
                }
            }
            group.addTask { try await Self.trade(client, price, until: end) }
            group.addTask {
                var number = 0
                while ContinuousClock.now < end {
                    // Ready for three seconds, so that it comes back at once; its requests now slow, now quick.
                    try await Task.sleep(for: .milliseconds(3_400))
                    number += 1
                    try await proxy.slow(path: "", milliseconds: number % 2 == 0 ? 0 : 120)
                    try await proxy.cut(.reset, path: "/v5/private")
                }
                return nil
            }
            var tallies: [String: Tally] = [:]
            for try await case let tally? in group {
                var sum = tallies[tally.name] ?? Tally(name: tally.name)
                sum.answered += tally.answered
                sum.limited += tally.limited
                sum.others += tally.others
                sum.remaining = min(sum.remaining, tally.remaining)
                tallies[tally.name] = sum
            }
            return tallies.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Takes, places and cancels without a pause: fills fill the pages that the recorder asks for.
    private static func trade(
        _ client: RESTClient,
        _ price: String,
        until end: ContinuousClock.Instant
    ) async throws -> Tally {
        var tally = Tally(name: "create and cancel")
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let link = "bot-\(UInt32.random(in: .min ... .max))-\(number)"
            let side = number % 2 == 0 ? "Sell" : "Buy"
            let take =
                #"{"category":"linear","symbol":"BTCUSDT","side":"\#(side)","orderType":"Market","qty":"0.5"}"#
            let order =
                #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","#
                + #""price":"\#(price)","timeInForce":"PostOnly","orderLinkId":"\#(link)"}"#
            let cancel = #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"\#(link)"}"#
            for (endpoint, body) in [
                (Market.Endpoint.createOrder, take), (.createOrder, order), (.cancelOrder, cancel),
            ] {
                let call = RESTCall(RESTRequest(endpoint: endpoint, body: Array(body.utf8)))
                tally.take(await client.exchange(call))
            }
        }
        return tally
    }

    /// It has reconciled again and again, and was not limited either.
    private func checkRecorder(_ path: String) async throws {
        let findings = try await Program.run(["cat", path, "--stream", "desk/finding", "--raw"])
        let reconciled = findings.lines.count { $0.contains(#""kind":"reconciled""#) }
        #expect(reconciled >= 3, "\(findings.output)")
        let replies = try await Program.run(["cat", path, "--stream", "rest/*", "--raw"])
        #expect(replies.status == 0, "\(replies.errors)")
        #expect(!replies.output.contains(#""retCode":10006"#))
        #expect(!replies.output.contains(#""status":403"#))
    }
}

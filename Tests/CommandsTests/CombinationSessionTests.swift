import Bybit
import Foundation
import Market
import Testing
import Trading

@testable import Gateway

/// Orders on combinations that somebody else has on the recorder's account: known from the start, and after a
/// private connection was lost.
@Suite(.serialized) struct CombinationSessionTests {
    private struct Combination {
        var symbol: String
        var quantity: String
        /// So far down in the book that an order there rests.
        var price: String
    }

    private func combination(_ control: RawSocket) throws -> Combination {
        func result(_ target: String) throws -> [String: Any] {
            let answer = try control.request("GET", target)
            let object = try JSONSerialization.jsonObject(with: Data(answer.utf8))
            return try #require(
                (object as? [String: Any])?["result"] as? [String: Any],
                "\(answer)"
            )
        }
        let list = try result("/v5/spread/instrument?limit=1")["list"] as? [[String: Any]]
        let row = try #require(list?.first)
        let symbol = try #require(row["symbol"] as? String)
        let name = symbol.replacingOccurrences(of: "/", with: "%2F")
        let bids = try result("/v5/spread/orderbook?symbol=\(name)&limit=25")["b"] as? [[String]]
        return Combination(
            symbol: symbol,
            quantity: try #require(row["minSize"] as? String),
            price: try #require(bids?.last?.first)
        )
    }

    private func place(_ bot: SignedBot, _ link: String, _ combination: Combination) async {
        let placed = await bot.post(
            "/v5/spread/order/create",
            #"{"symbol":"\#(combination.symbol)","side":"Buy","orderType":"Limit","#
                + #""qty":"\#(combination.quantity)","price":"\#(combination.price)","#
                + #""timeInForce":"PostOnly","orderLinkId":"\#(link)"}"#
        )
        #expect(placed.code == 0, "\(String(decoding: placed.body, as: UTF8.self))")
    }

    /// Waits until the account has been reconciled so often.
    private func reconciled(_ times: Int, _ session: String) async throws {
        try await Program.wait(for: "it is reconciled", on: "desk/finding", of: session) {
            $0.count {
                $0.contains(#""kind":"reconciled""#) && $0.contains(#""subject":"private""#)
            } >= times
        }
    }

    @Test func `one that ended while nobody listened is closed, and the others are open`()
        async throws
    {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear,spot,spread", "--rate-limits", "off"],
            in: folder
        )
        defer { exchange.server.kill() }
        let port = exchange.port
        let control = try RawSocket(port: port)
        let combination = try combination(control)
        let bot = try SignedBot(port: port, share: 100)
        // Two from before the session.
        await place(bot, "arb-1", combination)
        await place(bot, "arb-2", combination)
        let recorder = try exchange.record(["spread:orderbook.25.\(combination.symbol)"])
        defer { recorder.kill() }
        try await RecordedExchange.whole(recorder)
        let session = folder.path + "/session"
        try await reconciled(1, session)
        // The line of the private socket breaks; one order ends while it is away, or just before.
        let broken = try control.request(
            "POST",
            "/tapedeck/manners",
            body: #"{"manner":"disconnect","path":"/v5/private"}"#
        )
        #expect(broken.contains(#""carried_out":1"#), "\(broken)")
        let cancelled = await bot.post("/v5/spread/order/cancel", #"{"orderLinkId":"arb-1"}"#)
        #expect(cancelled.code == 0, "\(String(decoding: cancelled.body, as: UTF8.self))")
        await place(bot, "arb-3", combination)
        try await reconciled(2, session)
        let told = ProxiedSession.lines(recorder)
        try await ProxiedSession.until("it is whole again") {
            ProxiedSession.lines(recorder) > told + 4 && ProxiedSession.isWhole(recorder)
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let recording = try RecordedSockets(session, truth: [:])
        let engine = try #require(recording.engine)
        let known = engine.orders.filter { $0.instrument.category == .spread }
        #expect(Set(known.map(\.orderLinkID)) == ["arb-1", "arb-2", "arb-3"])
        #expect(Set(known.filter(\.isClosed).map(\.orderLinkID)) == ["arb-1"])
        #expect(Set(known.filter { $0.phase == .open }.map(\.orderLinkID)) == ["arb-2", "arb-3"])
        #expect(recording.findings.count { $0.kind == .reconciled && $0.subject == "private" } == 2)
        // Nothing was refused: each was asked for where combinations are.
        let refused = recording.findings.filter { [.refused, .unknown].contains($0.kind) }
        #expect(refused.isEmpty, "\(refused.prefix(5))")
        let lives = try await Program.run(["orders", session, "--json"])
        let rows = lives.lines.compactMap { StartedProxy.object($0) }
            .filter { $0["category"] as? String == "spread" }
        let statuses = rows.map { "\($0["order_link_id"] ?? "") \($0["status"] ?? "")" }
        #expect(
            statuses.sorted() == ["arb-1 Cancelled", "arb-2 New", "arb-3 New"],
            "\(lives.output)"
        )
        for row in rows {
            let steps = row["steps"] as? [[String: Any]] ?? []
            #expect(row["symbol"] as? String == combination.symbol)
            #expect(steps.allSatisfy { $0["step"] as? String == "row" && $0["time"] is String })
            let notes = steps.compactMap { $0["note"] as? String }
            #expect(notes == (row["status"] as? String == "New" ? ["New"] : ["New", "Cancelled"]))
        }
    }
}

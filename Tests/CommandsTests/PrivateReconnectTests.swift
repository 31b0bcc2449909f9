import Bybit
import FaultProxy
import Foundation
import Market
import Testing
import Trading

@testable import Gateway

/// Fills while the private connection is cut again and again: each is on record, and counted once.
@Suite(.serialized) struct PrivateReconnectTests {
    private static let cuts = 5

    /// The exchange's own list of the account's executions.
    private func executions(_ bot: SignedBot) async throws -> [[String: Any]] {
        var request = RESTRequest(endpoint: .executions, query: "category=linear&limit=100")
        var rows: [[String: Any]] = []
        while true {
            let exchange = await bot.client.exchange(RESTCall(request))
            let reply = try JSONSerialization.jsonObject(with: Data(exchange.body))
            let result = try #require((reply as? [String: Any])?["result"] as? [String: Any])
            rows += try #require(result["list"] as? [[String: Any]])
            guard let cursor = result["nextPageCursor"] as? String, !cursor.isEmpty else {
                return rows
            }
            request = request.page(cursor: cursor)
        }
    }

    /// Buys and sells at the market, so many times as `isOver` is false.
    private func trade(_ bot: SignedBot, until isOver: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(240)
        var number = 0
        while try await !isOver() {
            try #require(ContinuousClock.now < limit, "it does not come to its end")
            number += 1
            let side = number % 3 == 0 ? "Sell" : "Buy"
            let placed = await bot.post(
                "/v5/order/create",
                #"{"category":"linear","symbol":"BTCUSDT","side":"\#(side)","orderType":"Market","#
                    + #""qty":"0.01\#(number % 7)"}"#
            )
            #expect(placed.code == 0, "\(String(decoding: placed.body, as: UTF8.self))")
            try await Task.sleep(for: .milliseconds(60))
        }
    }

    @Test func `no fill is missing, and the position and its fees are the exchange's`() async throws
    {
        var plan = FaultPlan()
        plan.seed = 31
        plan.cuts = Self.cuts
        plan.framesBeforeCut = 1...12
        plan.cutBy = [(.reset, 3), (.close, 2), (.torn, 2), (.corruptFrame, 1)]
        let folder = try TemporaryFolder()
        let journal = folder.path + "/journal.jsonl"
        let exchange = try await RecordedExchange(
            ["--categories", "linear", "--rate-limits", "off", "--journal", journal],
            behind: plan,
            in: folder
        )
        defer { exchange.server.kill() }
        let (port, proxy) = (exchange.port, try #require(exchange.proxy))
        let recorder = try exchange.record([])
        defer { recorder.kill() }
        try await RecordedExchange.joined(recorder)
        let bot = try SignedBot(port: port, share: 100)
        try await trade(bot) { try await proxy.cuts() >= Self.cuts }
        let told = ProxiedSession.lines(recorder)
        try await trade(bot) {
            ProxiedSession.lines(recorder) > told + 1 && ProxiedSession.isWhole(recorder)
        }
        try await ProxiedSession.quiet(proxy)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let rows = try await executions(bot)
        let control = try RawSocket(port: port)
        try await ProxiedSession.until("the exchange has seen every socket end") {
            try control.request("GET", "/tapedeck/status").contains(#""clients":[]"#)
        }
        let session = ProxiedSession(
            recording: folder.path + "/session",
            connections: try await proxy.connections(),
            log: try await proxy.log(),
            pushes: try ControlledMarket.pushes(journal)
        )
        try await proxy.stop()
        try check(session, rows)
    }

    private func check(_ session: ProxiedSession, _ rows: [[String: Any]]) throws {
        let recording = try RecordedSockets(session.recording, truth: [:])
        let equation = SentEquation(session, recording)
        #expect(equation.reconnects >= Self.cuts)
        let truth = Set(rows.compactMap { $0["execId"] as? String })
        #expect(truth.count == rows.count && truth.count > 20)
        #expect(recording.pushedExecutions.isSubset(of: truth))
        let known = recording.pushedExecutions.union(recording.askedExecutions)
        #expect(known == truth, "\(truth.subtracting(known).count) fills are on no record")
        let missed = truth.subtracting(recording.pushedExecutions).count
        #expect(missed > 0, "nothing happened while the socket was away")

        let engine = try #require(recording.engine)
        let bitcoin = InstrumentID(.linear, try #require(Symbol("BTCUSDT")))
        let position = try #require(engine.ledger.accounts[bitcoin]).position
        var size = Decimal()
        var fees = Decimal()
        for row in rows {
            let quantity = try #require(decimal(row["execQty"]))
            size += row["side"] as? String == "Buy" ? quantity : -quantity
            fees += try #require(decimal(row["execFee"]))
        }
        #expect(Decimal(string: position.size.description) == size)
        #expect(Decimal(string: position.fees.description) == fees)
        print(
            "\(equation.reconnects) reconnects, \(truth.count) fills, \(missed) of them by REST alone;"
                + " \(equation.sent) sent = \(equation.recorded) + \(equation.swallowed)"
                + " + \(equation.inFlight)"
        )
    }

    private func decimal(_ text: Any?) -> Decimal? {
        (text as? String).flatMap { Decimal(string: $0) }
    }
}

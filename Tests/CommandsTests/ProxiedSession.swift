import FaultProxy
import Foundation
import Testing

/// The program's recorder on the program's exchange, with the fault proxy between them and a clean client beside them.
struct ProxiedSession {
    var recording: String
    var connections: [ConnectionReport]
    var log: [FaultEntry]
    var published: [String: [[UInt8]]] = [:]
    var books: [String: [Int: String]] = [:]
    /// The exchange's own count of what it made for each socket.
    var pushes: [Int: Int]
    var steps = 0

    /// Moves the market on until the plan's cuts are done and `isEnough`, then until every socket is whole again.
    ///
    /// - Parameters:
    ///   - topics: with `OPTION` and `SPREAD` for the first symbol listed.
    ///   - pause: milliseconds between a tenth of a second of the market and the next.
    static func record(
        _ plan: FaultPlan,
        topics wanted: [String],
        settings: String = "",
        pause: Int = 90,
        in folder: TemporaryFolder,
        until isEnough: (_ log: [FaultEntry]) -> Bool = { _ in true }
    ) async throws -> ProxiedSession {
        let market = try await ControlledMarket(in: folder)
        defer { market.server.kill() }
        let topics = try resolved(wanted, market)
        try market.watch(topics)
        return try await record(plan, topics, settings, pause, folder, market, isEnough)
    }

    private static func resolved(_ topics: [String], _ market: ControlledMarket) throws -> [String]
    {
        try topics.map { topic in
            var topic = topic
            for (word, target) in [
                ("OPTION", "/v5/market/instruments-info?category=option&baseCoin=BTC&limit=1"),
                ("SPREAD", "/v5/spread/instrument?limit=1"),
            ] where topic.contains(word) {
                let result = try market.get(target)["result"] as? [String: Any]
                let rows = try #require(result?["list"] as? [[String: Any]])
                let symbol = try #require(rows.first?["symbol"] as? String)
                topic = topic.replacingOccurrences(of: word, with: symbol)
            }
            return topic
        }
    }

    private static func record(
        _ plan: FaultPlan,
        _ topics: [String],
        _ settings: String,
        _ pause: Int,
        _ folder: TemporaryFolder,
        _ market: ControlledMarket,
        _ isEnough: ([FaultEntry]) -> Bool
    ) async throws -> ProxiedSession {
        let proxy = try await FaultProxy.start(to: market.port, plan: plan)
        try ControlledMarket.writeSession(
            endpoint: proxy.port,
            topics: topics,
            settings: settings,
            in: folder
        )
        let recorder = try Program.start(
            ["record", "session.yaml", "--out", "session", "--json", "--for", "1800s"],
            in: folder.path
        )
        defer { recorder.kill() }
        try await go(market, pause) {
            try #require(recorder.process.isRunning, "\(recorder.errorsSoFar)")
            let cuts = try await proxy.cuts()
            let log = try await proxy.log()
            return cuts >= plan.cuts && isEnough(log)
        }
        // Ghosts are of use while they are dead; then they are a burden to the exchange.
        try await proxy.endGhosts()
        // No more faults: what is whole now stays so.
        try await proxy.follow(FaultPlan())
        try await go(market) {
            // A client that hears nothing any more has to notice it first.
            try await proxy.connections().allSatisfy { $0.end == nil || !$0.isOpen }
        }
        let told = lines(recorder)
        try await go(market) { lines(recorder) > told + 1 && isWhole(recorder) }
        // Some seconds of the market on whole sockets, so that each book has changed again.
        for _ in 0..<10 { try market.step() }
        try await quiet(proxy)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        try await proxy.endGhosts()
        let open = Set(topics.map { $0.prefix { $0 != ":" } }).count
        try await until("the exchange has seen every socket end") {
            (try market.status()["clients"] as? [Any])?.count == open
        }
        let session = ProxiedSession(
            recording: folder.path + "/session",
            connections: try await proxy.connections(),
            log: try await proxy.log(),
            published: market.published,
            books: market.books,
            pushes: try ControlledMarket.pushes(market.journalPath),
            steps: market.steps
        )
        try await proxy.stop()
        return session
    }

    /// A step after each pause, milliseconds, and never faster than the exchange and the client beside it go.
    private static func go(
        _ market: ControlledMarket,
        _ pause: Int = 90,
        until isDone: () async throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(1_500)
        repeat {
            try market.step()
            try await Task.sleep(for: .milliseconds(pause))
            try #require(ContinuousClock.now < limit, "it does not come to its end")
        } while try await !isDone()
    }

    /// Its status comes once a second: one of before says nothing of now.
    static func lines(_ recorder: Running) -> Int {
        recorder.outputSoFar.count { $0 == "\n" }
    }

    static func isWhole(_ recorder: Running) -> Bool {
        guard let last = recorder.outputSoFar.split(separator: "\n").last,
            let object = try? JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any],
            let sockets = object["sockets"] as? Int
        else { return false }
        return sockets > 0 && object["sockets_ready"] as? Int == sockets
    }

    /// The recorder pings a socket on which nothing has come for four seconds: what came before has been recorded.
    static func quiet(_ proxy: FaultProxy) async throws {
        try await until("the recorder has all that was sent") {
            try await proxy.connections().filter { $0.isOpen && !$0.path.isEmpty }.allSatisfy {
                guard let last = $0.forwarded.last, last.topic == nil else { return false }
                return String(decoding: last.payload, as: UTF8.self).contains("pong")
            }
        }
    }

    static func until(
        _ what: Comment,
        _ isSo: () async throws -> Bool
    ) async throws {
        for _ in 0..<3_000 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        try #require(try await isSo(), what)
    }
}

import Foundation
import Journal
import Market
import Runtime
import Simulation
import Testing
import Trading

/// One recorded session for all of these: they only read it.
@Suite struct SimulatedTests {
    static let session: Result<TruthSession, any Error> = Result {
        try TruthSession(
            seconds: 15,
            limits: [Setting("position_quantity", "BTCUSDT=5")],
            parameters: [Setting("lifetime_ms", "2000")]
        )
    }

    static func run(
        _ change: (inout SimulationPlan) throws -> Void = { _ in }
    ) throws -> SimulationResult {
        var plan = SimulationPlan()
        try change(&plan)
        return try Simulator(registry: .standard).run(try session.get().recording(), plan)
    }

    @Test func `the same run says the same twice, and trades`() throws {
        let first = try Self.run()
        let second = try Self.run()
        #expect(first.digest == second.digest)
        #expect(first.orders == second.orders)
        #expect(first.orders.count > 20)
        #expect(first.fills > 0)
        #expect(first.simulatedFrom == .first)
        #expect(first.findings < 20, "\(first.findings)")
    }

    @Test func `the session's own orders and fills are found and taken out`() throws {
        let result = try Self.run()
        let fills = try Self.session.get().orders.count { $0.status == .filled }
        #expect(result.attribution.fillsNotFound == 0)
        #expect(result.attribution.makerFills + result.attribution.takerFills >= fills)
        #expect(result.attribution.levels > 100)
        #expect(result.attribution.shortLevels * 50 < result.attribution.levels)
        #expect(result.attribution.unreadable == 0)
    }

    @Test func `fed verbatim nothing differs, and the money is what it was`() throws {
        let result = try Self.run { $0.beginsVerbatim = true }
        #expect(result.simulatedFrom == nil)
        let replay = try Replay(registry: .standard).run(Self.session.get().recording())
        #expect(result.orders.count > 20)
        #expect(replay.word == "identical")
        #expect(result.digest == replay.stateHash)
        #expect(result.fills > 0)
    }

    @Test func `another latency and another queue are other runs, and are named`() throws {
        let usual = try Self.run()
        #expect(usual.latency.hasPrefix("recorded, of "))
        let slow = try Self.run { $0.latency = .constant(entry: 80_000_000, response: 80_000_000) }
        #expect(slow.latency == "constant 80 ms there, 80 ms back")
        #expect(slow.digest != usual.digest)
        let other = try Self.run { $0.queue = .riskAverse }
        #expect(other.queue == .riskAverse)
    }

    @Test func `without an order the run is as recorded up to it, and the order is not there`()
        throws
    {
        let recorded = try Self.run { $0.beginsVerbatim = true }
        let order = try #require(recorded.orders.dropFirst(6).first)
        let without = try Self.run {
            $0.beginsVerbatim = true
            $0.without = [order.orderLinkID]
        }
        #expect(without.simulatedFrom == order.record)
        #expect(without.reason.contains(order.orderLinkID))
        let before = recorded.orders.prefix { $0.orderLinkID != order.orderLinkID }
        #expect(
            without.orders.prefix(before.count).elementsEqual(before) {
                $0.orderLinkID == $1.orderLinkID
            }
        )
        let left = without.orders.first { $0.orderLinkID == order.orderLinkID }
        #expect(left?.fills == 0)
        #expect(without.orders.count > before.count + 1)
        #expect(without.orders.last?.isSimulated == true)
        #expect(throws: SimulatedError.self) {
            try Self.run {
                $0.beginsVerbatim = true
                $0.without = ["nobody"]
            }
        }
    }

    @Test func `tighter limits block, from the first order that they reject on`() throws {
        let result = try Self.run {
            $0.beginsVerbatim = true
            $0.limits = [Setting("open_orders", "1")]
        }
        #expect(result.simulatedFrom != nil)
        #expect(result.blockedCount > 0)
        #expect(result.blocked.allSatisfy { $0.limits == ["open_orders"] })
    }

    @Test func `a dropped record is not fed, and the run differs from there or not at all`() throws
    {
        let recorded = try Self.run { $0.beginsVerbatim = true }
        let order = try #require(recorded.orders.dropFirst(4).first)
        // The timer that led to the order.
        let dropped = try Self.run {
            $0.beginsVerbatim = true
            _ = $0.edits.addDrop("\(order.record)")
        }
        #expect(dropped.simulatedFrom == order.record)
        #expect(dropped.reason == "a recorded command is not given")
        #expect(!dropped.orders.contains { $0.orderLinkID == order.orderLinkID })
    }

    @Test func `private messages that come later change what the strategy does`() throws {
        let usual = try Self.run()
        let late = try Self.run { _ = $0.edits.addDelay("private", "400ms") }
        #expect(late.digest != usual.digest)
        // A quote is asked for again only when its last word has come.
        #expect(late.orders.count < usual.orders.count)
    }

    @Test func `an edited market is traded on, and the recording's bytes are what they were`()
        throws
    {
        let folder = try Self.session.get().path
        let before = try Self.bytes(folder)
        let plain = try Self.run()
        var edits = MarketEdits()
        let record = try #require(try Self.firstBook())
        // A wall of offers far below the market: every bid of ours is met.
        edits.change(
            record,
            .level(.sell, price: try Numeral(text: "80000.0"), size: try Numeral(text: "500"))
        )
        let edited = try Self.run { $0.edits = edits }
        #expect(edited.digest != plain.digest)
        #expect(throws: SimulatedError.self) {
            try Self.run {
                $0.edits.change(record, .trade(1, price: .zero, size: .zero))
            }
        }
        #expect(try Self.bytes(folder) == before)
    }

    @Test(
        arguments: [
            ("drop 5\n# remark\n\nlevel 7 Buy 90000.1 0.5 # why\n", nil as Int?),
            ("delay private 50ms\ndelay 9 2s\ntrade 3 1 1.5 2\nmark 4 7", nil),
            ("drop 5\nlevel 7 Up 1 2", 2), ("drop 9-7", 1), ("delay 4 2h", 1), ("drop", 1),
            ("trade 3 0 1 1", 1), ("mark 4 -1", 1),
        ] as [(String, Int?)]
    )
    func `an edit file is read, or the line that is wrong is named`(text: String, line: Int?) {
        do throws(EditError) {
            _ = try MarketEdits(text: text)
            #expect(line == nil)
        } catch {
            #expect(error.line == line)
        }
    }

    // MARK: -

    static func bytes(_ folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            files[name] = FileManager.default.contents(atPath: folder + "/" + name)
        }
        return files
    }

    static func firstBook() throws -> SequenceNumber? {
        let cursor = try session.get().recording().cursor(streams: {
            $0.text.hasPrefix("public/linear/orderbook")
        })
        var count = 0
        while let record = try cursor.next() {
            count += 1
            if count == 60 { return record.sequence }
        }
        return nil
    }
}

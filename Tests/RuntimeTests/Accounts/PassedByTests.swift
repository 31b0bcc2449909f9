import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// What the engine's state has no part of, and what combinations do: folded beside it, from payloads as they come.
@Suite struct PassedByTests {
    private static let payloads = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/payloads")

    /// Of a coin that the scenario's own exchange does not speak of.
    private static func wallet(_ borrowed: String) -> [UInt8] {
        Array(
            (#"{"topic":"wallet","id":"77-1","creationTime":1767225600044,"data":[{"accountType":"UNIFIED","coin":["#
                + #"{"coin":"USDC","equity":"9000","walletBalance":"9500","locked":"0","borrowAmount":"\#(borrowed)","#
                + #""spotBorrow":"500","accruedInterest":"0.25","unrealisedPnl":"0","cumRealisedPnl":"0"}]}]}"#)
                .utf8
        )
    }

    /// A session in whose middle the exchange tells of limits, fees, debts and a combination.
    private static func recording(in folder: TestFolder) throws -> Recording {
        let world = try World(Scenario(number: 5))
        _ = try world.run()
        let draft = try RecordingDraft(folder.path + "/session", id: world.start.session)
        func add(_ stream: String, _ file: String, _ time: Timestamp) throws {
            let url = payloads.appending(path: file)
            try draft.add(stream, time: time, payload: Array(try Data(contentsOf: url)))
        }
        for (place, record) in world.records.enumerated() {
            try draft.add(record.name.text, time: record.time, payload: record.payload)
            guard place == world.records.count / 2 else { continue }
            for (path, file) in [
                ("rest/public/GET/v5/market/risk-limit", "one.record"),
                ("rest/main/GET/v5/account/fee-rate", "one.record"),
                ("private/main/spread.order", "combination-and-leg.json"),
                ("private/main/spread.execution", "combination-and-leg.json"),
            ] {
                try add(path, path + "/" + file, record.time)
            }
            try draft.add("private/main/wallet", time: record.time, payload: wallet("750"))
        }
        try draft.seal()
        return try Recording.open(folder.path + "/session")
    }

    @Test func `a kept state has them as a walk from the beginning has`() throws {
        let folder = try TestFolder()
        let recording = try Self.recording(in: folder)
        let store = CheckpointStore(recording, registry: World.registry, interval: 16)
        var walk = Walk(registry: World.registry)
        walk.checkpoints = store
        let end = try #require(try walk.run(recording) { _, _ in true })
        let contract = try #require(Symbol("NILUSDT"))
        let terms = try #require(end.facts.terms(of: InstrumentID(.linear, contract)))
        #expect(terms.tiers.map(\.limit.description) == ["200000", "400000"])
        #expect(terms.tiers.map(\.maintenanceRate.description) == ["0.010", "0.015"])
        #expect(terms.takerRate.description == "0.00055")
        let debt = try #require(end.facts.debts["USDC"])
        #expect(debt.borrowed.description == "750" && debt.spotBorrowed.description == "500")
        #expect(debt.accruedInterest.description == "0.25")

        let kept = CheckpointStore(recording, registry: World.registry, interval: 16)
        let sequences = kept.sequences
        #expect(sequences.count > 3)
        var without = 0
        for sequence in sequences {
            let state = try #require(kept.nearest(atOrBefore: sequence))
            #expect(state.sequence == sequence)
            let whole = try Walk(registry: World.registry).run(
                recording,
                isPast: { number, _ in number > sequence },
                visit: { _, _ in true }
            )
            #expect(state.facts == whole?.facts, "at record \(sequence)")
            if state.facts.debts["USDC"] == nil { without += 1 }
        }
        #expect(without > 0 && without < sequences.count)
        // What goes on from a state has what was said before it.
        let last = try #require(kept.nearest(atOrBefore: recording.last))
        let rest = try Walk(registry: World.registry).run(recording, from: last) { _, _ in true }
        #expect(rest?.facts == end.facts)
    }

    @Test func `a combination is one order with its states, its legs are none`() throws {
        let folder = try TestFolder()
        let recording = try Self.recording(in: folder)
        var lives = OrderLives()
        try Walk(registry: World.registry).run(recording) { step, engine throws(ReplayError) in
            lives.take(step, engine)
            return true
        }
        let combinations = lives.lives.filter { $0.instrument.category == .spread }
        let life = try #require(combinations.first)
        #expect(combinations.count == 1)
        #expect(life.orderLinkID == "arb-1" && life.strategy == Order.external)
        #expect(life.status == .filled && life.side == .buy && life.price?.description == "-0.0040")
        #expect(life.moments.map(\.step) == [.row, .filled])
        #expect(life.moments.map(\.note) == ["Filled", "3 @ -0.004"])
        #expect(life.filled.description == "3" && life.fills == 1)
        #expect(life.moments[0].sequence < life.moments[1].sequence)
        #expect(!lives.lives.contains { $0.orderID == "29000000-0000-4000-8000-000000000001" })
    }
}

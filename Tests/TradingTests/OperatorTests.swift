import Market
import Testing
import Trading

/// What an operator asks for through the door, as the engine takes it.
@Suite struct OperatorTests {
    private func lookUps(_ outputs: [Output]) -> [LookUp] {
        outputs.compactMap {
            guard case .command(let command) = $0, case .lookUp(let question) = command.action
            else { return nil }
            return question
        }
    }

    private func reload(_ bench: inout Bench, _ categories: String) -> [Output] {
        bench.feed("desk/operator") {
            $0.kind = .operatorRequest
            $0.operatorRequest.verb = "reload"
            $0.operatorRequest.uid = 1_000
            $0.operatorRequest.arguments = [
                .init("settings.new", "ab"), .init(OperatorRequest.categories, categories),
            ]
        }
    }

    @Test func `a category that comes is asked for at once and reconciled from then on`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let outputs = reload(&bench, "spot linear inverse")
        let asked = lookUps(outputs)
        for category in [Category.spot, .inverse] {
            #expect(asked.contains(.openOrders(category)))
        }
        #expect(asked.contains(.positions(.inverse)) && !asked.contains(.openOrders(.linear)))
        #expect(bench.engine.configuration.categories == [.spot, .linear, .inverse])
        // None goes, and the same again asks for nothing.
        #expect(lookUps(reload(&bench, "linear")).isEmpty)
        #expect(lookUps(reload(&bench, "")).isEmpty)
        #expect(bench.engine.configuration.categories == [.spot, .linear, .inverse])
        // A checkpoint keeps it.
        let copy = try Engine(checkpoint: bench.engine.checkpoint(), registry: Bench.registry)
        #expect(copy.configuration.categories == [.spot, .linear, .inverse])
        #expect(try copy.checkpoint() == bench.engine.checkpoint())
    }

    @Test func `a category that there is not is told, the others count`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let outputs = reload(&bench, "moon spot")
        let findings = outputs.compactMap {
            if case .finding(let finding) = $0 { finding } else { nil }
        }
        #expect(findings.count == 1)
        #expect(lookUps(outputs).contains(.openOrders(.spot)))
    }

    @Test func `a mark says its text, and that of an older version its reason`() throws {
        var bench = try Bench(strategies: [.puppet()])
        let old = bench.operate("mark", "lunch")
        let new = bench.feed("desk/operator") {
            $0.kind = .operatorRequest
            $0.operatorRequest.verb = "mark"
            $0.operatorRequest.reason = "why"
            $0.operatorRequest.arguments = [.init(OperatorRequest.text, "lunch")]
        }
        for outputs in [old, new] {
            guard case .finding(let finding)? = outputs.first else {
                Issue.record("no finding")
                continue
            }
            #expect(outputs.count == 1 && finding.note == "lunch")
        }
    }
}

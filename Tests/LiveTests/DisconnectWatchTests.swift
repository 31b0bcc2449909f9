import Market
import Testing

@testable import Live

/// Cancel-on-disconnect: a topic that is confirmed says little of whether anything would fire.
@Suite struct DisconnectWatchTests {
    private func row(
        _ product: String,
        _ status: String,
        window: String = "10"
    ) -> DisconnectProtection {
        var row = DisconnectProtection()
        row.product = product
        row.status = status
        row.timeWindow = window
        return row
    }

    private let wanted = ["dcp.future", "dcp.spot"]

    @Test func `what is on is armed with its window, and nothing is said`() {
        var watch = DisconnectWatch()
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) == nil)
        #expect(watch.armed(["dcp.future"]) == ["dcp.future"])
        #expect(
            watch.words(["dcp.future"]) == ["dcp.future (not known yet whether it is enabled)"]
        )
        #expect(!watch.isOff(wanted))
        watch.told([row("DERIVATIVES", "ON"), row("SPOT", "ON", window: ""), row("OPTIONS", "OFF")])
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) == nil)
        #expect(watch.armed(wanted) == wanted)
        #expect(watch.words(wanted) == ["dcp.future (10 s)", "dcp.spot"])
        #expect(watch.vain(wanted).isEmpty && !watch.isOff(wanted))
        // What is not confirmed is not armed, whatever the account may do.
        #expect(watch.armed([]).isEmpty)
    }

    @Test func `a product that is not on is told once, until it is`() {
        var watch = DisconnectWatch()
        watch.told([row("DERIVATIVES", "OFF"), row("SPOT", "ON")])
        guard case .began(let problem) = watch.look(wanted: wanted, confirmed: wanted, rejected: [])
        else {
            Issue.record("nothing was said")
            return
        }
        #expect(problem.hasSuffix("dcp.future (not enabled at the exchange)"), "\(problem)")
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) == nil)
        #expect(watch.armed(wanted) == ["dcp.spot"])
        #expect(watch.words(["dcp.spot"]) == ["dcp.spot (10 s)"])
        #expect(watch.vain(wanted) == ["dcp.future (not enabled at the exchange)"])
        #expect(watch.isOff(wanted))
        watch.told([row("DERIVATIVES", "ON"), row("SPOT", "ON")])
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) == .ended)
        #expect(watch.problem == nil)
    }

    @Test func `an account that has no products at all has none that fires`() {
        var watch = DisconnectWatch()
        watch.told([])
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) != nil)
        #expect(watch.vain(wanted).count == 2 && watch.armed(wanted).isEmpty)
    }

    @Test func `a refused topic stays refused between connections, until it is confirmed`() {
        var watch = DisconnectWatch()
        watch.told([row("DERIVATIVES", "ON"), row("SPOT", "ON")])
        let news = watch.look(
            wanted: wanted,
            confirmed: ["dcp.future"],
            rejected: ["dcp.spot", "greeks"]
        )
        #expect(news != nil)
        #expect(watch.vain(wanted) == ["dcp.spot (refused by the exchange)"])
        #expect(watch.look(wanted: wanted, confirmed: [], rejected: []) == nil)
        #expect(watch.vain(wanted) == ["dcp.spot (refused by the exchange)"])
        #expect(watch.look(wanted: wanted, confirmed: wanted, rejected: []) == .ended)
        #expect(watch.vain(wanted).isEmpty)
    }

    @Test func `a session asks for the products of its categories, where it may trade`() {
        var configuration = SessionConfiguration(target: .environment("testnet"), path: "x")
        configuration.subscriptions = [.init(.linear, "tickers.A"), .init(.spot, "tickers.A")]
        #expect(configuration.protectionTopics.isEmpty)
        configuration.armsDisconnectProtection = true
        #expect(configuration.protectionTopics.isEmpty)
        configuration.mayTrade = true
        #expect(Set(configuration.protectionTopics) == Set(wanted))
        #expect(configuration.privateTopics.suffix(2).allSatisfy { $0.hasPrefix("dcp.") })
    }
}

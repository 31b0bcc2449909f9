import Journal
import Market
import Runtime
import Simulation
import Testing
import Trading

/// On the built-in exchange, where what happened is what would have happened.
@Suite struct ParityTests {
    struct Line: CustomStringConvertible {
        var share: Int64
        var quantity: String
        var right: ParityReport
        var leftIn: ParityReport
        var slow: ParityReport

        var description: String {
            func words(_ score: ParityScore) -> String {
                "score \(score.fillScore) filled \(score.filledOrders) both \(score.both) price"
                    + " \(score.priceError) earned \(score.earned?.description ?? "-") error \(score.earnedError)"
            }
            return "\(share) % of the touch (\(quantity)), \(right.orders) orders, \(right.queue),"
                + " \(right.latency)\n  happened \(words(right.live))\n  model    \(words(right.model))\n"
                + "  naive    \(words(right.naive))\n  left in  \(words(leftIn.model))\n"
                + "  5 x late \(words(slow.model))"
        }
    }

    static func line(_ share: Int64, seconds: Int64) throws -> Line {
        let touch = try TruthSession.touch()
        let quantity = Numeral(
            mantissa: max(1, touch.mantissa * share / 100),
            decimals: touch.decimals
        ).description
        // Quotes that are given up before all of them are filled: when something is filled is the question then. They stand a
        // tick off the middle: two that are sent at once for one price would leave to the way of each which one is refused,
        // and no model knows that.
        let session = try TruthSession(
            quantity: quantity,
            seconds: seconds,
            parameters: [Setting("lifetime_ms", "500")]
        )
        func measure(_ change: (inout Parity) -> Void) throws -> ParityReport {
            var parity = Parity()
            change(&parity)
            return try #require(try parity.measure(session.recording()))
        }
        return Line(
            share: share,
            quantity: quantity,
            right: try measure { _ in },
            leftIn: try measure { $0.takesOut = false },
            slow: try measure { $0.latency = .recorded(factor: 5) }
        )
    }

    @Test(arguments: [1, 10, 50] as [Int64])
    func `simulated fills are what happened, nearly all of them, and the naive model's are not`(
        share: Int64
    ) throws {
        let line = try Self.line(share, seconds: 40)
        print(line)
        #expect(line.right.live.filledOrders > 10)
        #expect(line.right.live.filledOrders < line.right.orders)
        #expect(line.right.model.fillScore > 9_800)
        #expect(line.right.model.fillScore > line.right.naive.fillScore + 500)
        #expect(line.right.model.earnedError < line.right.naive.earnedError)
        // A wrong latency is seen.
        #expect(line.slow.model.fillScore < line.right.model.fillScore)
        // So is own quantity that was left in, once there is much of it.
        #expect(line.leftIn.model.fillScore <= line.right.model.fillScore)
        if share == 50 { #expect(line.leftIn.model.fillScore < line.right.model.fillScore) }
    }
}

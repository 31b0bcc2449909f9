import Foundation
import Testing

/// Ambiguous order outcomes: whatever the exchange accepts, drops, delays or cuts at any point of an order's life, no
/// order is placed twice and no verdict is wrong in the end.
///
/// `TAPEDECK_SCENARIOS` is the number of scenarios; all are 2,000. `TAPEDECK_SCENARIO` runs one by its number.
@Suite struct OutcomeTests {
    static let environment = ProcessInfo.processInfo.environment
    static let usual = 2 * Scenario.combinations

    static var numbers: [Int] {
        if let one = environment["TAPEDECK_SCENARIO"].flatMap({ Int($0) }) { return [one] }
        let count = environment["TAPEDECK_SCENARIOS"].flatMap { Int($0) } ?? usual
        return Array(0..<count)
    }

    @Test(arguments: 0..<2)
    func `no order is placed twice and no verdict is wrong, and the records say so again`(
        half: Int
    ) throws {
        var sum = Judgement.Sum()
        for number in Self.numbers where number % 2 == half || Self.numbers.count == 1 {
            let scenario = Scenario(number: number)
            let judgement = try Judgement(scenario)
            sum.add(judgement, scenario)
            for problem in judgement.problems {
                Issue.record("\(scenario): \(problem); repeat it with TAPEDECK_SCENARIO=\(number)")
            }
        }
        if Self.environment["TAPEDECK_SCENARIOS"] != nil { print(sum) }
        guard Self.numbers.count >= Self.usual else { return }
        // What is not there cannot be judged: each kind of outcome has occurred.
        #expect(sum.struck > sum.scenarios / 2)
        #expect(sum.found > 0 && sum.notPlaced > 0 && sum.replaced > 0 && sum.fills > 0)
        #expect(sum.histories > 0)
    }

    @Test func `a scenario is the same each time`() throws {
        for number in [5, 40, 67] {
            let worlds = try (0..<2).map { _ in try World(Scenario(number: number)) }
            for world in worlds { _ = try world.run() }
            #expect(worlds[0].records.count > 50)
            #expect(worlds[0].records.map(\.payload) == worlds[1].records.map(\.payload))
        }
    }

    @Test func `every point meets every fault by both ways of entry`() {
        var met: Set<String> = []
        for number in 0..<Scenario.combinations {
            let scenario = Scenario(number: number)
            met.insert("\(scenario.point) \(scenario.fault) \(scenario.entry)")
        }
        #expect(Scenario.Point.allCases.count == 12)
        #expect(met.count == 12 * 4 * 2)
    }
}

extension Judgement {
    /// Of many scenarios.
    struct Sum: CustomStringConvertible {
        var scenarios = 0
        var struck = 0
        var found = 0
        var notPlaced = 0
        var replaced = 0
        var fills = 0
        var histories = 0
        var records = 0
        var problems = 0

        mutating func add(_ judgement: Judgement, _ scenario: Scenario) {
            scenarios += 1
            if judgement.hasStruck { struck += 1 }
            found += judgement.found
            notPlaced += judgement.notPlaced
            replaced += judgement.replaced
            fills += judgement.fills
            histories += judgement.lookUps
            records += judgement.records
            if !judgement.problems.isEmpty { problems += 1 }
        }

        var description: String {
            "\(scenarios) scenarios, \(struck) struck, \(records) records, \(fills) fills;"
                + " unknown and found \(found), never placed \(notPlaced), placed anew \(replaced);"
                + " history asked \(histories) times; wrong: \(problems)"
        }
    }
}

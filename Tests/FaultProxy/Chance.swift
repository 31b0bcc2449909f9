/// Chance by a seed: the same numbers in every process.
///
/// - Source: SplitMix64.
struct Chance {
    private var state: UInt64

    /// - Parameter stream: independent numbers for each, such as the number of a connection.
    init(seed: UInt64, stream: Int) {
        state = seed &+ UInt64(truncatingIfNeeded: stream) &* 0xd134_2543_de82_ef95
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// True so many times in a thousand.
    mutating func happens(_ perMille: Int) -> Bool { number(1...1_000) <= perMille }

    /// One of them, by weight; `nil` where all weigh nothing.
    mutating func pick<Choice>(_ choices: [(Choice, weight: Int)]) -> Choice? {
        let total = choices.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        var place = number(1...total)
        for (choice, weight) in choices {
            place -= weight
            if place <= 0 { return choice }
        }
        return nil
    }
}

import Market

/// Chance that a seed repeats.
struct Dice {
    private var state: UInt64

    init(_ seed: UInt64, _ more: UInt64...) {
        state = more.reduce(Mix.spread(seed)) { Mix.combine($0, $1) }
    }

    /// One number, the same for the same seeds.
    static func draw(_ seed: UInt64, _ more: UInt64...) -> UInt64 {
        Mix.spread(more.reduce(Mix.spread(seed)) { Mix.combine($0, $1) })
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Mix.spread(state)
    }

    /// 0 ..< `bound`; 0 where `bound` is 0.
    mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next() % UInt64(bound)) : 0
    }

    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }
}

public import Trading

/// Strategies that are not deterministic, each in a way of its own.
public enum Flawed {
    /// The next timer follows the machine's clock.
    public struct Clocked: Strategy {
        public static let kind = "clocked"

        private(set) var beats = 0

        public init(parameters: NoParameters) {}

        public mutating func started(_ desk: inout Desk) {
            desk.setTimer("beat", afterMilliseconds: 100)
        }

        public mutating func timerFired(_ name: String, _ desk: inout Desk) {
            beats += 1
            let (seconds, attoseconds) = ContinuousClock.now.duration(to: .now).components
            let spent = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            desk.setTimer("beat", afterMilliseconds: 100 + spent % 97)
        }
    }

    /// The next timer follows the order in which a set happens to be.
    public struct Hashed: Strategy {
        public static let kind = "hashed"

        private(set) var beats = 0

        public init(parameters: NoParameters) {}

        public mutating func started(_ desk: inout Desk) {
            desk.setTimer("beat", afterMilliseconds: 100)
        }

        public mutating func timerFired(_ name: String, _ desk: inout Desk) {
            beats += 1
            let symbols: Set<String> = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"]
            var sum: Int64 = 0
            for (place, symbol) in symbols.enumerated() {
                sum += Int64(place * symbol.utf8.reduce(0) { $0 + Int($1) } % 61)
            }
            desk.setTimer("beat", afterMilliseconds: 100 + sum)
        }
    }

    /// The next timer is drawn, without a seed.
    public struct Chancy: Strategy {
        public static let kind = "chancy"

        private(set) var beats = 0

        public init(parameters: NoParameters) {}

        public mutating func started(_ desk: inout Desk) {
            desk.setTimer("beat", afterMilliseconds: 100)
        }

        public mutating func timerFired(_ name: String, _ desk: inout Desk) {
            beats += 1
            desk.setTimer("beat", afterMilliseconds: 100 + Int64.random(in: 0..<1_000))
        }
    }
}

/// How the book of a synthetic market is made: where makers stand, how large they quote, and how they change their mind.
///
/// Distances are quarters of a tick from the fair value.
public struct BookTexture: Hashable, Sendable {
    /// Makers' slots that lie one after another, best first.
    public struct Zone: Hashable, Sendable {
        public var slots: Int
        /// From slot to slot.
        public var spacing: Int64
        /// How far from its place, either way, a slot may quote.
        public var jitter: Int64
        /// Lots of a quote.
        public var sizes: Sizes

        public init(slots: Int, spacing: Int64, jitter: Int64, sizes: Sizes) {
            self.slots = slots
            self.spacing = spacing
            self.jitter = jitter
            self.sizes = sizes
        }
    }

    /// Lots of an order.
    public enum Sizes: Hashable, Sendable {
        /// 1 to 30, more by half the slot's number, and one in ten four times as large.
        case growing
        /// 1 to 2ⁿ, small ones as often as large ones.
        case spread(exponent: Int64)
        /// Of six orders five of the first kind and one of the second.
        case mixed(small: Int64, large: Int64)
    }

    /// A share of the changes hits one of the first `slots`.
    public struct Reach: Hashable, Sendable {
        public var weight: Int64
        public var slots: Int64

        public init(weight: Int64, slots: Int64) {
            self.weight = weight
            self.slots = slots
        }
    }

    /// Several quotes change at a moment.
    public struct Wave: Hashable, Sendable {
        /// A wave changes 1 to 2ⁿ quotes.
        public var exponent: Int64
        /// Of 1,000 changes, those that go to another price; the others change the size alone.
        public var movesPerThousand: Int64
        /// Of 1,000 waves, those after which nobody does anything for up to a second.
        public var pausesPerThousand: Int64
        /// Waves after a trade at which takers come three times as often: a trade makes others trade.
        public var excitedWaves: Int

        public init(
            exponent: Int64,
            movesPerThousand: Int64,
            pausesPerThousand: Int64 = 0,
            excitedWaves: Int = 12
        ) {
            self.exponent = exponent
            self.movesPerThousand = movesPerThousand
            self.pausesPerThousand = pausesPerThousand
            self.excitedWaves = excitedWaves
        }
    }

    /// Of the first slot.
    public var start: Int64
    /// Added to every distance, in thousandths of the fair value.
    public var widthPerThousand: Int64
    /// The last one is as long as the parameters' slots ask for.
    public var zones: [Zone]
    public var reaches: [Reach]
    /// `nil`: one maker at a time follows the fair value, the one that is furthest from its place.
    public var wave: Wave?
    public var takerSizes: Sizes
    /// Steps of 20 ms from one fair value to the next.
    public var stepsPerMove: Int
    /// Steps of 20 ms from one mark and index price to the next; a multiple of ``stepsPerMove``.
    public var stepsPerReference: Int

    public init(
        start: Int64,
        widthPerThousand: Int64 = 0,
        zones: [Zone],
        reaches: [Reach],
        wave: Wave?,
        takerSizes: Sizes,
        stepsPerMove: Int = 1,
        stepsPerReference: Int
    ) {
        self.start = start
        self.widthPerThousand = widthPerThousand
        self.zones = zones
        self.reaches = reaches
        self.wave = wave
        self.takerSizes = takerSizes
        self.stepsPerMove = stepsPerMove
        self.stepsPerReference = stepsPerReference
    }

    var isValid: Bool {
        !zones.isEmpty && !reaches.isEmpty && start >= 0 && start <= 1_000_000
            && (0...500).contains(widthPerThousand)
            && (1...50_000).contains(stepsPerMove) && (1...50_000).contains(stepsPerReference)
            && takerSizes.isValid
            && reaches.allSatisfy { $0.weight > 0 && $0.slots > 0 && $0.weight <= 1_000_000 }
            && zones.allSatisfy {
                (0...20_000).contains($0.slots) && (0...1_000_000).contains($0.spacing)
                    && (0...1_000_000).contains($0.jitter) && $0.sizes.isValid
            }
            && wave.map {
                (1...12).contains($0.exponent) && (0...1_000).contains($0.movesPerThousand)
                    && (0...1_000).contains($0.pausesPerThousand)
                    && (0...1_000).contains($0.excitedWaves)
            } ?? true
    }

    /// Orders of one action of the market on the average.
    var ordersPerAct: Int64 {
        guard let wave else { return 1 }
        let exponent = wave.exponent
        return max(1, (3 * ((Int64(1) << exponent) - 1) - exponent) / (2 * exponent))
    }

    /// Distance of each of `count` slots.
    func distances(_ count: Int) -> [Int32] {
        var distances: [Int32] = []
        distances.reserveCapacity(count)
        var distance = start
        for (place, zone) in zones.enumerated() {
            let length = place == zones.count - 1 ? count - distances.count : zone.slots
            for _ in 0..<max(0, min(length, count - distances.count)) {
                distances.append(Int32(clamping: distance))
                distance += zone.spacing
            }
        }
        return distances
    }

    func zone(of slot: Int) -> Zone {
        var first = 0
        for zone in zones.dropLast() {
            first += zone.slots
            if slot < first { return zone }
        }
        return zones[zones.count - 1]
    }
}

extension BookTexture.Sizes {
    var isValid: Bool {
        switch self {
        case .growing: true
        case .spread(let exponent): (1...40).contains(exponent)
        case .mixed(let small, let large):
            (1...40).contains(small) && (1...40).contains(large)
        }
    }

    func lots(slot: Int, _ chance: inout Chance) -> Int64 {
        switch self {
        case .growing:
            let lots = 1 + chance.below(30 + Int64(slot) / 2)
            return chance.happens(1, in: 10) ? lots * 4 : lots
        case .spread(let exponent): return chance.heavyTailed(exponentMax: exponent)
        case .mixed(let small, let large):
            let exponent = chance.happens(1, in: 6) ? large : small
            return chance.heavyTailed(exponentMax: exponent)
        }
    }
}

extension BookTexture {
    /// A book that moves: two orders a tick on the first fifteen ticks, then one a tick up to 85, then one each three
    /// ticks.
    public static let lively = BookTexture(
        start: 2,
        zones: [
            Zone(slots: 30, spacing: 2, jitter: 1, sizes: .growing),
            Zone(slots: 70, spacing: 4, jitter: 4, sizes: .growing),
            Zone(slots: 0, spacing: 12, jitter: 4, sizes: .growing),
        ],
        reaches: [
            Reach(weight: 5, slots: 16), Reach(weight: 3, slots: 64),
            Reach(weight: 2, slots: 20_000),
        ],
        wave: nil,
        takerSizes: .spread(exponent: 10),
        stepsPerReference: 1
    )
}

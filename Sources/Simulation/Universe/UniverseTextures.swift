/// Books as they were seen in a calm hour of summer 2026.
extension BookTexture {
    /// A large coin: a deep touch of many small orders, behind it two levels on three ticks, changed everywhere.
    static let scattered = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 12, spacing: 0, jitter: 0, sizes: .mixed(small: 6, large: 13)),
            Zone(slots: 0, spacing: 6, jitter: 5, sizes: .spread(exponent: 11)),
        ],
        reaches: [Reach(weight: 1, slots: 20_000)],
        wave: Wave(exponent: 5, movesPerThousand: 500),
        takerSizes: .spread(exponent: 10),
        stepsPerReference: 50
    )

    /// A coin whose tick is large: orders on every tick, most changes some ticks behind the touch.
    static let dense = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 12, spacing: 0, jitter: 0, sizes: .mixed(small: 3, large: 13)),
            Zone(slots: 0, spacing: 1, jitter: 3, sizes: .spread(exponent: 13)),
        ],
        reaches: [
            Reach(weight: 12, slots: 98), Reach(weight: 5, slots: 218),
            Reach(weight: 3, slots: 20_000),
        ],
        wave: Wave(exponent: 4, movesPerThousand: 100, excitedWaves: 6),
        takerSizes: .spread(exponent: 12),
        stepsPerReference: 50
    )

    /// A spot pair with a fine tick: one level on three ticks, changed now and then.
    static let sparse = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 4, spacing: 0, jitter: 0, sizes: .spread(exponent: 10)),
            Zone(slots: 0, spacing: 13, jitter: 6, sizes: .spread(exponent: 10)),
        ],
        reaches: [
            Reach(weight: 3, slots: 20), Reach(weight: 3, slots: 66),
            Reach(weight: 4, slots: 20_000),
        ],
        wave: Wave(
            exponent: 2,
            movesPerThousand: 580,
            pausesPerThousand: 20,
            excitedWaves: 0
        ),
        takerSizes: .spread(exponent: 6),
        stepsPerReference: 50
    )

    /// Two market makers and little else: options, dated futures, combinations.
    static func quoted(widthPerThousand: Int64, spacing: Int64 = 8) -> BookTexture {
        BookTexture(
            start: 3,
            widthPerThousand: widthPerThousand,
            zones: [Zone(slots: 0, spacing: spacing, jitter: 2, sizes: .spread(exponent: 7))],
            reaches: [Reach(weight: 1, slots: 20_000)],
            wave: Wave(exponent: 2, movesPerThousand: 700),
            takerSizes: .spread(exponent: 5),
            stepsPerMove: 50,
            stepsPerReference: 50
        )
    }
}

/// Books as they were seen in a calm hour of summer 2026.
extension BookTexture {
    /// A large coin: a deep touch, behind it two levels on three ticks, changed everywhere.
    static let scattered = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 24, spacing: 0, jitter: 0, sizes: .spread(exponent: 11)),
            Zone(slots: 0, spacing: 6, jitter: 3, sizes: .spread(exponent: 11)),
        ],
        reaches: [Reach(weight: 1, slots: 40), Reach(weight: 9, slots: 20_000)],
        wave: Wave(exponent: 5, movesPerThousand: 300),
        takerSizes: .spread(exponent: 10),
        stepsPerReference: 50
    )

    /// A coin whose tick is large: orders on every tick, most changes near the touch.
    static let dense = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 12, spacing: 0, jitter: 0, sizes: .spread(exponent: 13)),
            Zone(slots: 0, spacing: 1, jitter: 3, sizes: .spread(exponent: 13)),
        ],
        reaches: [
            Reach(weight: 3, slots: 60), Reach(weight: 3, slots: 160),
            Reach(weight: 2, slots: 20_000),
        ],
        wave: Wave(exponent: 4, movesPerThousand: 100),
        takerSizes: .spread(exponent: 9),
        stepsPerReference: 50
    )

    /// A spot pair with a fine tick: one level on three ticks, seldom changed.
    static let sparse = BookTexture(
        start: 0,
        zones: [
            Zone(slots: 12, spacing: 0, jitter: 0, sizes: .spread(exponent: 10)),
            Zone(slots: 0, spacing: 13, jitter: 6, sizes: .spread(exponent: 10)),
        ],
        reaches: [Reach(weight: 1, slots: 30), Reach(weight: 5, slots: 20_000)],
        wave: Wave(exponent: 3, movesPerThousand: 600),
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

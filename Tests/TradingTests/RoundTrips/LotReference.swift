import Market

/// First in, first out by the textbook: units of 10⁻⁸ in a list, prices in hundredths, money in exact fractions.
struct LotReference {
    struct Piece {
        var isLong: Bool
        var quantity: Int128
        var entry: Int64
        var exit: Int64
    }

    private(set) var lots: [(quantity: Int128, price: Int64)] = []
    private(set) var isLong = true
    private(set) var pieces: [Piece] = []

    mutating func fill(_ side: Side, _ quantity: Int128, at price: Int64) {
        var left = quantity
        while left > 0, !lots.isEmpty, isLong != (side == .buy) {
            let part = min(left, lots[0].quantity)
            pieces.append(
                Piece(isLong: isLong, quantity: part, entry: lots[0].price, exit: price)
            )
            left -= part
            lots[0].quantity -= part
            if lots[0].quantity == 0 { lots.removeFirst() }
        }
        guard left > 0 else { return }
        isLong = side == .buy
        lots.append((left, price))
    }

    /// What a piece earned, in units of 10⁻¹⁸.
    static func gain(_ piece: Piece, isInverse: Bool) -> Rational {
        let sign: Int128 = piece.isLong ? 1 : -1
        // 10⁻⁸ × 10⁻² is 10⁸ units.
        guard isInverse else {
            return Rational(
                sign * piece.quantity * Int128(piece.exit - piece.entry) * 100_000_000
            )
        }
        // Dollars ÷ price: 10⁻⁸ ÷ 10⁻² is 10¹² units a hundredth.
        let one = sign * piece.quantity * 1_000_000_000_000
        return Rational(one, over: Int128(piece.entry)) - Rational(one, over: Int128(piece.exit))
    }
}

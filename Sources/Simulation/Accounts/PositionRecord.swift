public import Market

/// A position at one moment, as it is kept: its row is made when somebody asks.
public final class PositionRecord: Sendable {
    private let position: OpenPosition
    private let facts: ListingFacts
    private let positionIndex: Int
    private let mark: Int64
    /// In hundredths.
    private let leverage: Int64
    private let details: PositionDetails?

    init(
        _ position: OpenPosition,
        _ facts: ListingFacts,
        positionIndex: Int,
        mark: Int64,
        leverage: Int64,
        details: PositionDetails?
    ) {
        self.position = position
        self.facts = facts
        self.positionIndex = positionIndex
        self.mark = mark
        self.leverage = leverage
        self.details = details
    }

    public var instrument: InstrumentID { facts.id }

    public var row: PositionUpdate {
        let scale = facts.scale
        let size = abs(position.size)
        var row = PositionUpdate(
            instrument: facts.id,
            positionIndex: positionIndex,
            side: position.size == 0 ? nil : (position.size > 0 ? .buy : .sell),
            size: scale.numeral(Quantity(units: size)),
            entryPrice: facts.valuation.average(
                of: position.entryValue.minus(position.sessionShift),
                quantity: size
            ),
            sessionPrice: facts.hasSessions
                ? facts.valuation.average(of: position.entryValue, quantity: size) : nil,
            positionValue: position.entryValue.minus(position.sessionShift),
            markPrice: scale.numeral(Price(units: mark)),
            unrealisedPnL: position.unrealised(mark: mark, valuation: facts.valuation),
            currentRealisedPnL: position.currentRealised,
            cumulativeRealisedPnL: position.cumulativeRealised,
            leverage: Numeral(mantissa: leverage, decimals: 2).trimmed,
            createdMilliseconds: position.createdMilliseconds,
            updatedMilliseconds: position.updatedMilliseconds,
            crossSequence: position.crossSequence
        )
        row.details = details
        return row
    }
}

extension PositionRecord: CustomDebugStringConvertible {
    /// That of its row.
    public var debugDescription: String { String(reflecting: row) }
}

/// A push of a ticker, of any category.
///
/// A missing field is unchanged in a delta and absent in a snapshot; a field that came as `""` is cleared. Merging is
/// ``merge(_:)``.
///
/// - Source: `tickers.{symbol}`; a row of `GET /v5/market/tickers`.
public struct TickerUpdate: Hashable, Sendable {
    public var isSnapshot = false
    public var lastPrice: Numeral?
    public var markPrice: Numeral?
    public var indexPrice: Numeral?
    public var bidPrice: Numeral?
    public var bidSize: Numeral?
    public var askPrice: Numeral?
    public var askSize: Numeral?
    public var fundingRate: Numeral?
    /// Unix milliseconds.
    public var nextFundingTime: Int64?
    public var openInterest: Numeral?
    public var highPrice24h: Numeral?
    public var lowPrice24h: Numeral?
    public var previousPrice24h: Numeral?
    public var change24h: Numeral?
    public var volume24h: Amount?
    public var turnover24h: Amount?
    public var tickDirection: String?
    /// Dated contracts, Unix milliseconds.
    public var deliveryTime: Int64?
    /// Pre-market contracts.
    public var preListingPhase: String?
    /// Fields that fewer categories have, in the order they came.
    public var others: [TickerValue] = []
    /// Fields that came as `""`: there is no such value any more.
    public var cleared = TickerFields()
    public var crossSequence: Int64 = 0

    public init() {}

    /// The value of a field that is not stored by name.
    public func value(_ field: TickerField) -> Numeral? {
        others.first { $0.field == field }?.value
    }
}

/// A field of a ticker.
public enum TickerField: UInt8, Hashable, Sendable, CaseIterable {
    // Stored by name.
    case lastPrice, markPrice, indexPrice, bidPrice, bidSize, askPrice, askSize, fundingRate
    case nextFundingTime, openInterest, highPrice24h, lowPrice24h, previousPrice24h, change24h
    case volume24h, turnover24h, tickDirection, deliveryTime, preListingPhase
    // Stored in ``TickerUpdate/others``.
    case previousPrice1h, openInterestValue, singleOpenInterest, singleOpenInterestValue
    case fundingIntervalHours, fundingCap, basisRate, basis, basisRateYear, deliveryFeeRate
    case predictedDeliveryPrice, preOpenPrice, preQuantity, dollarIndexPrice
    case bidVolatility, askVolatility, markVolatility, underlyingPrice, totalVolume, totalTurnover
    case delta, gamma, vega, theta
}

public struct TickerValue: Hashable, Sendable {
    public var field: TickerField
    public var value: Numeral

    @inlinable
    public init(_ field: TickerField, _ value: Numeral) {
        self.field = field
        self.value = value
    }
}

/// A set of ticker fields.
public struct TickerFields: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable
    public init(_ field: TickerField) { rawValue = 1 << UInt64(field.rawValue) }
}

extension TickerUpdate {
    /// Empties it for the next push and keeps its memory.
    @inlinable
    public mutating func reset() {
        var kept = others
        others = []
        kept.removeAll(keepingCapacity: true)
        self = TickerUpdate()
        others = kept
    }

    /// Applies a push: a snapshot replaces all, a delta what it names.
    public mutating func merge(_ update: TickerUpdate) {
        guard !update.isSnapshot else {
            self = update
            return
        }
        take(update)
        clear(update.cleared)
        cleared.formUnion(update.cleared)
        if update.crossSequence != 0 { crossSequence = update.crossSequence }
    }

    private mutating func take(_ update: TickerUpdate) {
        take(\.lastPrice, .lastPrice, update)
        take(\.markPrice, .markPrice, update)
        take(\.indexPrice, .indexPrice, update)
        take(\.bidPrice, .bidPrice, update)
        take(\.bidSize, .bidSize, update)
        take(\.askPrice, .askPrice, update)
        take(\.askSize, .askSize, update)
        take(\.fundingRate, .fundingRate, update)
        take(\.nextFundingTime, .nextFundingTime, update)
        take(\.openInterest, .openInterest, update)
        take(\.highPrice24h, .highPrice24h, update)
        take(\.lowPrice24h, .lowPrice24h, update)
        take(\.previousPrice24h, .previousPrice24h, update)
        take(\.change24h, .change24h, update)
        take(\.volume24h, .volume24h, update)
        take(\.turnover24h, .turnover24h, update)
        take(\.tickDirection, .tickDirection, update)
        take(\.deliveryTime, .deliveryTime, update)
        take(\.preListingPhase, .preListingPhase, update)
        for item in update.others {
            cleared.remove(TickerFields(item.field))
            if let place = others.firstIndex(where: { $0.field == item.field }) {
                others[place].value = item.value
            } else {
                others.append(item)
            }
        }
    }

    private mutating func take<Value>(
        _ path: WritableKeyPath<TickerUpdate, Value?>,
        _ field: TickerField,
        _ update: TickerUpdate
    ) {
        guard let value = update[keyPath: path] else { return }
        self[keyPath: path] = value
        cleared.remove(TickerFields(field))
    }

    private mutating func clear(_ fields: TickerFields) {
        guard !fields.isEmpty else { return }
        for field in TickerField.allCases where fields.contains(TickerFields(field)) {
            switch field {
            case .lastPrice: lastPrice = nil
            case .markPrice: markPrice = nil
            case .indexPrice: indexPrice = nil
            case .bidPrice: bidPrice = nil
            case .bidSize: bidSize = nil
            case .askPrice: askPrice = nil
            case .askSize: askSize = nil
            case .fundingRate: fundingRate = nil
            case .nextFundingTime: nextFundingTime = nil
            case .openInterest: openInterest = nil
            case .highPrice24h: highPrice24h = nil
            case .lowPrice24h: lowPrice24h = nil
            case .previousPrice24h: previousPrice24h = nil
            case .change24h: change24h = nil
            case .volume24h: volume24h = nil
            case .turnover24h: turnover24h = nil
            case .tickDirection: tickDirection = nil
            case .deliveryTime: deliveryTime = nil
            case .preListingPhase: preListingPhase = nil
            default: others.removeAll { $0.field == field }
            }
        }
    }
}

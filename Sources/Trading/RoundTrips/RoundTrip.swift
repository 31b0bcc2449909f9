public import Market

/// Whose position a round trip is of.
public struct TripKey: Hashable, Comparable, Sendable, Codable {
    /// Empty for the account's whole position; ``Order/external`` for the part that is not ours.
    public var strategy: String
    public var instrument: InstrumentID
    /// 0 one-way, 1 long, 2 short.
    public var positionIndex: Int

    public init(strategy: String = "", instrument: InstrumentID, positionIndex: Int = 0) {
        self.strategy = strategy
        self.instrument = instrument
        self.positionIndex = positionIndex
    }

    public static func < (left: TripKey, right: TripKey) -> Bool {
        if left.instrument != right.instrument { return left.instrument < right.instrument }
        return left.positionIndex == right.positionIndex
            ? left.strategy < right.strategy : left.positionIndex < right.positionIndex
    }
}

/// How fills are matched into trades.
public enum TripMethod: String, Hashable, Sendable, Codable, CaseIterable {
    /// One trade from flat to flat; partial closes belong to it. P&L is the ledger's, by average cost.
    case flat
    /// One trade a piece of a fill that opened and a fill that closed it, first in, first out.
    case fifo
}

/// Where and when something happened: the record, and its time.
public struct TripMoment: Hashable, Sendable, Codable {
    public var sequence: SequenceNumber
    public var time: Timestamp

    public init(sequence: SequenceNumber, time: Timestamp) {
        self.sequence = sequence
        self.time = time
    }
}

/// A trade: what was opened, what it was closed for, and what it earned.
///
/// Quantities in the base coin (US dollars of inverse contracts), values in the coin that price and quantity make: quote
/// for linear, spot and options, base for inverse. The other amounts in the settle coin.
public struct RoundTrip: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case open
        case closed
        /// The run ended while it was open; the next one opens the ledger anew.
        case cut
    }

    public var key: TripKey
    public var method: TripMethod
    /// Counts the trips of a key and method, from 1; of ``TripMethod/fifo``, the fills that opened.
    public var number: Int64
    /// Of ``TripMethod/fifo``: what was closed of the fill from 1, and 0 for what is left of it and was closed last.
    ///
    /// 0 of others.
    public var part: Int64 = 0
    public var isLong: Bool
    /// It began before the recording: its opening fee is not known, and `entryFees` has only what was paid since.
    public var isOpening: Bool
    public var state = State.open
    public var opened: TripMoment
    /// The last fill that closed some of it; nil before.
    public var closed: TripMoment?
    public var entryQuantity = Amount.zero
    public var exitQuantity = Amount.zero
    public var entryValue = Amount.zero
    public var exitValue = Amount.zero
    /// Before fees and funding; of what is open, what session settlements have paid.
    public var realised = Amount.zero
    /// Positive is paid.
    public var entryFees = Amount.zero
    /// Positive is paid.
    public var exitFees = Amount.zero
    /// Positive is paid.
    public var funding = Amount.zero
    /// Fees were taken in coins that are none of the instrument's too: no amount here has them.
    public var hasOtherFees = false
    /// Fills that had a part in it.
    public var fills: Int64 = 0
    /// The least that it was worth on its way, realised and unrealised before fees, by mark price and its own fills; nil
    /// before a price was seen.
    public var worst: Amount?
    /// The most.
    public var best: Amount?

    /// Without anything in it yet.
    public init(
        _ key: TripKey,
        _ method: TripMethod,
        number: Int64,
        isLong: Bool,
        isOpening: Bool = false,
        at moment: TripMoment
    ) {
        self.key = key
        self.method = method
        self.number = number
        self.isLong = isLong
        self.isOpening = isOpening
        opened = moment
    }

    /// Realised − fees − funding.
    public func net() throws(NumberError) -> Amount {
        try realised.subtracting(entryFees).subtracting(exitFees).subtracting(funding)
    }

    /// From the first record to the last, nanoseconds; nil while open.
    public var held: Int64? {
        closed.map { $0.time.nanoseconds - opened.time.nanoseconds }
    }

    /// The average price of `value` for `quantity`, half to even at 8 decimals; nil where there is none.
    public static func price(_ value: Amount, _ quantity: Amount, _ category: Category) -> Amount? {
        guard !quantity.isZero, !value.isZero else { return nil }
        do throws(NumberError) {
            let one = PowerOfTen.int128(Amount.decimals)
            let price =
                category == .inverse
                ? try quantity.scaled(by: one, over: value.units, rounding: .halfEven)
                : try value.scaled(by: one, over: quantity.units, rounding: .halfEven)
            return try price.rounded(toDecimals: 8, .halfEven)
        } catch {
            return nil
        }
    }

    /// Takes a value that the trip had on its way into `worst` and `best`.
    mutating func see(_ value: Amount) {
        worst = min(worst ?? value, value)
        best = max(best ?? value, value)
    }
}

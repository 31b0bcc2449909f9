import JSON
import Market

/// The names of a ticker's fields: some have another in options and combinations, and another in replies.
///
/// - Source: bybit-v5 §3.3, §6.4.
enum TickerNames {
    private struct Entry {
        var name: StaticString
        var field: TickerField
    }

    private static let names: [Entry] = [
        Entry(name: "lastPrice", field: .lastPrice),
        Entry(name: "markPrice", field: .markPrice),
        Entry(name: "indexPrice", field: .indexPrice),
        Entry(name: "bid1Price", field: .bidPrice),
        Entry(name: "bidPrice", field: .bidPrice),
        Entry(name: "bid1Size", field: .bidSize),
        Entry(name: "bidSize", field: .bidSize),
        Entry(name: "ask1Price", field: .askPrice),
        Entry(name: "askPrice", field: .askPrice),
        Entry(name: "ask1Size", field: .askSize),
        Entry(name: "askSize", field: .askSize),
        Entry(name: "fundingRate", field: .fundingRate),
        Entry(name: "nextFundingTime", field: .nextFundingTime),
        Entry(name: "openInterest", field: .openInterest),
        Entry(name: "highPrice24h", field: .highPrice24h),
        Entry(name: "lowPrice24h", field: .lowPrice24h),
        Entry(name: "prevPrice24h", field: .previousPrice24h),
        Entry(name: "price24hPcnt", field: .change24h),
        Entry(name: "change24h", field: .change24h),
        Entry(name: "volume24h", field: .volume24h),
        Entry(name: "turnover24h", field: .turnover24h),
        Entry(name: "tickDirection", field: .tickDirection),
        Entry(name: "deliveryTime", field: .deliveryTime),
        Entry(name: "curPreListingPhase", field: .preListingPhase),
        Entry(name: "prevPrice1h", field: .previousPrice1h),
        Entry(name: "openInterestValue", field: .openInterestValue),
        Entry(name: "singleOpenInterest", field: .singleOpenInterest),
        Entry(name: "singleOpenInterestValue", field: .singleOpenInterestValue),
        Entry(name: "fundingIntervalHour", field: .fundingIntervalHours),
        Entry(name: "fundingCap", field: .fundingCap),
        Entry(name: "basisRate", field: .basisRate),
        Entry(name: "basis", field: .basis),
        Entry(name: "basisRateYear", field: .basisRateYear),
        Entry(name: "deliveryFeeRate", field: .deliveryFeeRate),
        Entry(name: "predictedDeliveryPrice", field: .predictedDeliveryPrice),
        Entry(name: "preOpenPrice", field: .preOpenPrice),
        Entry(name: "preQty", field: .preQuantity),
        Entry(name: "usdIndexPrice", field: .dollarIndexPrice),
        Entry(name: "bidIv", field: .bidVolatility),
        Entry(name: "bid1Iv", field: .bidVolatility),
        Entry(name: "askIv", field: .askVolatility),
        Entry(name: "ask1Iv", field: .askVolatility),
        Entry(name: "markPriceIv", field: .markVolatility),
        Entry(name: "markIv", field: .markVolatility),
        Entry(name: "underlyingPrice", field: .underlyingPrice),
        Entry(name: "totalVolume", field: .totalVolume),
        Entry(name: "totalTurnover", field: .totalTurnover),
        Entry(name: "delta", field: .delta),
        Entry(name: "gamma", field: .gamma),
        Entry(name: "vega", field: .vega),
        Entry(name: "theta", field: .theta),
    ]

    /// Places in ``names`` by a hash of the name, −1 where there is none; open addressing.
    private static let slots: [Int16] = {
        var slots = [Int16](repeating: -1, count: 256)
        for (place, entry) in names.enumerated() {
            let text = UnsafeRawBufferPointer(
                start: entry.name.utf8Start,
                count: entry.name.utf8CodeUnitCount
            )
            var slot = hash(text)
            while slots[slot] >= 0 { slot = (slot + 1) & 255 }
            slots[slot] = Int16(place)
        }
        return slots
    }()

    @inline(__always)
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        let count = name.count
        guard count > 0 else { return 0 }
        let first = Int(name[0])
        let middle = Int(name[count / 2])
        let last = Int(name[count - 1])
        return (count &* 37 &+ first &* 11 &+ middle &* 5 &+ last) & 255
    }

    /// The field of a member; `nil` when its name is none.
    static func field(of member: JSONValue) -> TickerField? {
        let name = member.rawKey
        var slot = hash(name)
        while slots[slot] >= 0 {
            let entry = names[Int(slots[slot])]
            if member.isNamed(entry.name) { return entry.field }
            slot = (slot + 1) & 255
        }
        // A name with an escape has another hash than the name that it means.
        guard name.contains(UInt8(ascii: "\\")) else { return nil }
        return names.first { member.isNamed($0.name) }?.field
    }

    /// The same for a name that has no escape.
    static func field(of name: UnsafeRawBufferPointer) -> TickerField? {
        var slot = hash(name)
        while slots[slot] >= 0 {
            let entry = names[Int(slots[slot])]
            if isSame(name, entry.name) { return entry.field }
            slot = (slot + 1) & 255
        }
        return nil
    }

    @inline(__always)
    private static func isSame(_ name: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        let count = name.count
        guard count == other.utf8CodeUnitCount else { return false }
        let other = UnsafeRawBufferPointer(start: other.utf8Start, count: count)
        var offset = 0
        while offset &+ 8 <= count {
            if name.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset &+= 8
        }
        while offset < count {
            if name[offset] != other[offset] { return false }
            offset &+= 1
        }
        return true
    }

    /// The fields that a push of a category may have, in its order.
    static func fields(of category: Category) -> [(field: TickerField, name: StaticString)] {
        switch category {
        case .option: optionFields
        case .spread: spreadFields
        case .linear, .inverse, .spot: contractFields
        }
    }

    private static let optionFields = list(.option)
    private static let spreadFields = list(.spread)
    private static let contractFields = list(.linear)

    private static func list(_ category: Category) -> [(field: TickerField, name: StaticString)] {
        TickerField.allCases.compactMap { field in name(of: field, category).map { (field, $0) } }
    }

    /// The name that a push of that category has; `nil` where the category has no such field.
    private static func name(of field: TickerField, _ category: Category) -> StaticString? {
        let isOption = category == .option
        let isPlain = isOption || category == .spread
        switch field {
        case .bidPrice: return isPlain ? "bidPrice" : "bid1Price"
        case .bidSize: return isPlain ? "bidSize" : "bid1Size"
        case .askPrice: return isPlain ? "askPrice" : "ask1Price"
        case .askSize: return isPlain ? "askSize" : "ask1Size"
        case .change24h: return isOption ? "change24h" : "price24hPcnt"
        case .bidVolatility: return "bidIv"
        case .askVolatility: return "askIv"
        case .markVolatility: return "markPriceIv"
        default: return names.first { $0.field == field }?.name
        }
    }
}

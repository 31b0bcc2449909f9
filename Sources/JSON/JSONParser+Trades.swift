internal import CSimdjson
public import Market

/// Bytes of the text that was read.
public struct JSONText {
    var start: UInt32
    var length: UInt32

    public var isEmpty: Bool { length == 0 }
}

/// A trade of a push; its texts stand in the push's bytes.
public struct JSONTrade {
    public var timeMilliseconds: Int64
    /// 0 when absent.
    public var crossSequence: Int64
    public var symbol: JSONText
    /// Not empty.
    public var id: JSONText
    /// Empty when absent.
    public var tickDirection: JSONText
    public var isBuy: Bool
    public var isBlock: Bool
    public var isImprovement: Bool
    public var price: Numeral
    public var size: Numeral
}

/// A push of public trades in the parser's and the text's memory: holds until the parser reads again.
public struct JSONTradesPush {
    public var ts: Int64
    public var trades: UnsafeBufferPointer<JSONTrade>
    let text: UnsafeRawPointer

    public func bytes(of part: JSONText) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text + Int(part.start), count: Int(part.length))
    }
}

extension JSONParser {
    /// Reads a push of public trades; `nil` for anything out of the ordinary, which ``root(_:)`` then explains.
    ///
    /// - Source: `{"topic":…,"type":…,"ts":…,"data":[{"T":…,"s":…,"S":…,"v":…,"p":…,"L":…,"i":…,"BT":…,"RPI":…,"seq":…},…]}`
    ///   in any order of keys, what may be absent left out.
    public func trades(_ text: UnsafeRawBufferPointer) -> JSONTradesPush? {
        guard JSONParser.tradesMatch, let native, let base = text.baseAddress else { return nil }
        var push = tdj_trades()
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        guard tdj_parse_trades(native, bytes, text.count, &push) == Int32(TDJ_OK.rawValue) else {
            return nil
        }
        let start = UnsafeRawPointer(push.trades)?.assumingMemoryBound(to: JSONTrade.self)
        return JSONTradesPush(
            ts: push.ts,
            trades: UnsafeBufferPointer(start: start, count: Int(push.count)),
            text: base
        )
    }

    /// True when a trade here and in the shim has the same fields in the same places.
    private static let tradesMatch: Bool =
        JSONParser.numeralMatches && JSONParser.textMatches && JSONParser.tradeFieldsMatch
        && MemoryLayout<JSONTrade>.offset(of: \.timeMilliseconds)
            == MemoryLayout<tdj_trade>.offset(of: \.time)

    private static let tradeFieldsMatch: Bool =
        MemoryLayout<JSONTrade>.stride == MemoryLayout<tdj_trade>.stride
        && MemoryLayout<JSONTrade>.offset(of: \.crossSequence)
            == MemoryLayout<tdj_trade>.offset(of: \.cross_sequence)
        && MemoryLayout<JSONTrade>.offset(of: \.symbol)
            == MemoryLayout<tdj_trade>.offset(of: \.symbol)
        && MemoryLayout<JSONTrade>.offset(of: \.id) == MemoryLayout<tdj_trade>.offset(of: \.id)
        && MemoryLayout<JSONTrade>.offset(of: \.tickDirection)
            == MemoryLayout<tdj_trade>.offset(of: \.tick_direction)
        && MemoryLayout<JSONTrade>.offset(of: \.isBuy)
            == MemoryLayout<tdj_trade>.offset(of: \.is_buy)
        && MemoryLayout<JSONTrade>.offset(of: \.isBlock)
            == MemoryLayout<tdj_trade>.offset(of: \.is_block)
        && MemoryLayout<JSONTrade>.offset(of: \.isImprovement)
            == MemoryLayout<tdj_trade>.offset(of: \.is_improvement)
        && MemoryLayout<JSONTrade>.offset(of: \.price)
            == MemoryLayout<tdj_trade>.offset(of: \.price)
        && MemoryLayout<JSONTrade>.offset(of: \.size)
            == MemoryLayout<tdj_trade>.offset(of: \.size)
}

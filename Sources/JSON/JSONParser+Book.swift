internal import CSimdjson
public import Market

/// An order book push in the parser's and the text's memory: holds until the parser reads again.
public struct JSONBookPush {
    public var isSnapshot: Bool
    public var updateID: Int64
    public var crossSequence: Int64
    public var ts: Int64
    /// 0 when absent.
    public var cts: Int64
    public var symbol: UnsafeRawBufferPointer
    public var bids: UnsafeBufferPointer<LevelNumerals>
    public var asks: UnsafeBufferPointer<LevelNumerals>
}

extension JSONParser {
    /// Reads an order book push straight into levels; `nil` for anything out of the ordinary, which
    /// ``root(_:)`` then explains.
    ///
    /// - Source: `{"topic":…,"type":…,"ts":…,"data":{"s":…,"b":[[price,size],…],"a":[…],"u":…,"seq":…},"cts":…}` in
    ///   any order of keys.
    public func book(_ text: UnsafeRawBufferPointer) -> JSONBookPush? {
        guard JSONParser.levelsMatch, let native, let base = text.baseAddress else { return nil }
        var book = tdj_book()
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        guard tdj_parse_book(native, bytes, text.count, &book) == Int32(TDJ_OK.rawValue) else {
            return nil
        }
        return JSONBookPush(
            isSnapshot: book.is_snapshot != 0,
            updateID: book.update_id,
            crossSequence: book.cross_sequence,
            ts: book.ts,
            cts: book.cts,
            symbol: UnsafeRawBufferPointer(
                start: base + Int(book.symbol.start),
                count: Int(book.symbol.length)
            ),
            bids: JSONParser.levels(book.bids, book.bid_count),
            asks: JSONParser.levels(book.asks, book.ask_count)
        )
    }

    /// A list of levels, `[[price,size],…]`, of the object that was read last; `nil` for anything out of the ordinary, which a
    /// look at each of its values then explains.
    public func levels(_ list: JSONValue) -> UnsafeBufferPointer<LevelNumerals>? {
        guard JSONParser.levelsMatch, let native, list.isArray else { return nil }
        var levels: UnsafePointer<tdj_level>?
        var count: UInt32 = 0
        let status = tdj_parse_levels(
            native,
            list.text.assumingMemoryBound(to: UInt8.self),
            list.offset,
            list.raw.count,
            &levels,
            &count
        )
        guard status == Int32(TDJ_OK.rawValue) else { return nil }
        return JSONParser.levels(levels, count)
    }

    /// The shim's levels seen as ours: the two are laid out alike, which ``levelsMatch`` has made sure of.
    private static func levels(
        _ levels: UnsafePointer<tdj_level>?,
        _ count: UInt32
    ) -> UnsafeBufferPointer<LevelNumerals> {
        let start = UnsafeRawPointer(levels)?.assumingMemoryBound(to: LevelNumerals.self)
        return UnsafeBufferPointer(start: start, count: Int(count))
    }

    /// True when a level here and in the shim has the same fields in the same places.
    private static let levelsMatch: Bool =
        JSONParser.numeralMatches
        && MemoryLayout<LevelNumerals>.stride == MemoryLayout<tdj_level>.stride
        && MemoryLayout<LevelNumerals>.offset(of: \.price)
            == MemoryLayout<tdj_level>.offset(of: \.price)
        && MemoryLayout<LevelNumerals>.offset(of: \.size)
            == MemoryLayout<tdj_level>.offset(of: \.size)
}

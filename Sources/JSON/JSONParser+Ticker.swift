internal import CSimdjson
public import Market

/// A member of an object that is a string; its texts stand in the push's bytes.
public struct JSONMember {
    public var name: JSONText
    public var value: JSONText
    /// The value is a decimal: ``number``.
    public var isNumber: Bool
    public var number: Numeral
}

/// A push of a ticker in the parser's and the text's memory: holds until the parser reads again.
public struct JSONTickerPush {
    public var isSnapshot: Bool
    public var ts: Int64
    /// 0 when absent.
    public var crossSequence: Int64
    /// All that its `data` has, in order.
    public var members: UnsafeBufferPointer<JSONMember>
    let text: UnsafeRawPointer

    public func bytes(of part: JSONText) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text + Int(part.start), count: Int(part.length))
    }
}

extension JSONParser {
    /// Reads a push of a ticker; `nil` for anything out of the ordinary, which ``root(_:)`` then explains.
    ///
    /// - Source: `{"topic":…,"type":…,"data":{"symbol":…,…},"cs":…,"ts":…}` in any order of keys, all of `data` strings.
    public func ticker(_ text: UnsafeRawBufferPointer) -> JSONTickerPush? {
        guard JSONParser.membersMatch, let native, let base = text.baseAddress else { return nil }
        var push = tdj_ticker()
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        guard tdj_parse_ticker(native, bytes, text.count, &push) == Int32(TDJ_OK.rawValue) else {
            return nil
        }
        let start = UnsafeRawPointer(push.members)?.assumingMemoryBound(to: JSONMember.self)
        return JSONTickerPush(
            isSnapshot: push.is_snapshot != 0,
            ts: push.ts,
            crossSequence: push.cross_sequence,
            members: UnsafeBufferPointer(start: start, count: Int(push.count)),
            text: base
        )
    }

    /// True when a member here and in the shim has the same fields in the same places.
    private static let membersMatch: Bool =
        JSONParser.numeralMatches && JSONParser.textMatches
        && MemoryLayout<JSONMember>.stride == MemoryLayout<tdj_member>.stride
        && MemoryLayout<JSONMember>.offset(of: \.name)
            == MemoryLayout<tdj_member>.offset(of: \.name)
        && MemoryLayout<JSONMember>.offset(of: \.value)
            == MemoryLayout<tdj_member>.offset(of: \.value)
        && MemoryLayout<JSONMember>.offset(of: \.isNumber)
            == MemoryLayout<tdj_member>.offset(of: \.is_number)
        && MemoryLayout<JSONMember>.offset(of: \.number)
            == MemoryLayout<tdj_member>.offset(of: \.number)
}

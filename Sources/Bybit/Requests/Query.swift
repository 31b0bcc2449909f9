public import Market

/// The text after `?`, built in the order of the calls and percent-encoded once.
public struct Query: Hashable, Sendable {
    public private(set) var text: String

    /// Nothing is asked for but what is added.
    init() { text = "" }

    public init(_ name: String, _ value: String) {
        text = name + "=" + Query.encoded(value)
    }

    public init(_ category: Category) { self.init("category", category.name) }

    public init(_ instrument: InstrumentID) {
        self = Query(instrument.category).with("symbol", instrument.symbol.description)
    }

    public func with(_ name: String, _ value: String) -> Query {
        var query = self
        if !text.isEmpty { query.text += "&" }
        query.text += name + "=" + Query.encoded(value)
        return query
    }

    public func with(_ name: String, _ value: some BinaryInteger) -> Query {
        with(name, String(value))
    }

    /// With a value where there is one.
    func with(_ name: String, ifAny value: String?) -> Query {
        value.map { with(name, $0) } ?? self
    }

    func with(_ name: String, ifAny symbol: Symbol?) -> Query {
        with(name, ifAny: symbol?.description)
    }

    func with(_ name: String, ifAny value: Int?) -> Query {
        with(name, ifAny: value.map { String($0) })
    }

    /// `startTime` and `endTime`, Unix milliseconds.
    func times(_ since: Int64?, _ until: Int64?) -> Query {
        with("startTime", ifAny: since.map { String($0) })
            .with("endTime", ifAny: until.map { String($0) })
    }

    /// Linear lists need a symbol or the coin that is settled in.
    func settled(_ category: Category) -> Query {
        category == .linear ? with("settleCoin", "USDT") : self
    }

    /// The same question for the page at `cursor`.
    ///
    /// The cursor is percent-encoded already: it goes as it came. An empty one asks for the first page.
    static func page(_ query: String, cursor: String) -> String {
        let kept = query.split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let next = cursor.isEmpty ? [] : ["cursor=" + cursor]
        return (kept.map(String.init) + next).joined(separator: "&")
    }

    /// Everything but unreserved characters as `%XX`.
    ///
    /// - Source: RFC 3986 §2.3.
    static func encoded(_ value: String) -> String {
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Names and decoded values in the order of the text; a bad `%` escape stands as it is.
    static func pairs(_ query: String) -> [(name: String, value: String)] {
        query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        let raw = Array(text.utf8)
        var bytes: [UInt8] = []
        var offset = 0
        while offset < raw.count {
            if raw[offset] == UInt8(ascii: "%"), offset + 2 < raw.count,
                let high = hex(raw[offset + 1]), let low = hex(raw[offset + 2])
            {
                bytes.append(high << 4 | low)
                offset += 3
            } else {
                bytes.append(raw[offset] == UInt8(ascii: "+") ? 0x20 : raw[offset])
                offset += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

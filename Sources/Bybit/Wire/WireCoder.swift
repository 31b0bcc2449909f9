import Market

/// One direction of a message's description.
///
/// Each message is described once, as a walk over its fields in the order of the wire (`mutating func code`): a
/// ``RowReader`` on that walk fills the value from JSON, a ``WireWriter`` writes the value as JSON.
protocol WireCoder {
    /// Where the row stands: a push names its category, a row of a list reply does not.
    var form: RowForm { get }
    /// What is written: the category of rows that do not say it themselves and have fewer keys in some.
    var category: Category { get }

    mutating func text(_ key: StaticString, _ value: inout String, _ presence: Presence)
    /// A text whose key is left out when it is empty: an id of a request, a trade's tick direction.
    mutating func tag(_ key: StaticString, _ value: inout String)
    mutating func tag(_ key: StaticString, _ value: inout String?)
    /// A word of an enumeration that the exchange adds to: unknown words are kept.
    mutating func word<Word: WireWord>(
        _ key: StaticString,
        _ value: inout Word,
        _ presence: Presence
    )
    mutating func category(_ key: StaticString, _ value: inout Category)
    mutating func symbol(_ key: StaticString, _ value: inout Symbol)
    mutating func side(_ key: StaticString, _ value: inout Side)
    /// `""` (and REST's `None`) is no side.
    mutating func side(_ key: StaticString, _ value: inout Side?)
    mutating func numeral(_ key: StaticString, _ value: inout Numeral, _ presence: Presence)
    mutating func numeral(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence)
    mutating func amount(_ key: StaticString, _ value: inout Amount, _ presence: Presence)
    mutating func amount(_ key: StaticString, _ value: inout Amount?, _ absence: Absence)
    /// An amount that decides nothing, `0` for none: what is no amount reads as none, without a finding, since a finding
    /// of a private push has the account asked for anew and new orders wait.
    mutating func remark(_ key: StaticString, _ value: inout Amount?)
    /// A JSON number; reading takes a string of digits too, since Bybit's own pages differ on some.
    mutating func integer(_ key: StaticString, _ value: inout Int64, _ presence: Presence)
    /// A whole number as a JSON string: Unix milliseconds.
    mutating func time(_ key: StaticString, _ value: inout Int64, _ presence: Presence)
    mutating func time(_ key: StaticString, _ value: inout Int64?)
    mutating func flag(_ key: StaticString, _ value: inout Bool)
    /// A switch of a request: the key is left out when it is off.
    mutating func option(_ key: StaticString, _ value: inout Bool)
    /// A number that Bybit writes as a string in one place and as a JSON number in another; written as a string.
    ///
    /// A missing key and `""` are none; none is written as `absence` says.
    mutating func number(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence)
    mutating func integers(_ key: StaticString, _ values: inout [Int64])
    mutating func texts(_ key: StaticString, _ values: inout [String])
    /// Rows in an array of their own; none and a missing array are the same.
    mutating func rows<Row: WireRow>(_ key: StaticString, _ rows: inout [Row])
    /// An object with a number for each coin, such as `cumFeeDetail`.
    mutating func amounts(_ key: StaticString, _ amounts: inout [CoinAmount])
    /// Taxes of an execution: an array of objects, `""` for none.
    mutating func fees(_ key: StaticString, _ fees: inout [ExtraFee])
    /// Fields in an object of their own. Reading takes a missing object for an empty one.
    mutating func nested(_ key: StaticString, _ body: (inout Self) -> Void)
    /// A field that is not modelled: written as this JSON text, not read.
    mutating func constant(_ key: StaticString, _ json: StaticString)
    /// Fields that follow from others: written, not read.
    mutating func derived(_ write: (inout WireWriter) -> Void)
}

enum RowForm: Sendable {
    /// A row of a private push.
    case push
    /// A row of a REST list.
    case list
    /// A row of `order/history`, which names one field otherwise; only written.
    case history
}

/// What reading does when a field is not there.
enum Presence: Sendable {
    /// A finding, and the row is left out.
    case required
    /// The value stays what it was; so does it for `""`.
    case optional
}

/// How no number is written, and what reads as none.
enum Absence: Sendable {
    /// `""`; a missing key and `""` are none.
    case empty
    /// `"0"`; zero, a missing key and `""` are none: an average of nothing.
    case zero
    /// The key is left out; a missing key and `""` are none.
    case omitted
}

/// An enumeration with a word on the wire for each case, unknown words included.
protocol WireWord {
    init(name: String)
    var name: String { get }
}

extension OrderType: WireWord {}
extension TimeInForce: WireWord {}
extension OrderStatus: WireWord {}
extension ExecutionType: WireWord {}

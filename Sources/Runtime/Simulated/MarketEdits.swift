public import Market

/// Changes of a recorded market for one simulated run; the recording itself is only read.
///
/// A small text file, one edit a line, `#` begins a remark. Numbers of records are the recording's own.
///
/// | line | what it does |
/// | --- | --- |
/// | `drop 120345`, `drop 120345-120360` | the client does not get these records |
/// | `delay 120345 50ms` | the client gets this record later |
/// | `delay public 50ms`, `delay private 50ms` | the same of all public or all private messages |
/// | `level 120345 Buy 90000.1 0.5` | in this push of a book the level has this size; 0 deletes it |
/// | `trade 120345 1 90000.1 0.5` | the first trade of this push has this price and size |
/// | `mark 120345 90000.1` | the mark price of this push of a ticker |
public struct MarketEdits: Hashable, Sendable {
    public struct Drop: Hashable, Sendable {
        public var first: SequenceNumber
        public var last: SequenceNumber

        public init(first: SequenceNumber, last: SequenceNumber) {
            self.first = first
            self.last = last
        }
    }

    /// What is changed inside of one record.
    public enum Change: Hashable, Sendable {
        case level(Side, price: Numeral, size: Numeral)
        /// Counted from 1.
        case trade(Int, price: Numeral, size: Numeral)
        case mark(Numeral)
    }

    public var drops: [Drop] = []
    /// Nanoseconds by record.
    public var delays: [(SequenceNumber, Int64)] {
        get { late.map { ($0.record, $0.nanoseconds) } }
        set { late = newValue.map { Late(record: $0.0, nanoseconds: $0.1) } }
    }
    /// Nanoseconds, ≥ 0.
    public var publicDelay: Int64 = 0
    public var privateDelay: Int64 = 0
    private var late: [Late] = []
    private(set) var changes: [Changed] = []

    private struct Late: Hashable, Sendable {
        var record: SequenceNumber
        var nanoseconds: Int64
    }

    struct Changed: Hashable, Sendable {
        var record: SequenceNumber
        var change: Change
    }

    public init() {}

    public var isEmpty: Bool { self == MarketEdits() }

    public mutating func change(_ record: SequenceNumber, _ change: Change) {
        changes.append(Changed(record: record, change: change))
    }

    func isDropped(_ record: SequenceNumber) -> Bool {
        drops.contains { $0.first <= record && record <= $0.last }
    }

    func delay(of record: SequenceNumber) -> Int64 {
        late.reduce(0) { $1.record == record ? $0 + $1.nanoseconds : $0 }
    }

    /// Changes a record where an edit says so.
    ///
    /// - Throws: an edit that does not fit the record.
    func apply(_ record: SequenceNumber, to event: inout Event) throws(EditError) {
        for item in changes where item.record == record {
            switch item.change {
            case .level(let side, let price, let size):
                guard event.kind == .book else { throw EditError(record, "is no push of a book") }
                let row = LevelNumerals(price: price, size: size)
                if side == .buy {
                    event.book.bids.removeAll { $0.price == price }
                    event.book.bids.append(row)
                } else {
                    event.book.asks.removeAll { $0.price == price }
                    event.book.asks.append(row)
                }
            case .trade(let number, let price, let size):
                guard event.kind == .publicTrades, event.trades.indices.contains(number - 1) else {
                    throw EditError(record, "has no public trade \(number)")
                }
                event.trades[number - 1].price = price
                event.trades[number - 1].size = size
            case .mark(let price):
                guard event.kind == .ticker else { throw EditError(record, "is no ticker") }
                event.ticker.markPrice = price
            }
        }
    }
}

/// An edit that cannot be made: of a line, or of the record that it names.
public struct EditError: Error, Hashable, Sendable {
    /// From 1; 0 where an edit did not fit its record.
    public var line: Int
    public var what: String

    init(line: Int, _ what: String) {
        self.line = line
        self.what = what
    }

    init(_ record: SequenceNumber, _ what: String) {
        line = 0
        self.what = "record \(record) \(what)"
    }
}

extension EditError: CustomStringConvertible {
    public var description: String { line > 0 ? "line \(line): \(what)" : what }
}

extension MarketEdits {
    static let forms =
        "drop N, drop N-M, delay N DURATION, delay public DURATION, delay private DURATION,"
        + " level N Buy|Sell PRICE SIZE, trade N PLACE PRICE SIZE, mark N PRICE"

    /// Reads the text of a file.
    public init(text: String) throws(EditError) {
        for (place, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let verb = words.first else { continue }
            guard take(String(verb), words.dropFirst().map(String.init)) else {
                throw EditError(
                    line: place + 1,
                    "\"\(words.joined(separator: " "))\" is no edit; write one of: "
                        + MarketEdits.forms
                )
            }
        }
    }

    private mutating func take(_ verb: String, _ words: [String]) -> Bool {
        switch (verb, words.count) {
        case ("drop", 1): return addDrop(words[0])
        case ("delay", 2): return addDelay(words[0], words[1])
        case ("level", 4):
            guard let record = MarketEdits.record(words[0]), let side = Side(name: words[1]),
                let price = try? Numeral(text: words[2]), let size = try? Numeral(text: words[3]),
                size.mantissa >= 0
            else { return false }
            change(record, .level(side, price: price, size: size))
        case ("trade", 4):
            guard let record = MarketEdits.record(words[0]), let number = Int(words[1]), number > 0,
                let price = try? Numeral(text: words[2]), let size = try? Numeral(text: words[3]),
                size.mantissa > 0
            else { return false }
            change(record, .trade(number, price: price, size: size))
        case ("mark", 2):
            guard let record = MarketEdits.record(words[0]),
                let price = try? Numeral(text: words[1]),
                price.mantissa > 0
            else { return false }
            change(record, .mark(price))
        default: return false
        }
        return true
    }

    /// `120345` or `120345-120360`; false when it is neither.
    public mutating func addDrop(_ text: String) -> Bool {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(ends.count), let first = MarketEdits.record(ends[0]),
            let last = MarketEdits.record(ends[ends.count - 1]), first <= last
        else { return false }
        drops.append(Drop(first: first, last: last))
        return true
    }

    /// `private`, `public` or a record's number, and `50ms`; false when it is none.
    public mutating func addDelay(_ what: String, _ duration: String) -> Bool {
        guard let nanoseconds = MarketEdits.nanoseconds(duration) else { return false }
        switch what {
        case "private": privateDelay += nanoseconds
        case "public": publicDelay += nanoseconds
        default:
            guard let record = MarketEdits.record(what) else { return false }
            delays.append((record, nanoseconds))
        }
        return true
    }

    private static func record(_ text: String) -> SequenceNumber? {
        UInt64(text).flatMap { $0 > 0 ? SequenceNumber($0) : nil }
    }

    /// `250us`, `50ms`, `5s` or `2m`, at most an hour.
    public static func nanoseconds(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isNumber }
        guard let count = Int64(String(digits)), count >= 0 else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "us": unit = 1_000
        case "ms": unit = 1_000_000
        case "s": unit = 1_000_000_000
        case "m": unit = 60_000_000_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow, product <= 3_600_000_000_000 else { return nil }
        return product
    }
}

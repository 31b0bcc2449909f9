public import Market

/// A type of a strategy's parameter: read from text, written back as text, exact.
public protocol ParameterValue: Hashable, Sendable, Codable {
    /// `nil` when the text is not a value of this type.
    init?(parameter text: String)
    /// Text from which the same value is read.
    var parameterText: String { get }
    /// What may be written, as the end of the sentence *write …*.
    static var allowed: String { get }
}

extension Int: ParameterValue {
    public init?(parameter text: String) { self.init(text) }
    public var parameterText: String { String(self) }
    public static var allowed: String { "a whole number, such as 3" }
}

extension Int64: ParameterValue {
    public init?(parameter text: String) { self.init(text) }
    public var parameterText: String { String(self) }
    public static var allowed: String { "a whole number, such as 3" }
}

extension Bool: ParameterValue {
    public init?(parameter text: String) {
        switch text {
        case "true", "yes", "on": self = true
        case "false", "no", "off": self = false
        default: return nil
        }
    }

    public var parameterText: String { self ? "true" : "false" }
    public static var allowed: String { "true or false" }
}

extension String: ParameterValue {
    public init?(parameter text: String) { self = text }
    public var parameterText: String { self }
    public static var allowed: String { "any text" }
}

extension Numeral: ParameterValue {
    public init?(parameter text: String) {
        do {
            try self.init(text: text)
        } catch {
            return nil
        }
    }

    public var parameterText: String { description }
    public static var allowed: String { "a decimal number, such as 0.010" }
}

extension Amount: ParameterValue {
    public init?(parameter text: String) {
        do {
            try self.init(text: text)
        } catch {
            return nil
        }
    }

    public var parameterText: String { description }
    public static var allowed: String { "an amount of money, such as 2500.00" }
}

extension Symbol: ParameterValue {
    public init?(parameter text: String) { self.init(text) }
    public var parameterText: String { description }
    public static var allowed: String { "a symbol, such as BTCUSDT" }
}

/// A list in the order it was written: `BTCUSDT,ETHUSDT`.
public struct ParameterList<Element: ParameterValue>: ParameterValue {
    public var elements: [Element]

    public init(_ elements: [Element]) { self.elements = elements }

    public init?(parameter text: String) {
        var elements: [Element] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let element = Element(parameter: trimmed(part)) else { return nil }
            elements.append(element)
        }
        self.init(elements)
    }

    public var parameterText: String {
        elements.map(\.parameterText).joined(separator: ",")
    }

    public static var allowed: String { "a list with commas, each " + Element.allowed }
}

/// One value for all symbols, or one for each: `0.010`, or `BTCUSDT=0.010,ETHUSDT=0.20`.
///
/// Both may be mixed, `5,BTCUSDT=0.5`: the value without a symbol then holds for all that are not named.
public struct PerSymbol<Value: ParameterValue>: ParameterValue {
    public struct Entry: Hashable, Sendable, Codable {
        public var symbol: Symbol
        public var value: Value
    }

    /// For symbols that are not named; `nil` when there is none.
    public var common: Value?
    /// Sorted by symbol.
    public private(set) var entries: [Entry] = []

    public init(_ common: Value?) { self.common = common }

    public init?(parameter text: String) {
        self.init(nil)
        guard !text.isEmpty else { return nil }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 1 {
                guard common == nil, let value = Value(parameter: trimmed(pair[0])) else {
                    return nil
                }
                common = value
            } else {
                guard let symbol = Symbol(trimmed(pair[0])), self.exact(symbol) == nil,
                    let value = Value(parameter: trimmed(pair[1]))
                else { return nil }
                set(value, for: symbol)
            }
        }
    }

    public subscript(symbol: Symbol) -> Value? { exact(symbol) ?? common }

    public mutating func set(_ value: Value, for symbol: Symbol) {
        let place = entries.firstIndex { $0.symbol >= symbol } ?? entries.count
        if place < entries.count, entries[place].symbol == symbol {
            entries[place].value = value
        } else {
            entries.insert(Entry(symbol: symbol, value: value), at: place)
        }
    }

    private func exact(_ symbol: Symbol) -> Value? {
        entries.first { $0.symbol == symbol }?.value
    }

    public var parameterText: String {
        var parts = common.map { [$0.parameterText] } ?? []
        parts += entries.map { "\($0.symbol)=\($0.value.parameterText)" }
        return parts.joined(separator: ",")
    }

    public static var allowed: String {
        Value.allowed + ", or one for each symbol: BTCUSDT=…,ETHUSDT=…"
    }
}

/// The text without spaces at its ends.
func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
}

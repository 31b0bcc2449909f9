public import Market

/// A topic of one symbol, or of every symbol that a pattern or a rank picks.
///
/// As text: `linear:orderbook.50.BTCUSDT`, `linear:orderbook.50.*USDT`, `linear:tickers.top:30`,
/// `option:tickers.BTC-* within:30d`, `spread:orderbook.25.*`. The trades of options come by base coin: the rule
/// `option:publicTrade.BTC-*` asks for `publicTrade.BTC`.
///
/// A rule for options names its base coin first, `BTC-*` or `ETH-*`: the exchange lists and ranks options coin by coin,
/// so that `*`, `*-C` and `top:30` could mean one coin alone. They are refused.
public struct SubscriptionRule: Hashable, Sendable {
    /// Which symbols are meant.
    public enum Selection: Hashable, Sendable {
        /// This one, listed or not; it goes when it was listed and is not any more.
        case name(String)
        /// All that begin and end so: a name with one `*`.
        case pattern(prefix: String, suffix: String)
        /// The first by turnover of 24 hours in dollars; no text of a rule asks for those of options or combinations.
        case top(Int)
    }

    public var category: Category
    /// The topic up to the symbol, without the last point: `orderbook.50`, `tickers`.
    public var head: String
    public var selection: Selection
    /// Only contracts that are delivered within this many milliseconds; `nil`: all.
    public var within: Int64?

    public init(
        _ category: Category,
        head: String,
        selection: Selection,
        within: Int64? = nil
    ) {
        self.category = category
        self.head = head
        self.selection = selection
        self.within = within
    }

    /// Reads the text of a rule.
    public init(text: String) throws(SubscriptionRuleError) {
        let words = text.split(separator: " ").map(String.init)
        guard let first = words.first, words.count <= 2 else { throw .shape(text) }
        let pair = first.split(separator: ":", maxSplits: 1)
        guard pair.count == 2, let category = Category(name: pair[0]) else { throw .shape(text) }
        var within: Int64?
        if words.count == 2 {
            guard words[1].hasPrefix("within:"),
                let span = SubscriptionRule.milliseconds(words[1].dropFirst(7))
            else { throw .window(words[1]) }
            within = span
        }
        try self.init(category, topic: String(pair[1]), within: within)
    }

    /// Reads the rule in a topic.
    public init(
        _ category: Category,
        topic: String,
        within: Int64? = nil
    ) throws(SubscriptionRuleError) {
        guard !topic.isEmpty, topic.utf8.allSatisfy(SubscriptionRule.isPlain) else {
            throw .topic(topic)
        }
        // Books and candles have a word more before the symbol; a symbol has no point.
        let parts = topic.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else { throw .topic(topic) }
        let name = parts[parts.count - 1]
        let head = parts.dropLast().joined(separator: ".")
        self.init(
            category,
            head: head,
            selection: try SubscriptionRule.selection(name),
            within: within
        )
        if within != nil, case .name = selection { throw .window(topic) }
        // Their turnover is told one combination at a time.
        if category == .spread, case .top = selection { throw .unranked(topic) }
        if category == .option, !namesCoin { throw .coinless(topic) }
    }

    /// Of options: whose list it goes by.
    private var namesCoin: Bool {
        switch selection {
        case .name: true
        case .pattern(let prefix, _): prefix.contains("-")
        case .top: false
        }
    }

    private static func selection(_ name: String) throws(SubscriptionRuleError) -> Selection {
        if name.hasPrefix("top:") {
            guard let count = Int(name.dropFirst(4)), (1...10_000).contains(count) else {
                throw .rank(name)
            }
            return .top(count)
        }
        guard name.contains("*") else { return .name(name) }
        let parts = name.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw .stars(name) }
        return .pattern(prefix: parts[0], suffix: parts[1])
    }

    /// `30d`, `12h`, `90m`.
    private static func milliseconds(_ text: Substring) -> Int64? {
        let unit: Int64
        switch text.last {
        case "d": unit = 86_400_000
        case "h": unit = 3_600_000
        case "m": unit = 60_000
        default: return nil
        }
        guard let count = Int64(text.dropLast()), (1...100_000).contains(count) else { return nil }
        return count * unit
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            && byte != UInt8(ascii: ",")
    }

    /// The selection has this symbol, if it is open and, of those that are ranked, high enough.
    func mayPick(_ symbol: Symbol) -> Bool {
        switch selection {
        case .name(let name): return symbol.description == name
        case .pattern(let prefix, let suffix):
            let text = symbol.description
            return text.utf8.count >= prefix.utf8.count + suffix.utf8.count
                && text.hasPrefix(prefix) && text.hasSuffix(suffix)
        case .top: return true
        }
    }

    /// True when the topics follow from what is listed.
    public var isDynamic: Bool {
        if case .name = selection { return false }
        return true
    }
}

extension SubscriptionRule: CustomStringConvertible {
    /// The text that it is read from.
    public var description: String {
        let name =
            switch selection {
            case .name(let name): name
            case .pattern(let prefix, let suffix): prefix + "*" + suffix
            case .top(let count): "top:\(count)"
            }
        let text = "\(category.name):\(head).\(name)"
        guard let within else { return text }
        if within % 86_400_000 == 0 { return text + " within:\(within / 86_400_000)d" }
        if within % 3_600_000 == 0 { return text + " within:\(within / 3_600_000)h" }
        return text + " within:\(within / 60_000)m"
    }
}

/// Why a text is no rule.
public enum SubscriptionRuleError: Error, Hashable, Sendable, CustomStringConvertible {
    case shape(String)
    case topic(String)
    case window(String)
    case rank(String)
    case stars(String)
    case unranked(String)
    case coinless(String)

    public var description: String {
        switch self {
        case .shape(let text): "\(text) is not CATEGORY:TOPIC, or CATEGORY:TOPIC within:30d"
        case .topic(let text):
            "\(text) is not a topic such as orderbook.50.BTCUSDT or tickers.*USDT"
        case .window(let text):
            "\(text) is no window: write within:30d, 12h or 90m after a rule with * or top"
        case .rank(let text): "\(text) is no rank: write top:30"
        case .stars(let text): "\(text) has more than one *"
        case .unranked(let text):
            "\(text) ranks combinations, which the exchange does not: name them, or write * for all"
        case .coinless(let text):
            "\(text) names no coin, and options are listed coin by coin: write BTC-*, BTC-*-C or"
                + " BTC-* within:7d, a rule for each coin"
        }
    }
}

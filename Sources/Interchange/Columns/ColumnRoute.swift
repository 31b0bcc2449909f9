import Bybit
import Market

/// What the records of one stream are to the tables, worked out once from its name.
///
/// A class: each record of the stream looks at it, and copying its texts would show.
final class ColumnRoute: Sendable {
    enum Subject: Hashable {
        case none
        case trades
        case tickers
        case klines
        case book
        /// The life of a public socket, which its books hang on.
        case link
    }

    let name: StreamName
    let subject: Subject
    /// `public/linear`, with the slot of a second socket: what a link record speaks of.
    let socket: String
    let category: String
    /// Empty where the topic names something else (an option's base coin).
    let symbol: String
    /// The same, where it has the form of one.
    let ticker: Symbol?
    /// Levels a side, of a book.
    let depth: Int
    let decoding: StreamRoute

    init(_ name: StreamName) {
        let slot = name.slot > 1 ? "@\(name.slot)" : ""
        var subject = Subject.none
        var socket = ""
        var category = ""
        var symbol = ""
        var depth = 0
        switch name.kind {
        case .link(let own) where own.hasPrefix("public/"):
            subject = .link
            socket = own + slot
        case .publicTopic(let own, let topic):
            category = own.name
            socket = "public/" + category + slot
            let parts = topic.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
            symbol = String(parts.last ?? "")
            switch (parts[0], parts.count) {
            case ("orderbook", 3):
                depth = max(0, Int(parts[1]) ?? 0)
                if depth > 0 { subject = .book }
            case ("publicTrade", 2):
                subject = .trades
                if own == .option { symbol = "" }
            case ("tickers", 2): subject = .tickers
            case ("kline", 3): subject = .klines
            default: break
            }
        default: break
        }
        self.name = name
        self.subject = subject
        self.socket = socket
        self.category = category
        self.symbol = symbol
        self.depth = depth
        ticker = Symbol(symbol)
        decoding = StreamRoute(name)
    }

    func isWanted(_ tables: Set<ColumnTable>) -> Bool {
        if tables.contains(.records) { return true }
        return switch subject {
        case .none: false
        case .trades: tables.contains(.trades)
        case .tickers: tables.contains(.tickers)
        case .klines: tables.contains(.klines)
        case .book, .link: tables.contains(.book)
        }
    }
}

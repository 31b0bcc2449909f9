import Bybit
import Market

/// What the records of one stream are to the tables, worked out once from its name.
struct ColumnRoute {
    enum Subject: Hashable {
        case none
        case trades
        case tickers
        case klines
        case book
        /// The life of a public socket, which its books hang on.
        case link
    }

    var name: StreamName
    var subject = Subject.none
    /// `public/linear`, with the slot of a second socket: what a link record speaks of.
    var socket = ""
    var category = ""
    /// Empty where the topic names something else (an option's base coin).
    var symbol = ""
    var decoding: StreamRoute

    init(_ name: StreamName) {
        self.name = name
        decoding = StreamRoute(name)
        let slot = name.slot > 1 ? "@\(name.slot)" : ""
        switch name.kind {
        case .link(let socket) where socket.hasPrefix("public/"):
            subject = .link
            self.socket = socket + slot
        case .publicTopic(let category, let topic):
            self.category = category.name
            socket = "public/" + category.name + slot
            let parts = topic.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
            symbol = String(parts.last ?? "")
            switch (parts[0], parts.count) {
            case ("orderbook", 3) where (Int(parts[1]) ?? 0) > 0: subject = .book
            case ("publicTrade", 2):
                subject = .trades
                if category == .option { symbol = "" }
            case ("tickers", 2): subject = .tickers
            case ("kline", 3): subject = .klines
            default: break
            }
        default: break
        }
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

public import Market

/// What is to be subscribed, as rules and listings say; pure, fed by replies.
///
/// Give it every whole list of instruments and every ranking, then ask ``apply(now:)`` for what changed.
public struct SubscriptionPlan: Sendable {
    /// A difference between two results of the rules, in one category.
    public struct Change: Hashable, Sendable {
        public var category: Category
        public var added: [String]
        public var removed: [String]

        public init(category: Category, added: [String], removed: [String]) {
            self.category = category
            self.added = added
            self.removed = removed
        }

        /// Both as one, where this one was not carried out before the other came.
        public func followed(by next: Change) -> Change {
            let (came, went) = (Set(added), Set(removed))
            let (comes, goes) = (Set(next.added), Set(next.removed))
            return Change(
                category: category,
                added: added.filter { !goes.contains($0) }
                    + next.added.filter { !went.contains($0) },
                removed: removed.filter { !comes.contains($0) }
                    + next.removed.filter { !came.contains($0) }
            )
        }
    }

    public private(set) var rules: [SubscriptionRule]
    private var listings: [Category: [ListedSymbol]] = [:]
    /// Symbols that a list once had: a name that left it has been delivered or delisted.
    private var known: [Category: Set<Symbol>] = [:]
    /// What the rankings are made of: of spot they follow from the list as well, whichever comes first.
    private var figures: [Category: [DayFigures]] = [:]
    private var rankings: [Category: [Symbol]] = [:]
    /// Instruments with an open order or a position, in their order, and when they had one last (Unix milliseconds).
    private var followed: [(instrument: InstrumentID, last: Int64)] = []
    /// Milliseconds for which an instrument is followed after its last order or position: who quotes has none now and
    /// then.
    public static let followedFor: Int64 = 60_000
    private var current: [Category: [String]] = [:]
    /// When time alone changes what the rules pick, as of the last ``apply(now:)`` (Unix milliseconds); `nil`: never.
    public private(set) var nextChange: Int64?

    public init(_ rules: [SubscriptionRule]) { self.rules = rules }

    /// Categories whose instruments are to be asked for again and again, in order: all that a rule names.
    ///
    /// A rule of one name goes by the list too, since it goes when what it names is delivered.
    public var listedCategories: [Category] {
        Category.allCases.filter { category in rules.contains { $0.category == category } }
    }

    /// Categories whose tickers are to be asked for once a day, in order.
    public var rankedCategories: [Category] {
        Category.allCases.filter { category in
            rules.contains { rule in
                if case .top = rule.selection { return rule.category == category }
                return false
            }
        }
    }

    /// Base coins that option rules name, each of which has a list of its own; in order.
    ///
    /// `BTC-*`, `BTC-25DEC26-100000-C-USDT` and the `BTC` of `publicTrade` name BTC. The text of a rule always names one;
    /// one that was made without means BTC, as the exchange's own list does.
    public var optionBaseCoins: [String] {
        var coins: [String] = []
        for rule in rules where rule.category == .option {
            let coin: String
            switch rule.selection {
            case .name(let name): coin = String(name.prefix { $0 != "-" })
            case .pattern(let prefix, _) where prefix.contains("-"):
                coin = String(prefix.prefix { $0 != "-" })
            case .pattern, .top: coin = "BTC"
            }
            if !coins.contains(coin) { coins.append(coin) }
        }
        return coins
    }

    /// Other rules from now on; what is known stays, and ``apply(now:)`` says what comes and goes.
    public mutating func replace(_ rules: [SubscriptionRule]) { self.rules = rules }

    // MARK: - What is known

    /// Takes in a whole list of a category: all its pages, and for options all base coins.
    public mutating func listed(_ rows: [ListedSymbol], _ category: Category) {
        listings[category] = rows.sorted { $0.symbol < $1.symbol }
        for row in rows where row.isTrading { known[category, default: []].insert(row.symbol) }
        rank(category)
    }

    /// A list of the category has come, and it had something.
    public func isListed(_ category: Category) -> Bool { listings[category]?.isEmpty == false }

    /// Takes in the figures of 24 hours of a category's symbols.
    public mutating func ranked(_ figures: [DayFigures], _ category: Category) {
        self.figures[category] = figures
        rank(category)
    }

    private mutating func rank(_ category: Category) {
        guard let figures = figures[category] else { return }
        rankings[category] = DayFigures.ranked(
            figures,
            category,
            listed: listings[category] ?? []
        )
    }

    /// Instruments with an open order or a position at that moment (Unix milliseconds): each gets `tickers` and the
    /// smallest book, and keeps them for ``followedFor`` after it.
    ///
    /// - Returns: true when others are followed than before.
    public mutating func follow(_ instruments: [InstrumentID], now: Int64) -> Bool {
        var next = instruments.map { (instrument: $0, last: now) }
        let current = Set(instruments)
        for item in followed
        where !current.contains(item.instrument) && now - item.last < SubscriptionPlan.followedFor {
            next.append(item)
        }
        next.sort { $0.instrument < $1.instrument }
        let isOther = !next.elementsEqual(followed) { $0.instrument == $1.instrument }
        followed = next
        return isOther
    }

    // MARK: - What follows

    /// The topics of a category at that moment (Unix milliseconds), each once.
    public func topics(_ category: Category, now: Int64) -> [String] {
        var topics: [String] = []
        var seen: Set<String> = []
        func add(_ topic: String) { if seen.insert(topic).inserted { topics.append(topic) } }
        for rule in rules where rule.category == category {
            for name in names(rule, now) { add(rule.head + "." + name) }
        }
        for (instrument, _) in followed where instrument.category == category {
            add(SubscriptionPlan.smallestBook(category) + "." + instrument.symbol.description)
            add("tickers." + instrument.symbol.description)
        }
        return topics
    }

    /// Applies the rules to what is known: the topics that came and went since the last time, by category.
    public mutating func apply(now: Int64) -> [Change] {
        var changes: [Change] = []
        for category in Category.allCases {
            let wanted = topics(category, now: now)
            let had = current[category] ?? []
            let wantedSet = Set(wanted)
            let hadSet = Set(had)
            let change = Change(
                category: category,
                added: wanted.filter { !hadSet.contains($0) },
                removed: had.filter { !wantedSet.contains($0) }
            )
            guard !change.added.isEmpty || !change.removed.isEmpty else { continue }
            current[category] = wanted
            changes.append(change)
        }
        nextChange = nextChange(after: now)
        return changes
    }

    /// The first moment after that one (Unix milliseconds) at which a listed symbol that a rule may pick is delivered, or
    /// comes within a rule's window; `nil`: none is, by the lists that are known.
    public func nextChange(after now: Int64) -> Int64? {
        var next: Int64?
        for rule in rules {
            let rows = listings[rule.category] ?? []
            for row in rows {
                // Names are texts, which cost more than numbers: only those that come sooner are looked at.
                guard let change = row.change(after: now, within: rule.within),
                    change < next ?? .max, rule.mayPick(row.symbol)
                else { continue }
                next = change
            }
        }
        return next
    }

    /// What stands behind a rule's head: symbols, or base coins for the trades of options.
    private func names(_ rule: SubscriptionRule, _ now: Int64) -> [String] {
        let rows = listings[rule.category] ?? []
        let picked: [ListedSymbol]
        switch rule.selection {
        case .name(let name):
            return isGone(name, rule.category, now) ? [] : [name]
        case .pattern:
            picked = rows.filter {
                $0.isOpen(at: now, within: rule.within) && rule.mayPick($0.symbol)
            }
        case .top(let count):
            var bySymbol: [Symbol: ListedSymbol] = [:]
            for row in rows { bySymbol[row.symbol] = row }
            let open = (rankings[rule.category] ?? []).compactMap { bySymbol[$0] }
                .filter { $0.isOpen(at: now, within: rule.within) }
            picked = Array(open.prefix(count))
        }
        guard rule.category == .option, rule.head == "publicTrade" else {
            return picked.map(\.symbol.description)
        }
        var coins: [String] = []
        for row in picked where !coins.contains(row.baseCoin) { coins.append(row.baseCoin) }
        return coins
    }

    /// Listed once, and not open any more.
    private func isGone(_ name: String, _ category: Category, _ now: Int64) -> Bool {
        guard let symbol = Symbol(name), known[category]?.contains(symbol) == true else {
            return false
        }
        let row = listings[category]?.first { $0.symbol == symbol }
        return row.map { !$0.isOpen(at: now, within: nil) } ?? true
    }

    private static func smallestBook(_ category: Category) -> String {
        switch category {
        case .spot, .linear, .inverse: "orderbook.1"
        case .option, .spread: "orderbook.25"
        }
    }
}

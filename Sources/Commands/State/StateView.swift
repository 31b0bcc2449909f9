import Market
import Trading

/// The state of an engine, for people.
struct StateView {
    let engine: Engine
    let depth: Int
    /// Wallets and positions with what they are worth and need.
    let account: AccountView

    /// - Parameter facts: what margins and debts are made of.
    init(_ engine: Engine, _ facts: AccountFacts = AccountFacts(), depth: Int) {
        self.engine = engine
        self.depth = max(0, depth)
        account = engine.account(facts: facts)
    }

    /// What a position that is not flat is worth, and needs.
    func holding(_ id: InstrumentID, _ index: Int) -> AccountView.Holding? {
        account.holdings.first { $0.instrument == id && $0.positionIndex == index }
    }

    func coin(_ name: String) -> AccountView.Coin? { account.coins.first { $0.coin == name } }

    var openOrders: [Order] { engine.orders.filter { !$0.isClosed } }

    var positions: [(id: InstrumentID, account: Ledger.Account)] {
        Array(zip(engine.ledger.accounts.keys, engine.ledger.accounts.values))
    }

    var wallets: [(coin: String, wallet: Ledger.Wallet)] {
        Array(zip(engine.ledger.wallets.keys, engine.ledger.wallets.values))
    }

    func unrealised(_ position: Trading.Position, _ id: InstrumentID) -> String {
        guard let price = engine.reference(id) else { return position.isFlat ? "0" : "" }
        do throws(NumberError) {
            return try position.unrealised(at: price).description
        } catch {
            return error.description
        }
    }

    // MARK: Lines

    var lines: [String] {
        var lines = [
            "after      record \(engine.cause), \(engine.time)",
            "state      \(StateReport.hexadecimal(engine.stateReport().combinedHash))",
        ]
        if let halt = engine.haltReason { lines.append("halted     \(halt)") }
        for market in engine.markets {
            for feed in market.state.feeds { add(feed, of: market.instrument, to: &lines) }
        }
        lines.append("")
        let open = openOrders
        lines.append("orders     \(open.count) open, \(engine.orders.count) known")
        for order in open {
            lines.append(
                "           \(order.instrument) \(order.side.name) \(order.quantity)"
                    + " @ \(order.price?.description ?? "market") \(order.orderLinkID)"
                    + " \(order.phase.rawValue)"
            )
        }
        for (id, account) in positions { add(account, of: id, to: &lines) }
        for (coin, wallet) in wallets {
            let pnl = engine.total(coin).map { "  P&L \($0)" } ?? ""
            let told = wallet.told.map { $0 == wallet.balance ? "" : "  exchange says \($0)" } ?? ""
            lines.append(
                "wallet     \(coin) \(wallet.balance?.description ?? "not known yet")" + pnl + told
                    + StateView.equity(self.coin(coin))
            )
        }
        for use in engine.riskUse {
            let what = use.instrument.map { " \($0)" } ?? ""
            let side = use.side.isEmpty ? "" : " \(use.side)"
            lines.append(
                "risk       \(use.check.limit)\(what)\(side) \(use.check.observed) of"
                    + " \(use.check.ceiling) \(use.check.unit)"
                    + (use.check.holds ? "" : "  EXCEEDED")
            )
        }
        return lines
    }

    /// `~` marks what rests on a rule of the exchange that is not verified, or lacks a part.
    private static func margins(_ holding: AccountView.Holding?) -> String {
        guard let holding else { return "" }
        let mark = holding.isEstimate ? "~" : ""
        var words = holding.initialMargin.map { "  initial margin \(mark)\($0)" } ?? ""
        words += holding.maintenanceMargin.map { "  maintenance \(mark)\($0)" } ?? ""
        words += holding.liquidationPrice.map { "  liquidation \(mark)\($0)" } ?? ""
        return words + (holding.isOpening ? "  (opening)" : "")
    }

    private static func equity(_ coin: AccountView.Coin?) -> String {
        guard let coin, let equity = coin.equity else { return "" }
        let mark = coin.isEstimate ? "~" : ""
        let initial = coin.initialMargin.map { "  initial margin \(mark)\($0)" } ?? ""
        let maintenance = coin.maintenanceMargin.map { "  maintenance \(mark)\($0)" } ?? ""
        let distance = coin.distance.map { "  distance \(mark)\($0)" }
        let margins = coin.maintenanceMargin == nil ? "" : distance ?? ""
        return "  equity \(mark)\(equity)" + debt(coin.debt) + initial + maintenance + margins
    }

    private static func debt(_ debt: AccountFacts.Debt?) -> String {
        guard let debt else { return "  borrowed ?" }
        guard !debt.isZero else { return "" }
        return "  borrowed \(debt.borrowed)"
            + (debt.spotBorrowed.isZero ? "" : " (spot \(debt.spotBorrowed))")
            + (debt.accruedInterest.isZero ? "" : "  accrued interest \(debt.accruedInterest)")
    }

    private func add(_ account: Ledger.Account, of id: InstrumentID, to lines: inout [String]) {
        let sides = account.isHedged ? [1, 2] : [0]
        for index in sides {
            let position = account[side: index]
            let name = index == 0 ? "\(id)" : "\(id) \(index == 1 ? "long" : "short")"
            lines.append(
                "position   \(name) \(position.size)"
                    + (position.entryPrice.map { " @ \($0)" } ?? "")
                    + "  realised \(position.realised)  fees \(position.fees)"
                    + "  funding \(position.funding)  unrealised \(unrealised(position, id))"
                    + StateView.margins(holding(id, index))
            )
        }
    }

    private func add(_ feed: BookFeed, of instrument: InstrumentID, to lines: inout [String]) {
        let scale = feed.book.scale
        lines.append("")
        lines.append(
            "book       \(instrument) depth \(feed.depth), \(feed.freshness.rawValue),"
                + " u \(feed.updateID), levels \(feed.book.bids.count)/\(feed.book.asks.count)"
        )
        for place in 0..<depth {
            let bid = feed.book.bids.indices.contains(place) ? feed.book.bids[place] : nil
            let ask = feed.book.asks.indices.contains(place) ? feed.book.asks[place] : nil
            guard bid != nil || ask != nil else { break }
            lines.append(
                Columns.line([
                    ("", 9), (bid?.size.text(decimals: scale.quantityDecimals) ?? "", -14),
                    (bid?.price.text(decimals: scale.priceDecimals) ?? "", -14),
                    (ask?.price.text(decimals: scale.priceDecimals) ?? "", 14),
                    (ask?.size.text(decimals: scale.quantityDecimals) ?? "", 14),
                ])
            )
        }
    }
}

extension Ledger.Account {
    /// One position of the account: 0 one-way, 1 long, 2 short.
    subscript(side index: Int) -> Trading.Position {
        switch index {
        case 1: long
        case 2: short
        default: position
        }
    }
}

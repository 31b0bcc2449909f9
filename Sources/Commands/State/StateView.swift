import Market
import Trading

/// The state of an engine, for people.
struct StateView {
    let engine: Engine
    let depth: Int

    init(_ engine: Engine, depth: Int) {
        self.engine = engine
        self.depth = max(0, depth)
    }

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

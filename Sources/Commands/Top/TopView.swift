import Market
import Runtime
import Trading

/// The desk on one screen.
struct TopView {
    let engine: Engine
    /// What the recording is called, and what it is just now.
    let title: String
    let rates: [(kind: RecordRates.Kind, tenths: Int)]

    /// The most that is shown of books, positions, orders: the rest is counted.
    private static let most = 12

    var lines: [String] {
        var lines = [
            title,
            "record \(engine.cause)  \(engine.time)"
                + (engine.haltReason.map { "  HALTED: \($0)" } ?? "  trading"),
            rates.map { "\($0.kind.name) \($0.tenths / 10).\($0.tenths % 10)/s" }
                .joined(separator: "  "),
        ]
        addBooks(to: &lines)
        addPositions(to: &lines)
        addOrders(to: &lines)
        addWallets(to: &lines)
        addRisk(to: &lines)
        return lines
    }

    private func addBooks(to lines: inout [String]) {
        lines.append("")
        lines.append(
            Columns.line([
                ("BOOK", 26), ("BID SIZE", -14), ("BID", -14), ("ASK", -14), ("ASK SIZE", -14),
                ("MARK", -14), ("", 0),
            ])
        )
        let markets = engine.markets.filter { $0.state.feed != nil }
        for market in markets.prefix(TopView.most) {
            guard let feed = market.state.feed else { continue }
            let (bid, ask) = (feed.book.bestBid, feed.book.bestAsk)
            let fields: [(text: String, width: Int)] = [
                ("\(market.instrument)", 26),
                (TopView.size(bid, feed.book.scale), -14),
                (TopView.price(bid, feed.book.scale), -14),
                (TopView.price(ask, feed.book.scale), -14),
                (TopView.size(ask, feed.book.scale), -14),
                (engine.reference(market.instrument)?.description ?? "-", -14),
                (feed.freshness == .live ? "" : feed.freshness.rawValue.uppercased(), 0),
            ]
            lines.append(Columns.line(fields))
        }
        TopView.addRest(markets.count, "book", to: &lines)
    }

    private func addPositions(to lines: inout [String]) {
        let view = StateView(engine, depth: 0)
        var rows: [(String, Trading.Position, InstrumentID, String)] = []
        for (id, account) in view.positions {
            for index in account.isHedged ? [1, 2] : [0] {
                let name = index == 0 ? "\(id)" : "\(id) \(index == 1 ? "long" : "short")"
                rows.append((name, account[side: index], id, account.settleCoin))
            }
        }
        guard !rows.isEmpty else { return }
        lines.append("")
        lines.append(
            Columns.line([
                ("POSITION", 26), ("SIZE", -14), ("ENTRY", -14), ("UNREALISED", -14),
                ("REALISED", -14), ("FEES", -14), ("FUNDING", -14), ("COIN", 5),
            ])
        )
        for (name, position, id, coin) in rows.prefix(TopView.most) {
            lines.append(
                Columns.line([
                    (name, 26), (position.size.description, -14),
                    (position.entryPrice.map { TopView.short($0) } ?? "-", -14),
                    (TopView.short(view.unrealised(position, id)), -14),
                    (TopView.short(position.realised), -14), (TopView.short(position.fees), -14),
                    (TopView.short(position.funding), -14), (coin, 5),
                ])
            )
        }
        TopView.addRest(rows.count, "position", to: &lines)
    }

    private func addOrders(to lines: inout [String]) {
        let open = engine.orders.filter { !$0.isClosed }
        lines.append("")
        lines.append("ORDERS  \(open.count) open, \(engine.orders.count) known")
        for order in open.suffix(TopView.most) {
            lines.append(
                Columns.line([
                    ("\(order.instrument)", 26), (order.strategy, 10), (order.side.name, 4),
                    (order.quantity.description, -12), ("@", 1),
                    (order.price?.description ?? "market", 14),
                    ("left \(order.remaining)", 16), (order.phase.rawValue, 8),
                    (order.orderLinkID.isEmpty ? order.orderID : order.orderLinkID, 0),
                ])
            )
        }
        TopView.addRest(open.count, "order", to: &lines)
    }

    private func addWallets(to lines: inout [String]) {
        let view = StateView(engine, depth: 0)
        guard !view.wallets.isEmpty else { return }
        lines.append("")
        lines.append(Columns.line([("WALLET", 8), ("BALANCE", -24), ("P&L", -24), ("", 0)]))
        for (coin, wallet) in view.wallets {
            let differs = wallet.told != nil && wallet.told != wallet.balance
            lines.append(
                Columns.line([
                    (coin, 8), (wallet.balance?.description ?? "not known yet", -24),
                    (engine.total(coin)?.description ?? "-", -24),
                    (differs ? "exchange says \(wallet.told?.description ?? "")" : "", 0),
                ])
            )
        }
    }

    private func addRisk(to lines: inout [String]) {
        let verdicts = engine.verdicts
        lines.append("")
        lines.append("RISK  \(verdicts.allowed) allowed, \(verdicts.rejected) rejected")
        for use in engine.riskUse {
            let what = use.instrument.map { "\($0) " } ?? ""
            lines.append(
                Columns.line([
                    (use.check.limit, 18), ("\(what)\(use.side)", 26), (use.check.observed, -20),
                    ("of", 2), (use.check.ceiling, -14), (use.check.unit, 6),
                    (use.check.holds ? "" : "EXCEEDED", 0),
                ])
            )
        }
    }

    private static func size(_ level: Level?, _ scale: Scale) -> String {
        level?.size.text(decimals: scale.quantityDecimals) ?? "-"
    }

    private static func price(_ level: Level?, _ scale: Scale) -> String {
        level?.price.text(decimals: scale.priceDecimals) ?? "-"
    }

    private static func addRest(_ count: Int, _ noun: String, to lines: inout [String]) {
        guard count > most else { return }
        lines.append("… and \(Columns.count(count - most, noun)) more")
    }

    /// An amount with as many decimals as a screen has room for; a display, so it may be cut, never a sum.
    private static func short(_ amount: Amount) -> String { short(amount.description) }

    private static func short(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        return String(text[..<point] + text[point...].prefix(7))
    }
}

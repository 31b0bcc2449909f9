import Market
import Trading

extension StateView {
    /// One object on a line.
    func printJSON() {
        Printing.json(schema: "state") {
            $0.field("sequence", engine.cause)
            $0.field("time", engine.time.description)
            $0.field("state_hash", StateReport.hexadecimal(engine.stateReport().combinedHash))
            $0.field("halted", engine.haltReason ?? "")
            $0.field("books", array: { writeBooks(into: &$0) })
            $0.field("orders", array: { writeOrders(into: &$0) })
            $0.field("positions", array: { writePositions(into: &$0) })
            $0.field("wallets", array: { writeWallets(into: &$0) })
            $0.field("risk", array: { writeRisk(into: &$0) })
        }
    }

    private func writeOrders(into rows: inout JSONWriter) {
        for order in openOrders {
            rows.object {
                $0.field("category", order.instrument.category.name)
                $0.field("symbol", order.instrument.symbol.description)
                $0.field("order_link_id", order.orderLinkID)
                $0.field("order_id", order.orderID)
                $0.field("strategy", order.strategy)
                $0.field("side", order.side.name)
                $0.field("price", order.price?.description ?? "")
                $0.field("quantity", order.quantity.description)
                $0.field("remaining", order.remaining.description)
                $0.field("phase", order.phase.rawValue)
            }
        }
    }

    private func writePositions(into rows: inout JSONWriter) {
        for (id, account) in positions {
            for index in account.isHedged ? [1, 2] : [0] {
                let position = account[side: index]
                rows.object {
                    $0.field("category", id.category.name)
                    $0.field("symbol", id.symbol.description)
                    $0.field("position_index", index)
                    $0.field("size", position.size.description)
                    $0.field("entry_price", position.entryPrice?.description ?? "")
                    $0.field("reference_price", engine.reference(id)?.description ?? "")
                    $0.field("realised", position.realised.description)
                    $0.field("fees", position.fees.description)
                    $0.field("funding", position.funding.description)
                    $0.field("unrealised", unrealised(position, id))
                    $0.field("coin", account.settleCoin)
                    guard let holding = holding(id, index) else { return }
                    $0.field("value", holding.value?.description ?? "")
                    $0.field("leverage", holding.leverage?.description ?? "")
                    $0.field("initial_margin", holding.initialMargin?.description ?? "")
                    $0.field("maintenance_margin", holding.maintenanceMargin?.description ?? "")
                    $0.field("break_even_price", holding.breakEvenPrice?.description ?? "")
                    $0.field("liquidation_price", holding.liquidationPrice?.description ?? "")
                    $0.field("opening", holding.isOpening)
                    $0.field("estimate", holding.isEstimate)
                }
            }
        }
    }

    private func writeWallets(into rows: inout JSONWriter) {
        for (coin, wallet) in wallets {
            rows.object {
                $0.field("coin", coin)
                $0.field("balance", wallet.balance?.description ?? "")
                $0.field("told", wallet.told?.description ?? "")
                $0.field("pnl", engine.total(coin)?.description ?? "")
                guard let worth = self.coin(coin) else { return }
                $0.field("unrealised", worth.unrealised.description)
                $0.field("option_value", worth.optionValue.description)
                $0.field("borrowed", worth.debt?.borrowed.description ?? "")
                $0.field("spot_borrowed", worth.debt?.spotBorrowed.description ?? "")
                $0.field("accrued_interest", worth.debt?.accruedInterest.description ?? "")
                $0.field("equity", worth.equity?.description ?? "")
                $0.field("initial_margin", worth.initialMargin?.description ?? "")
                $0.field("maintenance_margin", worth.maintenanceMargin?.description ?? "")
                $0.field("distance", worth.distance?.description ?? "")
                $0.field("estimate", worth.isEstimate)
            }
        }
    }

    private func writeRisk(into rows: inout JSONWriter) {
        for use in engine.riskUse {
            rows.object {
                $0.field("limit", use.check.limit)
                if let id = use.instrument {
                    $0.field("category", id.category.name)
                    $0.field("symbol", id.symbol.description)
                }
                $0.field("side", use.side)
                $0.field("observed", use.check.observed)
                $0.field("ceiling", use.check.ceiling)
                $0.field("unit", use.check.unit)
                $0.field("holds", use.check.holds)
            }
        }
    }

    private func writeBooks(into rows: inout JSONWriter) {
        for market in engine.markets {
            for feed in market.state.feeds {
                let scale = feed.book.scale
                rows.object {
                    $0.field("category", market.instrument.category.name)
                    $0.field("symbol", market.instrument.symbol.description)
                    $0.field("depth", feed.depth)
                    $0.field("freshness", feed.freshness.rawValue)
                    $0.field("u", feed.updateID)
                    $0.field("seq", feed.crossSequence)
                    $0.field("bid_levels", feed.book.bids.count)
                    $0.field("ask_levels", feed.book.asks.count)
                    $0.field("bids", array: { write(feed.book.bids, scale, into: &$0) })
                    $0.field("asks", array: { write(feed.book.asks, scale, into: &$0) })
                }
            }
        }
    }

    private func write(_ levels: [Level], _ scale: Scale, into writer: inout JSONWriter) {
        for level in levels.prefix(depth) {
            writer.array {
                $0.value(level.price.text(decimals: scale.priceDecimals))
                $0.value(level.size.text(decimals: scale.quantityDecimals))
            }
        }
    }
}

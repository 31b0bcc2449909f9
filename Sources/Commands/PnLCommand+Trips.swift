import Market
import Projections
import Runtime
import Trading

extension PnLCommand {
    /// Round trips, or the statistics of them: of strategies' own positions by strategy, else of the account's.
    func printTrips(_ reader: DeskReader) throws {
        let rows = try reader.roundTrips(method: method.rawValue).filter {
            $0.strategy.isEmpty == (by != .strategy)
        }
        guard !rows.isEmpty else {
            if !options.json { Printing.note("the recording holds no round trip") }
            return
        }
        guard statistics else { return show(rows) }
        let report = try TripReport(rows, by: by.group, includingOpening: withOpening)
        for group in report.groups {
            if options.json { printJSON(group) } else { printText(group) }
        }
    }

    // MARK: - One by one

    private func show(_ rows: [Stored<TripRow>]) {
        if options.json {
            for row in rows { printJSON(row) }
            return
        }
        Printing.result(
            Columns.line([
                ("OPENED", 23), ("CLOSED", 23),
                (by == .strategy ? "STRATEGY" : "", by == .strategy ? 12 : 0),
                ("SYMBOL", 18), ("SIDE", 5), ("QUANTITY", -12), ("ENTRY", -14), ("EXIT", -14),
                ("NET", -22), ("COIN", 5), ("STATE", 0),
            ])
        )
        for row in rows {
            let trip = row.value
            Printing.result(
                Columns.line([
                    (PnLCommand.short(trip.openedTime), 23),
                    (trip.closedTime.map(PnLCommand.short) ?? "-", 23),
                    (by == .strategy ? row.strategy : "", by == .strategy ? 12 : 0),
                    (trip.id.instrument.description, 18), (trip.isLong ? "long" : "short", 5),
                    (trip.entry.quantity.description, -12),
                    (trip.entry.price?.description ?? "-", -14),
                    (trip.exit.price?.description ?? "-", -14), (trip.net.description, -22),
                    (trip.coin, 5), (PnLCommand.state(trip), 0),
                ])
            )
        }
    }

    private static func state(_ trip: TripRow) -> String {
        trip.state + (trip.isOpening ? ", opening" : "")
            + (trip.hasOtherFees ? ", fees in other coins" : "")
    }

    /// To the millisecond.
    private static func short(_ time: Timestamp) -> String {
        String(time.description.prefix(23))
    }

    private func printJSON(_ row: Stored<TripRow>) {
        let trip = row.value
        Printing.json(schema: "pnl") {
            $0.field("kind", "trip")
            $0.field("method", trip.id.method)
            $0.field("account", row.provenance.account)
            $0.field("strategy", row.strategy)
            $0.field("category", trip.id.instrument.category.name)
            $0.field("symbol", trip.id.instrument.symbol.description)
            $0.field("position_index", trip.id.positionIndex)
            $0.field("number", trip.id.number)
            $0.field("part", trip.id.part)
            $0.field("side", trip.isLong ? "long" : "short")
            $0.field("state", trip.state)
            $0.field("opening", trip.isOpening)
            $0.field("opened_sequence", trip.openedSequence)
            $0.field("opened", trip.openedTime.description)
            if let sequence = trip.closedSequence, let time = trip.closedTime {
                $0.field("closed_sequence", sequence)
                $0.field("closed", time.description)
            }
            $0.field("entry_quantity", trip.entry.quantity.description)
            $0.field("entry_value", trip.entry.value.description)
            $0.field("entry_price", trip.entry.price?.description ?? "")
            $0.field("exit_quantity", trip.exit.quantity.description)
            $0.field("exit_value", trip.exit.value.description)
            $0.field("exit_price", trip.exit.price?.description ?? "")
            $0.field("coin", trip.coin)
            $0.field("realised", trip.realised.description)
            $0.field("entry_fees", trip.entryFees.description)
            $0.field("exit_fees", trip.exitFees.description)
            $0.field("funding", trip.funding.description)
            $0.field("net", trip.net.description)
            $0.field("other_fees", trip.hasOtherFees)
            $0.field("worst", trip.worst?.description ?? "")
            $0.field("best", trip.best?.description ?? "")
            $0.field("fills", trip.fills)
        }
    }

    // MARK: - Statistics

    private func printText(_ group: TripReport.Group) {
        let all = group.statistics
        func line(_ name: String, _ text: String?) {
            Printing.result(Columns.line([("  " + name, 18), (text ?? "-", 0)]))
        }
        Printing.result("\(group.name)  \(group.coin)")
        line(
            "trips",
            "\(all.trips): \(all.wins) won, \(all.losses) lost"
                + (group.leftOut > 0 ? "; \(group.leftOut) open, cut or opening left out" : "")
        )
        line("net", all.net.description)
        line("win rate", all.winRate?.description)
        line("profit factor", all.profitFactor?.description)
        line("expectancy", all.expectancy?.description)
        line("average win", all.averageWin?.description)
        line("average loss", all.averageLoss?.description)
        line("worst on the way", all.worst?.description)
        line("best on the way", all.best?.description)
        line("held", all.averageHeld.map { Columns.duration($0) + " on average" })
        line("longest held", all.longestHeld.map(Columns.duration))
        line("exposure", all.exposure?.description)
        line("turnover", all.turnover.description)
        line("Sharpe", all.sharpe.map { "\($0), one sample a trip, not annualised" })
        line("Sortino", all.sortino.map { "\($0), one sample a trip, not annualised" })
        line(
            "drawdown",
            all.drawdown.description
                + (all.drawdownFrom.flatMap { from in
                    all.drawdownTo.map { " from \(from) to \($0)" }
                } ?? "")
        )
    }

    private func printJSON(_ group: TripReport.Group) {
        let all = group.statistics
        Printing.json(schema: "pnl") {
            $0.field("kind", "statistics")
            $0.field("by", by.rawValue)
            $0.field("group", group.name)
            $0.field("coin", group.coin)
            $0.field("method", method.rawValue)
            $0.field("trips", all.trips)
            $0.field("left_out", group.leftOut)
            $0.field("wins", all.wins)
            $0.field("losses", all.losses)
            $0.field("net", all.net.description)
            $0.field("win_rate", all.winRate?.description ?? "")
            $0.field("profit_factor", all.profitFactor?.description ?? "")
            $0.field("expectancy", all.expectancy?.description ?? "")
            $0.field("average_win", all.averageWin?.description ?? "")
            $0.field("average_loss", all.averageLoss?.description ?? "")
            $0.field("worst", all.worst?.description ?? "")
            $0.field("best", all.best?.description ?? "")
            $0.field("held_average_ns", all.averageHeld ?? 0)
            $0.field("held_longest_ns", all.longestHeld ?? 0)
            $0.field("exposure", all.exposure?.description ?? "")
            $0.field("turnover", all.turnover.description)
            $0.field("sharpe", all.sharpe?.description ?? "")
            $0.field("sortino", all.sortino?.description ?? "")
            $0.field("sampling", "one sample a round trip, not annualised")
            $0.field("drawdown", all.drawdown.description)
            $0.field("drawdown_from", all.drawdownFrom?.description ?? "")
            $0.field("drawdown_to", all.drawdownTo?.description ?? "")
        }
    }
}

import Market

extension Desk {
    /// The end of a request that a bot made itself, through the proxy: its rows count as any, and nothing else does.
    ///
    /// What the bot asked is as narrow as it wanted: no list of it is whole, no page of it is fetched further, and what
    /// was refused is the bot's to look up.
    mutating func carriedReply(_ event: Event, _ header: RecordHeader) {
        let reply = event.reply
        switch reply.endpoint {
        case .openOrders, .orderHistory: for row in event.orders { orderRow(row) }
        case .spreadOpenOrders, .spreadOrderHistory:
            for row in OrderUpdate.combinations(of: event.details) { orderRow(row) }
        case .instruments: for instrument in event.instruments { learn(instrument) }
        case .executions:
            executionRows(ExecutionOrder.sorted(event.executions).filter(isOfThisSession))
        case .spreadExecutions:
            let rows = ExecutionReport.combinations(of: event.details)
            executionRows(ExecutionOrder.sorted(rows).filter(isOfThisSession))
        case .positions: for row in event.positions { ledger.told(row) }
        case .wallet:
            for row in event.wallets { ledger.told(row, at: event.exchangeMilliseconds) }
        case .createOrder, .amendOrder, .cancelOrder, .cancelAllOrders, .transactionLog,
            .fullOrderBook, .serverTime, .orderBook, .spreadInstruments, .recentTrades,
            .spreadRecentTrades, .other:
            break
        }
        refusedItems(event.details, "POST " + reply.endpoint.path, header.stream.text)
        guard !reply.isSuccess else { return }
        refused(reply, reply.orderLinkID.isEmpty ? header.stream.text : reply.orderLinkID)
    }

    /// Where no opening was told, fills of before the session are no fills of it: a bot may ask for those of a week.
    private func isOfThisSession(_ row: ExecutionReport) -> Bool {
        if ledger.opened != nil { return true }
        let newest = ledger.window.newest
        let since = newest > 0 ? newest - Desk.overlap : links.began.milliseconds
        return row.timeMilliseconds >= since
    }

    mutating func learn(_ instrument: Instrument) {
        do {
            try markets.learn(instrument)
        } catch let error as NumberError {
            number(instrument.id.description, error)
        } catch {
            find(.number, instrument.id.description, note: "\(error)")
        }
    }
}

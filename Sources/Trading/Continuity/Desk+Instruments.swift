import Market

/// Lists of instruments: what is new is learned, what is gone is forgotten.
extension Desk {
    mutating func instrumentsReply(_ event: Event) {
        for instrument in event.instruments { learn(instrument) }
        let reply = event.reply
        guard reply.isSuccess else { return refused(reply, "instruments") }
        take(event)
        nextPage(reply)
    }

    /// Combinations: nothing is learned of them, but what is kept of those that ended goes.
    mutating func combinationsReply(_ event: Event) {
        guard event.reply.isSuccess else { return refused(event.reply, "instruments") }
        take(event)
    }

    /// A page of a list; with the last one what the whole list lacks is forgotten.
    private mutating func take(_ event: Event) {
        let reply = event.reply
        guard let query = InstrumentList.query(of: reply), let category = Desk.category(of: reply)
        else { return }
        let cursor = Desk.parameter("cursor", of: reply.query)
        let place: Int
        if let known = markets.lists.firstIndex(where: { $0.query == query }) {
            // The same page twice, asked for by two: the first has told.
            guard cursor.isEmpty || markets.lists[known].cursor == cursor else { return }
            if cursor.isEmpty { markets.lists[known] = InstrumentList(query: query) }
            place = known
        } else {
            guard cursor.isEmpty else { return }
            markets.lists.append(InstrumentList(query: query))
            place = markets.lists.count - 1
        }
        markets.lists[place].symbols += event.instruments.map(\.id.symbol)
        for case .spreadInstrument(let row) in event.details {
            markets.lists[place].symbols.append(row.symbol)
        }
        if !event.findings.isEmpty { markets.lists[place].isDamaged = true }
        markets.lists[place].cursor = reply.nextPageCursor
        guard reply.nextPageCursor.isEmpty else { return }
        let list = markets.lists.remove(at: place)
        // One without any row says more of the exchange than of its instruments.
        guard !list.isDamaged, !list.symbols.isEmpty else { return }
        var coin = Desk.parameter("baseCoin", of: reply.query)
        // Of options the exchange lists those of one coin, of BTC when none is named.
        if category == .option, coin.isEmpty { coin = "BTC" }
        forget(category, baseCoin: coin, except: Set(list.symbols))
    }

    /// Forgets the instruments of a category, or of one base coin in it, that nothing refers to and no list has.
    private mutating func forget(
        _ category: Category,
        baseCoin: String,
        except listed: Set<Symbol>
    ) {
        var ordered: Set<InstrumentID> = []
        for order in orderStore.orders { ordered.insert(order.instrument) }
        for id in markets.known(category) where !listed.contains(id.symbol) {
            // Not in the default list before its launch, bybit-v5 §6.2.
            if category == .linear, markets.instruments[id]?.status == "PreLaunch" { continue }
            guard baseCoin.isEmpty || markets.isOf(baseCoin, id), !ordered.contains(id),
                !ledger.refers(to: id), !markets.isSubscribed(id)
            else { continue }
            markets.forget(id)
        }
    }
}

extension Ledger {
    /// A position is held, by the account or by a strategy against another, or one that the exchange told of is not explained yet.
    ///
    /// What was earned with the instrument stays in its account.
    func refers(to instrument: InstrumentID) -> Bool {
        if pendingPositions.keys.contains(where: { $0.instrument == instrument }) { return true }
        for place in shares.keys.indices
        where shares.keys[place].instrument == instrument && !shares.values[place].isFlat {
            return true
        }
        guard let account = accounts[instrument] else { return false }
        return (0...2).contains { !account[$0].isFlat }
    }
}

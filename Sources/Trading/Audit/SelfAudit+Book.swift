public import Market

extension SelfAudit {
    /// Before the engine takes the record in: a snapshot of a book against the one that was built from changes.
    ///
    /// The two are of one moment when the matching engine's sequence is the same, or, of one depth, `u`. A snapshot of
    /// any other moment says nothing of the book before it, and is not compared.
    public mutating func compareBook(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        guard event.book.isSnapshot || event.book.updateID == 1 else { return }
        switch event.kind {
        case .book: break
        case .reply:
            guard event.reply.isSuccess else { return }
            switch event.reply.endpoint {
            case .orderBook, .fullOrderBook: break
            default: return
            }
        default: return
        }
        let id = InstrumentID(event.category, event.symbol)
        guard let place = engine.desk.markets.states.index(of: id) else { return }
        let theirs = event.book
        for feed in engine.desk.markets.states.values[place].feeds {
            guard feed.freshness == .live, feed.updateID > 0 else { continue }
            let isSameDepth = feed.depth == theirs.depth
            let isSameMoment =
                isSameDepth && theirs.updateID > 1
                ? feed.updateID == theirs.updateID
                : theirs.crossSequence > 0 && feed.crossSequence == theirs.crossSequence
            guard isSameMoment else { continue }
            counts.compare(.book, 2)
            let hasAll = isSameDepth && feed.depth <= Self.reach(of: event)
            compare(.buy, feed, theirs.bids, hasAll: hasAll, id, header)
            compare(.sell, feed, theirs.asks, hasAll: hasAll, id, header)
        }
    }

    /// How many levels a snapshot may have: a reply has no more than were asked for, whatever its stream has.
    private static func reach(of event: Event) -> Int {
        guard event.kind == .reply, event.reply.endpoint == .orderBook else { return .max }
        return Int(Desk.parameter("limit", of: event.reply.query)) ?? 1
    }

    /// The levels that both have, from the best on.
    private mutating func compare(
        _ side: Side,
        _ feed: BookFeed,
        _ theirs: [LevelNumerals],
        hasAll: Bool,
        _ id: InstrumentID,
        _ header: RecordHeader
    ) {
        let ours = side == .buy ? feed.book.bids : feed.book.asks
        let count = min(ours.count, theirs.count)
        let scale = feed.book.scale
        var told = theirs
        told.sort {
            side == .buy
                ? Amount(exactly: $0.price) > Amount(exactly: $1.price)
                : Amount(exactly: $0.price) < Amount(exactly: $1.price)
        }
        // Books of one depth have the same levels; of two depths the deeper one has more.
        let isWhole = ours.count == told.count || (!hasAll && count > 0)
        for level in 0..<count {
            let price = scale.numeral(ours[level].price)
            let size = scale.numeral(ours[level].size)
            if price == told[level].price, size == told[level].size { continue }
            return differ(
                side,
                "level \(level + 1): \(size.trimmed) @ \(price.trimmed)",
                "level \(level + 1): \(told[level].size.trimmed) @ \(told[level].price.trimmed)",
                feed,
                id,
                header
            )
        }
        if !isWhole {
            differ(side, "\(ours.count) levels", "\(told.count) levels", feed, id, header)
        }
    }

    private mutating func differ(
        _ side: Side,
        _ ours: String,
        _ theirs: String,
        _ feed: BookFeed,
        _ id: InstrumentID,
        _ header: RecordHeader
    ) {
        add(
            AuditFinding(
                kind: .book,
                subject: "\(id) depth \(feed.depth)",
                field: side == .buy ? "bids" : "asks",
                ours: ours,
                theirs: theirs,
                records: [header.sequence],
                time: header.time,
                explanation: .unexplained,
                note: "u \(feed.updateID), seq \(feed.crossSequence)"
            )
        )
    }
}

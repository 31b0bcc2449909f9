import Market

extension Desk {
    /// Takes in a push of an order book; true when strategies are to be told.
    mutating func bookPush(_ event: inout Event, _ header: RecordHeader) -> Bool {
        let instrument = InstrumentID(event.category, event.symbol)
        let place = markets.index(of: instrument)
        // On its way when the rules ceased to pick it.
        if markets.states.values[place].droppedDepths.contains(event.book.depth) { return false }
        let feed = feed(place, instrument, event.book.depth, header)
        let before = markets.states.values[place].feeds[feed].freshness
        let isRestart = event.book.updateID == 1
        if event.book.depth == BookUpdate.fullDepth, before != .live || isRestart {
            return fullBookWaits(place, feed, instrument, event, header)
        }
        var errors: [(field: String, error: NumberError)] = []
        let outcome = markets.states.values[place].feeds[feed].apply(
            event.book,
            slot: header.stream.slot,
            errors: &errors
        )
        for (field, error) in errors { number("\(header.stream.text) \(field)", error) }
        let isIncomplete = !errors.isEmpty || event.findings.contains { BookFeed.isLevel($0.field) }
        if isIncomplete, outcome == .changed {
            // A level that could not be read is missing now: what is left is not the exchange's book.
            markets.states.values[place].feeds[feed].spoil()
            find(
                .gap,
                header.stream.text,
                expected: "every level",
                seen: "a level that cannot be read",
                note: "the book is stale until the next snapshot"
            )
            // A snapshot that cannot be read would come again just so.
            if !event.book.isSnapshot { renew(place, feed, instrument, nil, header) }
            return before == .live
        }
        switch outcome {
        case .changed: return true
        case .repeated: return false
        case .early:
            ignored(place, feed, header, note: "a change of a book without a snapshot")
            return false
        case .old(let last, let seen):
            old(place, feed, header, last: last, seen: seen)
            return false
        case .gap(let expected, let seen): gap(header, expected: expected, seen: seen)
        case .backwards(let last, let seen): backwards(header, last: last, seen: seen)
        case .crossed(let bid, let ask): crossed(header, bid: bid, ask: ask)
        }
        // Depth 1 sends nothing but snapshots: the next one comes without asking.
        if event.book.depth != 1 { renew(place, feed, instrument, event.book, header) }
        return before == .live || outcome == .changed
    }

    /// The book is stale: its next beginning is asked for.
    private mutating func renew(
        _ place: Int,
        _ feed: Int,
        _ instrument: InstrumentID,
        _ change: BookUpdate?,
        _ header: RecordHeader
    ) {
        if markets.states.values[place].feeds[feed].isFull {
            beginFullBook(place, feed, instrument, with: change, slot: header.stream.slot)
        } else {
            resubscribe(place, feed, instrument)
        }
    }

    mutating func gap(_ header: RecordHeader, expected: Int64, seen: Int64) {
        find(
            .gap,
            header.stream.text,
            expected: "u = \(expected)",
            seen: "u = \(seen)",
            note: "the book is stale until the next snapshot"
        )
    }

    mutating func backwards(_ header: RecordHeader, last: Int64, seen: Int64) {
        find(
            .gap,
            header.stream.text,
            expected: "seq >= \(last)",
            seen: "seq = \(seen)",
            note: "the book is stale until the next snapshot"
        )
    }

    mutating func crossed(_ header: RecordHeader, bid: String, ask: String) {
        find(
            .crossedBook,
            header.stream.text,
            expected: "bid < ask",
            seen: "bid \(bid), ask \(ask)",
            note: "the book is stale until the next snapshot"
        )
    }

    mutating func old(
        _ place: Int,
        _ feed: Int,
        _ header: RecordHeader,
        last: Int64,
        seen: Int64
    ) {
        ignored(
            place,
            feed,
            header,
            expected: "u > \(last)",
            seen: "u = \(seen)",
            note: "an old change of the book"
        )
    }

    private mutating func feed(
        _ place: Int,
        _ instrument: InstrumentID,
        _ depth: Int,
        _ header: RecordHeader
    ) -> Int {
        for feed in markets.states.values[place].feeds.indices
        where markets.states.values[place].feeds[feed].depth == depth {
            return feed
        }
        let feeds = markets.states.values[place].feeds
        var topic = ""
        if case .publicTopic(_, let name) = header.stream.kind { topic = name }
        let feed = BookFeed(depth: depth, topic: topic, scale: markets.scale(of: instrument))
        let index = feeds.firstIndex { $0.depth > depth } ?? feeds.count
        markets.states.values[place].feeds.insert(feed, at: index)
        return index
    }

    /// The first push that is not applied since the last snapshot is told, the others are counted.
    mutating func ignored(
        _ place: Int,
        _ feed: Int,
        _ header: RecordHeader,
        expected: String = "",
        seen: String = "",
        note: String
    ) {
        markets.states.values[place].feeds[feed].ignore(at: time)
        if markets.states.values[place].feeds[feed].ignored == 1 {
            find(.ignored, header.stream.text, expected: expected, seen: seen, note: note)
        }
    }

    mutating func resubscribe(_ place: Int, _ feed: Int, _ instrument: InstrumentID) {
        markets.states.values[place].feeds[feed].expectSnapshot(from: time)
        command(
            .resubscribe(instrument, topic: markets.states.values[place].feeds[feed].topic)
        )
    }

    /// Asks again for snapshots that have not come.
    mutating func askForSnapshots() {
        // They would be shed; the patience of those that wait is long over when there is room again.
        guard links.journalHalt == nil else { return }
        for place in markets.states.keys.indices {
            for feed in markets.states.values[place].feeds.indices {
                guard markets.states.values[place].feeds[feed].isSnapshotOverdue(at: time)
                else { continue }
                resubscribe(place, feed, markets.states.keys[place])
            }
            if markets.states.values[place].improvement?.isSnapshotOverdue(at: time) == true {
                renewImprovement(place)
            }
            if markets.states.values[place].ticker.isSnapshotOverdue(at: time) {
                askForTicker(place)
            }
        }
    }

    /// The ticker's snapshot does not come unasked, or has not come: it is asked for, once more.
    mutating func askForTicker(_ place: Int) {
        markets.states.values[place].ticker.ask(at: time)
        let instrument = markets.states.keys[place]
        command(.resubscribe(instrument, topic: "tickers.\(instrument.symbol)"))
    }

    /// Books and tickers of a category whose socket was lost, or that lost something.
    ///
    /// What another connection delivers as well stays as it is.
    ///
    /// - Parameter slot: the connection; `nil`: all of the category.
    /// - Returns: the instruments whose book was whole before.
    mutating func spoil(_ category: Category, slot: Int?, resubscribing: Bool) -> [InstrumentID] {
        var spoiled: [InstrumentID] = []
        for place in markets.states.keys.indices
        where markets.states.keys[place].category == category {
            let instrument = markets.states.keys[place]
            markets.states.values[place].ticker.lose(slot: slot)
            markets.states.values[place].trades.lose(slot: slot)
            for feed in markets.states.values[place].feeds.indices {
                let owner = markets.states.values[place].feeds[feed].slot
                if markets.states.values[place].feeds[feed].lose(slot: slot),
                    spoiled.last != instrument
                {
                    spoiled.append(instrument)
                }
                guard slot == nil || slot == owner,
                    markets.states.values[place].feeds[feed].freshness != .live
                else { continue }
                markets.states.values[place].feeds[feed].expectSnapshot(from: nil)
                // The full book begins again with the change that comes next.
                let isFull = markets.states.values[place].feeds[feed].isFull
                if resubscribing, !isFull { resubscribe(place, feed, instrument) }
            }
            loseImprovement(place, slot: slot, resubscribing: resubscribing)
        }
        return spoiled
    }

    /// A public socket is subscribed again: snapshots are due from now on.
    mutating func awaitSnapshots(_ category: Category) {
        for place in markets.states.keys.indices
        where markets.states.keys[place].category == category {
            for feed in markets.states.values[place].feeds.indices
            where markets.states.values[place].feeds[feed].freshness != .live {
                markets.states.values[place].feeds[feed].expectSnapshot(from: time)
            }
            awaitImprovement(place)
        }
    }

    /// True when the ticker changed; a change without a snapshot is not applied.
    mutating func tickerPush(_ event: inout Event, _ header: RecordHeader) -> Bool {
        let instrument = InstrumentID(event.category, event.symbol)
        let place = markets.index(of: instrument)
        if markets.states.values[place].isTickerDropped { return false }
        if markets.states.values[place].ticker.merge(
            event.ticker,
            slot: header.stream.slot
        ) {
            return true
        }
        // The first since the last snapshot is told, the others are counted.
        if markets.states.values[place].ticker.ignored == 1 {
            find(.ignored, header.stream.text, note: "a change of a ticker without a snapshot")
        }
        // It came and could not be read, or was not kept: it does not come again unasked.
        if markets.states.values[place].ticker.askedAt == nil { askForTicker(place) }
        return false
    }

    /// The rules pick other topics: a book that is not subscribed any more is none, and nobody asks for its snapshot.
    ///
    /// - Returns: the instruments whose book is another one now, or none.
    mutating func rulesChanged(_ changes: [FeedChange]) -> [InstrumentID] {
        var spoiled: [InstrumentID] = []
        for change in changes {
            // Nothing is kept of one that has not pushed: no place is made for it.
            if change.feed == .improvementBook, change.isAdded,
                markets.place(of: change.instrument) == nil
            {
                continue
            }
            let place = markets.index(of: change.instrument)
            switch change.feed {
            case .ticker:
                markets.states.values[place].isTickerDropped = !change.isAdded
                if !change.isAdded { markets.states.values[place].ticker.lose(slot: nil) }
            case .improvementBook: improvementPicked(place, change.isAdded)
            case .book(let depth):
                markets.states.values[place].droppedDepths.removeAll { $0 == depth }
                guard !change.isAdded else { continue }
                markets.states.values[place].droppedDepths.append(depth)
                let feeds = markets.states.values[place].feeds
                guard let feed = feeds.firstIndex(where: { $0.depth == depth }) else { continue }
                let wasShown = markets.states.values[place].shownFeed == feed
                markets.states.values[place].feeds.remove(at: feed)
                let isLive = markets.states.values[place].feed?.freshness == .live
                if wasShown, isLive || feeds[feed].freshness == .live {
                    spoiled.append(change.instrument)
                }
            }
        }
        return spoiled
    }
}

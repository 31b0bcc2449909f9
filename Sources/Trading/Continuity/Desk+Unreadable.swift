import Market

extension Desk {
    /// A push that cannot be read at all: what is kept of its topic has missed it.
    ///
    /// The book is stale, and so is the ticker, whose next change would leave fields as they were; each unless another
    /// connection gives the same. Of topics that nothing is kept of the record and its finding are all there is to say.
    ///
    /// - Returns: the instrument whose book was whole and is not any more.
    mutating func unreadablePush(_ header: RecordHeader) -> InstrumentID? {
        guard case .publicTopic(let category, let topic) = header.stream.kind else { return nil }
        if topic.hasPrefix("publicTrade.") {
            missTrades(category, topic.dropFirst(12), slot: header.stream.slot)
            return nil
        }
        for place in markets.states.keys.indices
        where markets.states.keys[place].category == category {
            let instrument = markets.states.keys[place]
            if topic == "tickers.\(instrument.symbol)" {
                unreadableTicker(place, header)
                return nil
            }
            if markets.states.values[place].improvement?.topic == topic {
                unreadableImprovement(place, header)
                return nil
            }
            let feeds = markets.states.values[place].feeds
            guard let feed = feeds.firstIndex(where: { $0.topic == topic }) else { continue }
            guard markets.states.values[place].feeds[feed].lose(slot: header.stream.slot) else {
                return nil
            }
            find(
                .gap,
                header.stream.text,
                expected: "a push of the book",
                seen: "a record that cannot be read",
                note: "the book is stale until the next snapshot"
            )
            // Depth 1 sends nothing but snapshots, and the full book begins with its next change: neither is asked for.
            let asks = feeds[feed].depth != 1 && !feeds[feed].isFull
            if asks { resubscribe(place, feed, instrument) }
            return instrument
        }
        return nil
    }

    /// A frame of the private socket, or a row of one, that cannot be read: what it said has been missed.
    ///
    /// While the socket is down all is asked for anyway, when it is back.
    mutating func unreadablePrivate() {
        guard links.isPrivateReady else { return }
        keepLookBack()
        let isDue: Bool
        if links.damage == nil {
            links.damage = Damage(at: time)
            isDue = true
        } else {
            isDue = links.damage?.add(at: time) ?? false
        }
        if isDue { beginReconciliation() }
    }

    private mutating func unreadableTicker(_ place: Int, _ header: RecordHeader) {
        guard !markets.states.values[place].isTickerDropped else { return }
        guard markets.states.values[place].ticker.isLive else {
            // Its snapshot, mostly: asked for again when it has been asked for already and takes too long.
            if markets.states.values[place].ticker.askedAt == nil { askForTicker(place) }
            return
        }
        markets.states.values[place].ticker.lose(slot: header.stream.slot)
        guard !markets.states.values[place].ticker.isLive else { return }
        find(
            .gap,
            header.stream.text,
            expected: "a push of the ticker",
            seen: "a record that cannot be read",
            note: "the ticker is not kept up until the next snapshot"
        )
        // What is ignored until then has been told with this.
        markets.states.values[place].ticker.ignored = 1
        askForTicker(place)
    }
}

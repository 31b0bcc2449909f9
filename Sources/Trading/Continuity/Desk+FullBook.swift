import Market

/// The full book's way to its beginning: changes wait, the book is asked for, both are joined.
extension Desk {
    /// A change of a full book that is not live, or the first one after a restart; true when strategies are to be told.
    mutating func fullBookWaits(
        _ place: Int,
        _ feed: Int,
        _ instrument: InstrumentID,
        _ event: Event,
        _ header: RecordHeader
    ) -> Bool {
        let slot = header.stream.slot
        let wasLive = markets.states.values[place].feeds[feed].freshness == .live
        if event.findings.contains(where: { BookFeed.isLevel($0.field) }) {
            // Without this level what follows is not the exchange's book.
            markets.states.values[place].feeds[feed].spoil()
            find(
                .gap,
                header.stream.text,
                expected: "every level",
                seen: "a level that cannot be read",
                note: "the full book begins again with the next change"
            )
            return wasLive
        }
        if wasLive || markets.states.values[place].feeds[feed].sync == nil {
            if wasLive {
                let last = markets.states.values[place].feeds[feed].updateID
                gap(header, expected: last &+ 1, seen: event.book.updateID)
            }
            beginFullBook(place, feed, instrument, with: event.book, slot: slot)
            return wasLive
        }
        // The other connections say the same.
        guard markets.states.values[place].feeds[feed].slot == slot else { return false }
        switch markets.states.values[place].feeds[feed].sync?.take(event.book) {
        case .waits, nil: break
        case .begins(let expected): gap(header, expected: expected, seen: event.book.updateID)
        case .old:
            ignored(
                place,
                feed,
                header,
                seen: "u = \(event.book.updateID), seq = \(event.book.crossSequence)",
                note: "an old change of the book"
            )
        }
        let step = markets.states.values[place].feeds[feed].sync?.judge() ?? .wait
        return carryOut(step, place, feed, instrument, header.stream.text)
    }

    /// The book is not to be believed from here on; its next beginning is joined to `change` or what comes after it.
    mutating func beginFullBook(
        _ place: Int,
        _ feed: Int,
        _ instrument: InstrumentID,
        with change: BookUpdate?,
        slot: Int
    ) {
        markets.states.values[place].feeds[feed].spoil()
        links.deferred.removeAll { $0.lookUp == .fullBook(instrument) }
        guard let change else { return }
        markets.states.values[place].feeds[feed].slot = slot
        var sync = FullBookSync()
        _ = sync.take(change)
        let step = sync.judge()
        markets.states.values[place].feeds[feed].sync = sync
        _ = carryOut(step, place, feed, instrument, "")
    }

    /// Whether a question for the book, put off for a while, is still wanted.
    func isFullBookAwaited(_ instrument: InstrumentID) -> Bool {
        markets.states[instrument]?.feeds.last { $0.isFull }?.sync?.isAsked ?? false
    }

    /// The whole book, or the refusal of it.
    ///
    /// - Returns: the instrument whose book is live from here on.
    mutating func fullBookReply(_ event: Event, _ header: RecordHeader) -> InstrumentID? {
        let reply = event.reply
        if !reply.isSuccess { refused(reply, header.stream.text) }
        guard let category = Desk.category(of: reply),
            let symbol = Symbol(Desk.parameter("symbol", of: reply.query))
        else { return nil }
        let instrument = InstrumentID(category, symbol)
        // Asked for by another, or overtaken by the loss of its connection.
        guard let place = markets.states.index(of: instrument),
            let feed = markets.states.values[place].feeds.lastIndex(where: { $0.isFull }),
            markets.states.values[place].feeds[feed].sync != nil
        else { return nil }
        let isWhole = !event.findings.contains { BookFeed.isLevel($0.field) }
        let sync = markets.states.values[place].feeds[feed].sync
        guard var sync else { return nil }
        let step =
            reply.isSuccess && isWhole && event.book.updateID != 0
            ? sync.answered(event.book) : sync.refused()
        markets.states.values[place].feeds[feed].sync = sync
        return carryOut(step, place, feed, instrument, header.stream.text) ? instrument : nil
    }

    private mutating func carryOut(
        _ step: FullBookSync.Step,
        _ place: Int,
        _ feed: Int,
        _ instrument: InstrumentID,
        _ subject: String
    ) -> Bool {
        switch step {
        case .wait: return false
        case .ask:
            let sync = markets.states.values[place].feeds[feed].sync
            guard let sync, sync.failures > 0 else {
                asDesk { $0.command(.lookUp(.fullBook(instrument))) }
                return false
            }
            ask(.fullBook(instrument), at: time.advanced(nanoseconds: sync.pause))
            return false
        case .load(let book, let changes):
            return load(book, changes, place, feed, instrument, subject)
        }
    }

    private mutating func load(
        _ book: BookUpdate,
        _ changes: [BookUpdate],
        _ place: Int,
        _ feed: Int,
        _ instrument: InstrumentID,
        _ subject: String
    ) -> Bool {
        let slot = markets.states.values[place].feeds[feed].slot
        let failures = markets.states.values[place].feeds[feed].sync?.failures ?? 0
        var errors: [(field: String, error: NumberError)] = []
        markets.states.values[place].feeds[feed].sync = nil
        for update in [book] + changes {
            let outcome = markets.states.values[place].feeds[feed].apply(
                update,
                slot: slot,
                errors: &errors
            )
            guard outcome != .changed || !errors.isEmpty else { continue }
            for (field, error) in errors { number("\(subject) \(field)", error) }
            find(
                .gap,
                subject,
                expected: "a full book that its changes follow",
                seen: "u = \(update.updateID)",
                note: "the full book begins again with the next change"
            )
            markets.states.values[place].feeds[feed].spoil()
            // What does not fit now will mostly not fit at once either: the next question waits longer.
            markets.states.values[place].feeds[feed].sync = FullBookSync(failures: failures + 1)
            return false
        }
        return true
    }
}

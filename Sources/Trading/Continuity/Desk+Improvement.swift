import Market

/// The book with price improvements, `orderbook.rpi`: whether anything of it is missing, and nothing else.
///
/// Its sizes of improvements are there for retail orders alone, so that no strategy is told of it and nobody trades on it. The
/// part without them is kept, which may not be crossed; a bid of improvements may well stand above an ask of them. A level
/// of improvements alone is none of that part, as one without a size.
extension Desk {
    /// Levels that are kept of a side.
    private static let improvementDepth = 10

    mutating func improvementPush(_ event: inout Event, _ header: RecordHeader) {
        let instrument = InstrumentID(event.category, event.symbol)
        let place = markets.index(of: instrument)
        // On its way when the rules ceased to pick it.
        if markets.states.values[place].isImprovementDropped == true { return }
        if markets.states.values[place].improvement == nil {
            var topic = ""
            if case .publicTopic(_, let name) = header.stream.kind { topic = name }
            markets.states.values[place].improvement = BookFeed(
                depth: event.book.depth,
                topic: topic,
                scale: markets.scale(of: instrument)
            )
        }
        var errors: [(field: String, error: NumberError)] = []
        // The exchange's 50 levels count those of improvements alone, which are none here: what lies deep may be out of its
        // window, and would stay when it goes.
        var change = event.book
        change.depth = Desk.improvementDepth
        let applied = markets.states.values[place].improvement?.apply(
            change,
            slot: header.stream.slot,
            errors: &errors
        )
        guard let outcome = applied else { return }
        for (field, error) in errors { number("\(header.stream.text) \(field)", error) }
        let isIncomplete = !errors.isEmpty || event.findings.contains { BookFeed.isLevel($0.field) }
        if isIncomplete, outcome == .changed {
            markets.states.values[place].improvement?.spoil()
            find(
                .gap,
                header.stream.text,
                expected: "every level",
                seen: "a level that cannot be read",
                note: "the book is stale until the next snapshot"
            )
            // A snapshot that cannot be read would come again just so.
            if !event.book.isSnapshot { renewImprovement(place) }
            return
        }
        switch outcome {
        case .changed, .repeated: return
        case .early:
            ignoredImprovement(place, header, note: "a change of a book without a snapshot")
            return
        case .old(let last, let seen):
            ignoredImprovement(
                place,
                header,
                expected: "u > \(last)",
                seen: "u = \(seen)",
                note: "an old change of the book"
            )
            return
        case .gap(let expected, let seen): gap(header, expected: expected, seen: seen)
        case .backwards(let last, let seen): backwards(header, last: last, seen: seen)
        case .crossed(let bid, let ask): crossed(header, bid: bid, ask: ask)
        }
        renewImprovement(place)
    }

    /// The first push that is not applied since the last snapshot is told, the others are counted.
    private mutating func ignoredImprovement(
        _ place: Int,
        _ header: RecordHeader,
        expected: String = "",
        seen: String = "",
        note: String
    ) {
        markets.states.values[place].improvement?.ignore(at: time)
        if markets.states.values[place].improvement?.ignored == 1 {
            find(.ignored, header.stream.text, expected: expected, seen: seen, note: note)
        }
    }

    /// The book is stale: it is asked for, or while the pause since the last time lasts, is left to a later tick.
    ///
    /// The exchange promises a `u` without gaps for `orderbook.full` alone. Were this topic to leave some out for good, it would
    /// else be subscribed anew with each push, and never be whole in between.
    mutating func renewImprovement(_ place: Int) {
        guard let topic = markets.states.values[place].improvement?.topic else { return }
        guard isImprovementDue(place) else {
            if markets.states.values[place].improvement?.waitingSince == nil {
                markets.states.values[place].improvement?.expectSnapshot(from: time)
            }
            return
        }
        markets.states.values[place].improvement?.expectSnapshot(from: time)
        command(.resubscribe(markets.states.keys[place], topic: topic))
    }

    private mutating func isImprovementDue(_ place: Int) -> Bool {
        guard markets.states.values[place].improvementPause != nil else {
            markets.states.values[place].improvementPause = Damage(at: time)
            return true
        }
        return markets.states.values[place].improvementPause?.add(at: time) ?? false
    }

    // MARK: What books of the depths have as well

    /// Its socket was lost, or lost something: see ``spoil(_:slot:resubscribing:)``.
    mutating func loseImprovement(_ place: Int, slot: Int?, resubscribing: Bool) {
        guard let owner = markets.states.values[place].improvement?.slot else { return }
        _ = markets.states.values[place].improvement?.lose(slot: slot)
        guard slot == nil || slot == owner,
            markets.states.values[place].improvement?.freshness != .live
        else { return }
        markets.states.values[place].improvement?.expectSnapshot(from: nil)
        if resubscribing { renewImprovement(place) }
    }

    /// Its socket is subscribed again: a snapshot is due from now on.
    mutating func awaitImprovement(_ place: Int) {
        if markets.states.values[place].improvement?.freshness != .live {
            markets.states.values[place].improvement?.expectSnapshot(from: time)
        }
    }

    /// A push of it came and cannot be read at all.
    mutating func unreadableImprovement(_ place: Int, _ header: RecordHeader) {
        let wasWhole = markets.states.values[place].improvement?.lose(slot: header.stream.slot)
        guard wasWhole == true else { return }
        find(
            .gap,
            header.stream.text,
            expected: "a push of the book",
            seen: "a record that cannot be read",
            note: "the book is stale until the next snapshot"
        )
        renewImprovement(place)
    }

    /// The rules pick it, or pick it no more: then it is none, and nobody asks for its snapshot.
    mutating func improvementPicked(_ place: Int, _ isAdded: Bool) {
        markets.states.values[place].isImprovementDropped = isAdded ? nil : true
        guard !isAdded else { return }
        markets.states.values[place].improvement = nil
        markets.states.values[place].improvementPause = nil
    }
}

public import Market

/// One subscription to an order book: the book, and whether it can be believed.
///
/// The desk keeps one for each depth of an instrument, and so does a client that does not record.
/// The full book has no snapshot among its pushes: ``FullBookSync``.
///
/// - Source of the rules: `u` rises by one a message; a snapshot replaces at any time; `u == 1` is a snapshot
///   whatever its type says; depth 1 sends snapshots only and repeats the last one; `seq` never falls.
public struct BookFeed: Sendable, Codable {
    public enum Freshness: String, Hashable, Sendable, Codable {
        /// No snapshot yet.
        case empty
        case live
        /// Something was missed; the book is as it was before and waits for a snapshot.
        case stale
    }

    /// What a push did.
    public enum Outcome: Hashable, Sendable {
        case changed
        /// The same book again, as depth 1 does every 3 s.
        case repeated
        /// A delta for a book that has no snapshot.
        case early
        /// `u` did not rise.
        case old(last: Int64, seen: Int64)
        /// `u` rose by more than one.
        case gap(expected: Int64, seen: Int64)
        /// `seq` fell.
        case backwards(last: Int64, seen: Int64)
        /// A bid at or above an ask.
        case crossed(bid: String, ask: String)
    }

    /// How long a snapshot may take before it is asked for again: 5 s.
    static let patience: Int64 = 5_000_000_000

    public let depth: Int
    /// As subscribed, such as `orderbook.50.BTCUSDT`.
    public internal(set) var topic: String
    public internal(set) var freshness = Freshness.empty
    public internal(set) var updateID: Int64 = 0
    public internal(set) var crossSequence: Int64 = 0
    /// Matching-engine time of the last push, Unix milliseconds.
    public internal(set) var matchTimeMilliseconds: Int64 = 0
    public internal(set) var book: Book
    /// The connection slot that last changed the book: another one's repetition is not worth a finding.
    var slot = 1
    /// Other connections that are in step: when the first is lost, the next goes on and nothing was missed.
    var covers: [Int] = []
    /// The book's `u` when this connection took over, until it has come so far itself: what it says up to there is no news.
    var behind: Int64 = 0
    /// When the missing snapshot was last asked for, or first missed.
    var waitingSince: Timestamp?
    /// Pushes that were not applied since the last snapshot; the first of them is a finding.
    public internal(set) var ignored: Int64 = 0
    /// Of the full book alone, while it is not live.
    var sync: FullBookSync?

    var isFull: Bool { depth == BookUpdate.fullDepth }

    /// - Parameter scale: may be coarser than the data; the book then goes on in a finer one.
    public init(depth: Int, topic: String, scale: Scale) {
        self.depth = depth
        self.topic = topic
        book = Book(scale: scale)
    }

    /// Judges a push, then applies it or not.
    ///
    /// Levels whose numbers do not fit are reported and left out.
    ///
    /// - Parameter pushSlot: the connection that it came on, where several carry the same topic; 1 is the first.
    public mutating func apply(
        _ update: BookUpdate,
        slot pushSlot: Int,
        errors: inout [(field: String, error: NumberError)]
    ) -> Outcome {
        let isSnapshot = update.isSnapshot || update.updateID == 1
        if isSnapshot {
            if freshness == .live, update.updateID == updateID, depth == 1 { return .repeated }
            if freshness == .live, pushSlot != slot, update.updateID <= updateID,
                update.updateID != 1
            {
                cover(pushSlot)
                return .repeated
            }
            // Another connection's book of later is a new beginning for all.
            if freshness != .live || update.updateID == 1 { covers.removeAll() }
            book.removeAll()
            freshness = .live
            waitingSince = nil
            ignored = 0
        } else {
            switch freshness {
            case .empty, .stale: return .early
            case .live: break
            }
            if update.updateID <= updateID {
                if pushSlot == slot {
                    guard update.updateID <= behind else {
                        return .old(last: updateID, seen: update.updateID)
                    }
                    if update.updateID == behind { behind = 0 }
                    return .repeated
                }
                cover(pushSlot)
                return .repeated
            }
            guard update.updateID == updateID + 1 else {
                if isCovered(without: pushSlot) { return .repeated }
                freshness = .stale
                covers.removeAll()
                return .gap(expected: updateID + 1, seen: update.updateID)
            }
            guard update.crossSequence >= crossSequence || update.crossSequence == 0 else {
                freshness = .stale
                return .backwards(last: crossSequence, seen: update.crossSequence)
            }
        }
        if slot != pushSlot {
            let other = slot
            covers.removeAll { $0 == pushSlot }
            slot = pushSlot
            // At the first push there is no other.
            if updateID != 0, !covers.contains(other), isInStep(other, update) {
                cover(other)
            }
        }
        behind = 0
        updateID = update.updateID
        crossSequence = update.crossSequence
        matchTimeMilliseconds = update.matchTimeMilliseconds
        set(.buy, update.bids, &errors)
        set(.sell, update.asks, &errors)
        if update.depth > 0, !isFull { book.trim(depth: update.depth) }
        if book.isCrossed {
            freshness = .stale
            return .crossed(
                bid: book.bestBid?.price.text(decimals: book.scale.priceDecimals) ?? "",
                ask: book.bestAsk?.price.text(decimals: book.scale.priceDecimals) ?? ""
            )
        }
        return .changed
    }

    private mutating func set(
        _ side: Side,
        _ levels: [LevelNumerals],
        _ errors: inout [(field: String, error: NumberError)]
    ) {
        guard let misfit = book.set(side, levels) else { return }
        let place = misfit.place
        // Finer digits than the book counts in: it goes on in a finer scale, from this level.
        do throws(NumberError) {
            guard case .tooFine = misfit.error else { throw misfit.error }
            try widen(for: levels[place])
            for rest in levels[place...] { try setWide(side, rest) }
        } catch {
            errors.append((side == .buy ? "b" : "a", error))
            for rest in levels[(place + 1)...] {
                do throws(NumberError) { try setWide(side, rest) } catch {
                    errors.append((side == .buy ? "b" : "a", error))
                }
            }
        }
    }

    private mutating func setWide(_ side: Side, _ level: LevelNumerals) throws(NumberError) {
        try widen(for: level)
        book.set(
            side,
            price: try book.scale.price(level.price),
            size: try book.scale.quantity(level.size)
        )
    }

    private mutating func widen(for level: LevelNumerals) throws(NumberError) {
        try widen(
            to: Scale(
                priceDecimals: Int(level.price.trimmed.decimals),
                quantityDecimals: Int(level.size.trimmed.decimals)
            )
        )
    }

    /// Makes the book count at least as finely as `scale`.
    mutating func widen(to scale: Scale) throws(NumberError) {
        let wider = Scale(
            priceDecimals: max(book.scale.priceDecimals, scale.priceDecimals),
            quantityDecimals: max(book.scale.quantityDecimals, scale.quantityDecimals)
        )
        if wider != book.scale { try book.rescale(to: wider) }
    }

    /// Not to be believed until the next snapshot.
    public mutating func spoil() {
        if freshness == .live { freshness = .stale }
        covers.removeAll()
        sync = nil
    }

    /// True for fields of a push or reply that are levels: `data.b…`, `data.a…`, `result.b…`, `result.a…`.
    ///
    /// One that could not be read is missing in the book, which is then not the exchange's.
    public static func isLevel(_ field: String) -> Bool {
        ["data.b", "data.a", "result.b", "result.a"].contains { field.hasPrefix($0) }
    }

    // MARK: Waiting for a snapshot

    /// A snapshot was asked for, or is due for another reason; `nil`: none is due.
    public mutating func expectSnapshot(from time: Timestamp?) { waitingSince = time }

    /// Counts a push that was not applied; one of a book that is not live waits for a snapshot from now on.
    public mutating func ignore(at time: Timestamp) {
        ignored += 1
        if waitingSince == nil, freshness != .live { waitingSince = time }
    }

    /// True when the snapshot that is due has not come within ``patience``: it is to be asked for again.
    ///
    /// Never of the full book, which is begun by a question of its own.
    public func isSnapshotOverdue(at time: Timestamp) -> Bool {
        guard !isFull, freshness != .live, let since = waitingSince else { return false }
        return time.nanoseconds - since.nanoseconds >= BookFeed.patience
    }

    // MARK: Connections beside each other

    private mutating func cover(_ other: Int) {
        if other != slot, !covers.contains(other) { covers.append(other) }
    }

    /// A delta follows what the connection before has given: that one is not behind by more than this push.
    private func isInStep(_ other: Int, _ update: BookUpdate) -> Bool { !update.isSnapshot }

    /// A connection has skipped a push: true when another, in step, gives it.
    private mutating func isCovered(without jumped: Int) -> Bool {
        covers.removeAll { $0 == jumped }
        if jumped != slot { return true }
        guard let next = covers.first else { return false }
        takeOver(next)
        return true
    }

    /// It may be some pushes behind, as each was that was not the first to give one.
    private mutating func takeOver(_ next: Int) {
        covers.removeAll { $0 == next }
        slot = next
        behind = updateID
    }

    /// A connection is lost (`nil`: all of them); true when the book was whole and is not any more.
    public mutating func lose(slot lost: Int?) -> Bool {
        let wasLive = freshness == .live
        if let lost {
            covers.removeAll { $0 == lost }
            guard slot == lost else { return false }
            if wasLive, let next = covers.first {
                takeOver(next)
                return false
            }
        }
        spoil()
        return wasLive
    }
}

import Journal
import Market

/// Order books kept in the order of the records, and a row of each where one is due.
struct BookFold {
    private struct State {
        let stream: StreamID
        let route: ColumnRoute
        var book = Book(scale: Scale(priceDecimals: 0, quantityDecimals: 0))
        /// Has had a snapshot, and nothing was missed since.
        var isLive = false
        /// A row of it is due at the instant.
        var isDue = false
        var sequence = SequenceNumber.none
        var time = Timestamp.zero
        var exchangeMilliseconds: Int64 = 0
        var matchMilliseconds: Int64 = 0
        var updateID: Int64 = 0
        var crossSequence: Int64 = 0
    }

    private let depth: Int
    /// Nanoseconds; `nil` for a row a push.
    private let every: Int64?
    private var states: [State] = []
    /// By stream id.
    private var places: [Int] = []
    /// The multiple of `every` at or behind the last push.
    private var instant: Int64 = .min
    private var due: [Int] = []
    private(set) var findings = ColumnFindings()

    init(depth: Int, every: Int64?) {
        self.depth = depth
        self.every = every
    }

    /// Applies a block's pushes from one on; rows that became due go into `batch`.
    ///
    /// - Returns: the push that comes next, where the batch then has `rows` or more; `nil` behind the last.
    mutating func apply(
        _ block: BookBlock,
        from first: Int,
        into batch: ColumnBatch,
        rows: Int
    ) -> Int? {
        for (stream, route) in block.routes {
            let id = Int(stream.value)
            while places.count <= id { places.append(-1) }
            guard places[id] < 0 else { continue }
            places[id] = states.count
            states.append(State(stream: stream, route: route))
        }
        return block.levels.withUnsafeBufferPointer { levels in
            for place in first..<block.pushes.count {
                guard batch.rows < rows else { return place }
                apply(block.pushes[place], levels, batch)
            }
            return nil
        }
    }

    /// Rows that are due at or before the end of what was read.
    mutating func finish(at end: Timestamp, into batch: ColumnBatch) {
        if instant <= end.nanoseconds { flush(batch) }
    }

    private mutating func apply(
        _ push: BookBlock.Push,
        _ levels: UnsafeBufferPointer<LevelNumerals>,
        _ batch: ColumnBatch
    ) {
        if let every {
            let time = push.time.nanoseconds
            let next = Self.instant(at: time, every)
            if next > instant {
                flush(batch)
                instant = next
            }
        }
        let place = places[Int(push.stream.value)]
        switch push.what {
        case .lost:
            let socket = states[place].route.socket
            for other in states.indices
            where states[other].route.socket == socket && states[other].route.subject == .book {
                lose(other, push, batch)
            }
        case .unreadable(let reason):
            find(push, place, reason)
            lose(place, push, batch)
        case .push(let isSnapshot):
            let change = Self.change(&states[place], push, isSnapshot, levels)
            if let reason = change {
                find(push, place, reason)
                if reason != .bookEarly && reason != .bookOld { lose(place, push, batch) }
            } else {
                states[place].isLive = true
                mark(place, push)
                emit(place, batch)
            }
        }
    }

    /// The smallest multiple at or behind a time.
    static func instant(at time: Int64, _ every: Int64) -> Int64 {
        let (quotient, rest) = time.quotientAndRemainder(dividingBy: every)
        return rest > 0 ? (quotient + 1) * every : quotient * every
    }

    private mutating func find(
        _ push: BookBlock.Push,
        _ place: Int,
        _ reason: ColumnFinding.Reason
    ) {
        findings.add(
            ColumnFinding(
                sequence: push.sequence,
                stream: states[place].route.name.text,
                field: "",
                reason: reason
            )
        )
    }

    /// Changes the book, or says why it cannot be.
    private static func change(
        _ state: inout State,
        _ push: BookBlock.Push,
        _ isSnapshot: Bool,
        _ levels: UnsafeBufferPointer<LevelNumerals>
    ) -> ColumnFinding.Reason? {
        if isSnapshot {
            state.book.removeAll()
        } else {
            guard state.isLive else { return .bookEarly }
            let last = state.updateID
            guard push.updateID > last else { return .bookOld }
            guard push.updateID == last + 1 else { return .bookGap }
            guard push.crossSequence >= state.crossSequence || push.crossSequence == 0
            else { return .bookBackwards }
        }
        let middle = push.start + push.bids
        do throws(NumberError) {
            for index in push.start..<middle { try set(.buy, levels[index], &state.book) }
            for index in middle..<(middle + push.asks) {
                try set(.sell, levels[index], &state.book)
            }
        } catch {
            return .bookLevel
        }
        state.updateID = push.updateID
        state.crossSequence = push.crossSequence
        if push.depth > 0 { state.book.trim(depth: push.depth) }
        return state.book.isCrossed ? .bookCrossed : nil
    }

    @inline(__always)
    private static func set(
        _ side: Side,
        _ level: LevelNumerals,
        _ book: inout Book
    ) throws(NumberError) {
        let scale = book.scale
        if Int(level.price.decimals) > scale.priceDecimals
            || Int(level.size.decimals) > scale.quantityDecimals
        {
            let price = level.price.trimmed
            let size = level.size.trimmed
            let wider = Scale(
                priceDecimals: max(scale.priceDecimals, Int(price.decimals)),
                quantityDecimals: max(scale.quantityDecimals, Int(size.decimals))
            )
            if wider != scale { try book.rescale(to: wider) }
            return book.set(
                side,
                price: try wider.price(price),
                size: try wider.quantity(size)
            )
        }
        book.set(side, price: try scale.price(level.price), size: try scale.quantity(level.size))
    }

    // MARK: Rows

    /// The book is not known from here on; the first time is a row without levels.
    private mutating func lose(_ place: Int, _ push: BookBlock.Push, _ batch: ColumnBatch) {
        let wasLive = states[place].isLive
        states[place].isLive = false
        states[place].book.removeAll()
        guard wasLive else { return }
        mark(place, push)
        emit(place, batch)
    }

    private mutating func mark(_ place: Int, _ push: BookBlock.Push) {
        states[place].sequence = push.sequence
        states[place].time = push.time
        states[place].exchangeMilliseconds = push.exchangeMilliseconds
        states[place].matchMilliseconds = push.matchMilliseconds
    }

    private mutating func emit(_ place: Int, _ batch: ColumnBatch) {
        if every == nil {
            write(states[place], at: states[place].time, batch)
        } else if !states[place].isDue {
            states[place].isDue = true
            due.append(place)
        }
    }

    private mutating func flush(_ batch: ColumnBatch) {
        // Rows of one instant stand in the order of their streams' ids.
        for place in due.sorted(by: { states[$0].stream < states[$1].stream }) {
            states[place].isDue = false
            write(states[place], at: Timestamp(nanoseconds: instant), batch)
        }
        due.removeAll(keepingCapacity: true)
    }

    private func write(_ state: borrowing State, at time: Timestamp, _ batch: ColumnBatch) {
        let columns = batch.columns
        columns[0].append(Int64(bitPattern: state.sequence.value))
        columns[1].append(time.nanoseconds)
        columns[2].append(state.time.nanoseconds)
        Self.append(state.isLive ? state.exchangeMilliseconds : 0, columns[3])
        columns[4].append(state.route.name.text)
        columns[5].append(state.route.category)
        columns[6].append(state.route.symbol)
        Self.append(state.isLive ? state.matchMilliseconds : 0, columns[7])
        columns[8].append(!state.isLive)
        if state.isLive {
            columns[9].append(state.updateID)
            columns[10].append(state.crossSequence)
        } else {
            columns[9].appendNull()
            columns[10].appendNull()
        }
        batch.withHeld { held in
            write(state.book.bids, state.book.scale, held, from: 11)
            write(state.book.asks, state.book.scale, held, from: 11 + 2 * depth)
        }
    }

    /// A time that is not there is null.
    private static func append(_ milliseconds: Int64, _ column: ColumnBuilder) {
        if milliseconds > 0, let time = Timestamp(milliseconds: milliseconds) {
            column.append(time.nanoseconds)
        } else {
            column.appendNull()
        }
    }

    private func write(
        _ levels: [Level],
        _ scale: Scale,
        _ columns: HeldColumns,
        from first: Int
    ) {
        let there = min(depth, levels.count)
        levels.withUnsafeBufferPointer { levels in
            for index in 0..<there {
                let level = levels[index]
                columns.with(first + 2 * index) {
                    $0.append(mantissa: level.price.units, decimals: scale.priceDecimals)
                }
                columns.with(first + 2 * index + 1) {
                    $0.append(mantissa: level.size.units, decimals: scale.quantityDecimals)
                }
            }
        }
        for index in there..<depth {
            columns.with(first + 2 * index) { $0.appendNull() }
            columns.with(first + 2 * index + 1) { $0.appendNull() }
        }
    }
}

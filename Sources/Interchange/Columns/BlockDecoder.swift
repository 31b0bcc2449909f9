import Bybit
import JSON
import Journal
import Market

/// A run of records, decoded apart from all others.
struct DecodedBlock {
    /// By table, in the order of the options.
    var batches: [ColumnBatch] = []
    /// Those that grew too large, in their order, before what `batches` has.
    var full: [ColumnBatch] = []
    var book = BookBlock()
    var findings = ColumnFindings()
    var damage: [JournalError] = []
    var records: UInt64 = 0
    /// Where its records grew too large in memory for all of them: the first that is not in it.
    var rest: UInt64?

    /// Bytes that its rows and pushes take.
    var bytes: Int {
        (full + batches).reduce(book.bytes) { $0 + $1.bytes }
    }
}

/// The pushes of a block's order books, and what broke them, in the order of the records.
struct BookBlock {
    enum What {
        case push(isSnapshot: Bool)
        /// Levels that could not be read, or a payload that is none: the book can no longer be known.
        case unreadable(ColumnFinding.Reason)
        /// The socket was lost or shed: all its books.
        case lost
    }

    struct Push {
        var what: What
        var sequence: SequenceNumber
        var time: Timestamp
        var stream: StreamID
        var depth: Int
        var exchangeMilliseconds: Int64 = 0
        var matchMilliseconds: Int64 = 0
        var updateID: Int64 = 0
        var crossSequence: Int64 = 0
        /// Levels from here on: bids, then asks.
        var start: Int
        var bids = 0
        var asks = 0
    }

    var pushes: [Push] = []
    var levels: [LevelNumerals] = []
    /// Streams of the pushes.
    var routes: [(StreamID, ColumnRoute)] = []

    var bytes: Int {
        pushes.count * MemoryLayout<Push>.stride
            + levels.count * MemoryLayout<LevelNumerals>.stride
    }
}

/// Decodes blocks one after another; each core has one.
///
/// `@unchecked Sendable`: it is used by one task at a time, which took it out of the pool.
final class BlockDecoder: @unchecked Sendable {
    private let parser = JSONParser()
    private let decoder = MessageDecoder()
    @exclusivity(unchecked) private var event = Event()
    @exclusivity(unchecked) private var rows = RowDecoder()
    private let recording: Recording
    private let options: ColumnsExport.Options
    private let places: Places
    /// What the largest block before took.
    private var pushesKept = 0
    private var levelsKept = 0

    /// Where in the options each table is.
    private struct Places {
        let trades: Int?
        let tickers: Int?
        let klines: Int?
        let book: Int?
        let records: Int?

        init(_ tables: [ColumnTable]) {
            trades = tables.firstIndex(of: .trades)
            tickers = tables.firstIndex(of: .tickers)
            klines = tables.firstIndex(of: .klines)
            book = tables.firstIndex(of: .book)
            records = tables.firstIndex(of: .records)
        }
    }

    init(_ recording: Recording, _ options: ColumnsExport.Options) {
        self.recording = recording
        self.options = options
        places = Places(options.tables)
    }

    /// - Parameter limit: a block ends early behind the record with which it takes so many bytes.
    func decode(
        _ block: ClosedRange<UInt64>,
        limit: Int
    ) throws(InterchangeError) -> DecodedBlock {
        var result = DecodedBlock()
        result.batches = options.tables.indices.map { batch($0) }
        // What grows from nothing is copied again and again.
        result.book.pushes.reserveCapacity(pushesKept)
        result.book.levels.reserveCapacity(levelsKept)
        rows.cells.findings = ColumnFindings()
        let selection = RecordSelection(
            from: .sequence(SequenceNumber(block.lowerBound)),
            to: .sequence(SequenceNumber(block.upperBound)),
            streams: options.filter
        )
        var routes: [(StreamID, ColumnRoute)] = []
        var damage: [JournalError] = []
        // Payload bytes until what the rows take is summed up again.
        var unmeasured = 0
        let patience = min(limit / 8, BlockDecoder.patience)
        try RecordWalk.run(
            recording,
            selection,
            damage: &damage,
            stream: { id, name in
                let route = ColumnRoute(name)
                if route.subject == .book || route.subject == .link { routes.append((id, route)) }
                return route
            }
        ) { (record, route) throws(InterchangeError) -> Bool in
            result.records += 1
            if let place = places.records {
                BlockDecoder.append(record, route, to: result.batches[place].columns)
                endIfFull(place, &result)
            }
            switch route.subject {
            case .none: break
            case .trades: row(record, route, places.trades, &result)
            case .tickers: row(record, route, places.tickers, &result)
            case .klines: row(record, route, places.klines, &result)
            case .book: if places.book != nil { book(record, route, &result.book) }
            case .link: if places.book != nil { link(record, route, &result.book) }
            }
            unmeasured += record.payload.count
            guard unmeasured > patience else { return true }
            unmeasured = 0
            guard result.bytes >= limit, record.sequence.value < block.upperBound else {
                return true
            }
            result.rest = record.sequence.value + 1
            return false
        }
        if places.book != nil { result.book.routes = routes }
        pushesKept = max(pushesKept, result.book.pushes.count)
        levelsKept = max(levelsKept, result.book.levels.count)
        result.damage = damage
        result.findings = rows.cells.findings
        return result
    }

    private static let patience = 256 << 10

    private func batch(_ place: Int) -> ColumnBatch {
        ColumnBatch(
            place,
            options.tables[place].columns(depth: options.depth, floats: options.floats)
        )
    }

    private func endIfFull(_ place: Int, _ block: inout DecodedBlock) {
        guard block.batches[place].isFull else { return }
        block.full.append(block.batches[place])
        block.batches[place] = batch(place)
    }

    private static func append(
        _ record: borrowing Record,
        _ route: ColumnRoute,
        to columns: [ColumnBuilder]
    ) {
        columns[0].append(Int64(bitPattern: record.sequence.value))
        columns[1].append(record.time.nanoseconds)
        columns[2].append(route.name.text)
        columns[3].append(record.payload)
    }

    private func row(
        _ record: borrowing Record,
        _ route: ColumnRoute,
        _ place: Int?,
        _ block: inout DecodedBlock
    ) {
        guard let place else { return }
        let beginning = RowDecoder.Beginning(
            sequence: record.sequence,
            time: record.time,
            route: route
        )
        do throws(JSONError) {
            rows.decode(try parser.root(record.payload), beginning, into: block.batches[place])
            endIfFull(place, &block)
        } catch {
            rows.cells.sequence = record.sequence
            rows.cells.stream = route.name.text
            rows.cells.find("", .json)
        }
    }

    private func book(
        _ record: borrowing Record,
        _ route: ColumnRoute,
        _ block: inout BookBlock
    ) {
        var push = BookBlock.Push(
            what: .unreadable(.json),
            sequence: record.sequence,
            time: record.time,
            stream: record.stream,
            depth: route.depth,
            start: block.levels.count
        )
        // The usual push goes from the parser's memory to the block's; the decoder would keep it in between.
        if let usual = parser.book(record.payload), let ticker = Symbol(bytes: usual.symbol),
            ticker == route.ticker
        {
            push.exchangeMilliseconds = usual.ts
            push.matchMilliseconds = usual.cts
            push.updateID = usual.updateID
            push.crossSequence = usual.crossSequence
            push.bids = usual.bids.count
            push.asks = usual.asks.count
            push.what = .push(isSnapshot: usual.isSnapshot || usual.updateID == 1)
            block.levels.append(contentsOf: usual.bids)
            block.levels.append(contentsOf: usual.asks)
            return block.pushes.append(push)
        }
        decoder.decode(route.decoding, record.payload, into: &event)
        push.exchangeMilliseconds = event.exchangeMilliseconds
        push.matchMilliseconds = event.book.matchTimeMilliseconds
        push.updateID = event.book.updateID
        push.crossSequence = event.book.crossSequence
        push.bids = event.book.bids.count
        push.asks = event.book.asks.count
        if event.kind == .book {
            if event.findings.isEmpty {
                push.what = .push(isSnapshot: event.book.isSnapshot || event.book.updateID == 1)
                block.levels.append(contentsOf: event.book.bids)
                block.levels.append(contentsOf: event.book.asks)
            } else {
                push.what = .unreadable(.bookLevel)
            }
        }
        block.pushes.append(push)
    }

    private func link(
        _ record: borrowing Record,
        _ route: ColumnRoute,
        _ block: inout BookBlock
    ) {
        decoder.decode(route.decoding, record.payload, into: &event)
        guard event.kind == .link,
            event.link.change == .disconnected || event.link.change == .shed
        else { return }
        block.pushes.append(
            BookBlock.Push(
                what: .lost,
                sequence: record.sequence,
                time: record.time,
                stream: record.stream,
                depth: 0,
                start: block.levels.count
            )
        )
    }
}

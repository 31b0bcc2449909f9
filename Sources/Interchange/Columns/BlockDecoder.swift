import Bybit
import JSON
import Journal
import Market

/// A run of records, decoded apart from all others.
struct DecodedBlock {
    /// By table, in the order of the options; `nil` for the book.
    var batches: [ColumnBatch] = []
    var book = BookBlock()
    var findings = ColumnFindings()
    var damage: [JournalError] = []
    var records: UInt64 = 0
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
        var exchangeMilliseconds: Int64
        var matchMilliseconds: Int64
        var updateID: Int64
        var crossSequence: Int64
        /// Levels from here on: bids, then asks.
        var start: Int
        var bids: Int
        var asks: Int
    }

    var pushes: [Push] = []
    var levels: [LevelNumerals] = []
    /// Streams of the pushes.
    var routes: [(StreamID, ColumnRoute)] = []
}

/// Decodes blocks one after another; each core has one.
///
/// `@unchecked Sendable`: it is used by one task at a time, which took it out of the pool.
final class BlockDecoder: @unchecked Sendable {
    private let parser = JSONParser()
    private let decoder = MessageDecoder()
    private var event = Event()
    private var rows = RowDecoder()
    private var routes: [ColumnRoute?] = []
    private let recording: Recording
    private let options: ColumnsExport.Options
    private let places: [ColumnTable: Int]

    init(_ recording: Recording, _ options: ColumnsExport.Options) {
        self.recording = recording
        self.options = options
        var places: [ColumnTable: Int] = [:]
        for (place, table) in options.tables.enumerated() { places[table] = place }
        self.places = places
    }

    func decode(_ block: ClosedRange<UInt64>) throws(InterchangeError) -> DecodedBlock {
        var result = DecodedBlock()
        result.batches = options.tables.enumerated().map {
            ColumnBatch($0, $1.columns(depth: options.depth, floats: options.floats))
        }
        rows.cells.findings = ColumnFindings()
        let selection = RecordSelection(
            from: .sequence(SequenceNumber(block.lowerBound)),
            to: .sequence(SequenceNumber(block.upperBound)),
            streams: options.filter
        )
        var known: Set<UInt16> = []
        var damage: [JournalError] = []
        try RecordWalk.run(recording, selection, damage: &damage) {
            (record, name) throws(InterchangeError) in
            let route = self.route(record.stream, name)
            result.records += 1
            if let place = places[.records] {
                BlockDecoder.append(record, route, to: result.batches[place].columns)
            }
            switch route.subject {
            case .none: break
            case .trades: row(record, route, places[.trades], &result)
            case .tickers: row(record, route, places[.tickers], &result)
            case .klines: row(record, route, places[.klines], &result)
            case .book, .link:
                guard places[.book] != nil else { break }
                if known.insert(record.stream.value).inserted {
                    result.book.routes.append((record.stream, route))
                }
                book(record, route, &result.book)
            }
        }
        result.damage = damage
        result.findings = rows.cells.findings
        return result
    }

    private func route(_ stream: StreamID, _ name: StreamName) -> ColumnRoute {
        let id = Int(stream.value)
        while routes.count <= id { routes.append(nil) }
        if let route = routes[id] { return route }
        let route = ColumnRoute(name)
        routes[id] = route
        return route
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
        decoder.decode(route.decoding, record.payload, into: &event)
        var push = BookBlock.Push(
            what: .lost,
            sequence: record.sequence,
            time: record.time,
            stream: record.stream,
            depth: event.book.depth,
            exchangeMilliseconds: event.exchangeMilliseconds,
            matchMilliseconds: event.book.matchTimeMilliseconds,
            updateID: event.book.updateID,
            crossSequence: event.book.crossSequence,
            start: block.levels.count,
            bids: event.book.bids.count,
            asks: event.book.asks.count
        )
        if route.subject == .link {
            guard event.kind == .link,
                event.link.change == .disconnected || event.link.change == .shed
            else { return }
        } else if event.kind != .book {
            push.what = .unreadable(.json)
        } else if !event.findings.isEmpty {
            push.what = .unreadable(.bookLevel)
        } else {
            push.what = .push(isSnapshot: event.book.isSnapshot || event.book.updateID == 1)
            block.levels.append(contentsOf: event.book.bids)
            block.levels.append(contentsOf: event.book.asks)
        }
        block.pushes.append(push)
    }
}

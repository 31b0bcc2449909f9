import Bybit
import Journal
import Market

/// Reads a recording some way ahead of the run, since what came at a moment was so at the exchange before.
///
/// Memory is bounded by what comes within ``window``.
struct MarketReader {
    /// How far ahead is read: 1 s.
    ///
    /// What took longer than that counts at the moment it is read.
    static let window: Int64 = 1_000_000_000

    /// What is read from.
    private enum Source {
        case recording(Cursor)
        case cache(CachedRecords)
    }

    private let recording: Recording
    private let cache: MarketCache?
    private var source: Source
    private let decoder = MessageDecoder()
    private let edits: MarketEdits
    private let offset: (Timestamp) -> Int64
    /// By the stream's id in the recording.
    private var lanes: [MarketLane?] = []
    /// By topic, whatever its connection: the moment of the last push that was read.
    private var latest: [StreamKind: Int64] = [:]
    /// Our clock, of the last record read.
    private var readUntil = Timestamp.zero
    private(set) var hasEnded = false
    private(set) var records: UInt64 = 0
    private(set) var last = SequenceNumber.none
    /// By moment, from ``nextMoment`` on.
    private var byMoment: [MarketItem] = []
    private var nextMoment = 0
    /// By when they come, from ``nextArrival`` on.
    private var byArrival: [MarketItem] = []
    private var nextArrival = 0
    /// The record that outputs read next belong to.
    private var lastInput = SequenceNumber.none
    private var pool: [MarketItem] = []
    /// Outputs are kept as long as they are compared.
    var keepsAccount: Bool
    /// Payloads of public topics are kept: they are pushed as they are.
    var keepsFrames = false

    /// - Parameter cache: of the recording's market; it has no records of the account.
    init(
        _ recording: Recording,
        _ edits: MarketEdits,
        keepsAccount: Bool,
        cache: MarketCache? = nil,
        offset: @escaping (Timestamp) -> Int64
    ) throws(JournalError) {
        self.recording = recording
        self.cache = cache
        if !keepsAccount, let records = cache?.open() {
            source = .cache(records)
        } else {
            source = .recording(try recording.cursor())
        }
        self.edits = edits
        self.keepsAccount = keepsAccount
        self.offset = offset
    }

    /// Of the exchange's side, next in time.
    var market: MarketItem? {
        nextMoment < byMoment.count ? byMoment[nextMoment] : nil
    }

    /// Of the client's side, next in time.
    var arrival: MarketItem? {
        nextArrival < byArrival.count ? byArrival[nextArrival] : nil
    }

    mutating func dropMarket() {
        nextMoment += 1
        if nextMoment >= 4_096 {
            byMoment.removeFirst(nextMoment)
            nextMoment = 0
        }
    }

    /// - Parameter item: the one that ``arrival`` gave; its memory is used again.
    mutating func dropArrival(_ item: MarketItem) {
        nextArrival += 1
        if nextArrival >= 4_096 {
            byArrival.removeFirst(nextArrival)
            nextArrival = 0
        }
        pool.append(item)
    }

    /// Reads until everything that may have happened up to `time` is there, and the outputs of the next arrival with it.
    mutating func fill(to time: Int64) throws(SimulatedError) {
        let end = Timestamp(nanoseconds: time).advanced(nanoseconds: MarketReader.window)
        while !hasEnded, readUntil <= end {
            guard let item = try next() else { continue }
            do throws(EditError) {
                if !edits.changes.isEmpty { try edits.apply(item.number, to: &item.event) }
            } catch {
                throw .edit(error)
            }
            add(item)
        }
    }

    /// The next record; `nil` at the end, and for what neither side has a use for.
    private mutating func next() throws(SimulatedError) -> MarketItem? {
        switch source {
        case .cache(let records): return try next(in: records)
        case .recording(let cursor):
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .replay(.journal(error))
            }
            guard let record else {
                hasEnded = true
                return nil
            }
            records += 1
            last = record.sequence
            readUntil = record.time
            return item(record, cursor)
        }
    }

    private mutating func next(in cached: CachedRecords) throws(SimulatedError) -> MarketItem? {
        let item = pool.popLast() ?? MarketItem()
        let found = cached.next(into: item)
        if found == .end { hasEnded = true }
        // Of entries that do not read nothing is known.
        if found == .item || found == .passed { readUntil = cached.time }
        if found == .item {
            complete(item)
            return item
        }
        pool.append(item)
        records = cached.records
        last = cached.number
        guard found == .damaged else { return nil }
        cache?.discard(cached)
        do throws(JournalError) {
            source = .recording(try recording.cursor(from: .sequence(last.next)))
        } catch {
            throw .replay(.journal(error))
        }
        return nil
    }

    /// Reads on, however far ahead what comes next is.
    mutating func readOn() throws(SimulatedError) { try fill(to: readUntil.nanoseconds) }

    /// The payloads of the commands recorded right after an arrival that was just taken.
    func outputs(after item: MarketItem) -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        var place = nextArrival
        if place < byArrival.count, byArrival[place] === item { place += 1 }
        while place < byArrival.count, byArrival[place].role == .output {
            if case .command = byArrival[place].stream.kind {
                payloads.append(byArrival[place].payload)
            }
            place += 1
        }
        return payloads
    }

    /// Books that the exchange's side has taken in are told to the client in another way.
    mutating func withholdMatchedBooks() {
        for item in byArrival[nextArrival...]
        where item.role == .market && item.event.kind == .book && item.isMatched {
            item.isWithheld = true
        }
    }

    private mutating func add(_ item: MarketItem) {
        if item.role == .market {
            var place = byMoment.count
            while place > nextMoment,
                (byMoment[place - 1].moment, byMoment[place - 1].rank) > (item.moment, item.rank)
            {
                place -= 1
            }
            byMoment.insert(item, at: place)
        }
        if item.role == .output {
            addOutput(item)
            return
        }
        var delay = edits.delay(of: item.number)
        if case .publicTopic = item.stream.kind { delay += edits.publicDelay }
        if item.role == .account, item.stream.kind != .timer { delay += edits.privateDelay }
        item.time = item.time.advanced(nanoseconds: delay)
        lastInput = item.number
        var place = byArrival.count
        while place > nextArrival, byArrival[place - 1].time > item.time { place -= 1 }
        byArrival.insert(item, at: place)
    }

    /// What the engine said goes with what it said it to, however late that comes.
    private mutating func addOutput(_ item: MarketItem) {
        var place = byArrival.count
        while place > nextArrival, byArrival[place - 1].number != lastInput { place -= 1 }
        guard place > nextArrival else {
            // What it belongs to has been taken and compared.
            pool.append(item)
            return
        }
        item.time = byArrival[place - 1].time
        while place < byArrival.count, byArrival[place].role == .output { place += 1 }
        byArrival.insert(item, at: place)
    }

    /// `nil` for what neither side has a use for.
    private mutating func item(_ record: Record, _ cursor: Cursor) -> MarketItem? {
        let lane = lane(record.stream, cursor)
        guard let role = lane.role(keepsAccount: keepsAccount) else { return nil }
        let item = pool.popLast() ?? MarketItem()
        item.number = record.sequence
        item.time = record.time
        item.begin(lane, role)
        if role == .start || role == .output || keepsFrames && role == .market {
            item.payload.append(contentsOf: record.payload)
        }
        if role != .output { decoder.decode(lane.route, record.payload, into: &item.event) }
        complete(item)
        return item
    }

    private mutating func lane(_ stream: StreamID, _ cursor: Cursor) -> MarketLane {
        let place = Int(stream.value)
        while lanes.count <= place { lanes.append(nil) }
        if let known = lanes[place] { return known }
        let made = MarketLane(cursor.name(of: stream))
        lanes[place] = made
        return made
    }

    /// What follows from a record that was decoded: whether it is fed, and when it was so at the exchange.
    private mutating func complete(_ item: MarketItem) {
        item.isWithheld = edits.isDropped(item.number)
        guard item.role == .market else { return }
        let told: Int64
        switch item.event.kind {
        case .book:
            told = item.event.book.matchTimeMilliseconds
            item.rank = 1
        case .publicTrades:
            told = item.event.trades.last?.timeMilliseconds ?? 0
            item.rank = 0
        case .ticker:
            told = item.event.exchangeMilliseconds
            item.rank = 2
        default:
            item.role = .input
            return
        }
        let time = item.time.nanoseconds
        let moment = MarketReader.moment(told, offset(item.time)) ?? time
        // A clock that goes back, the exchange's or by the offset ours, does not turn a topic's pushes round: its book would
        // have a gap, and stand still until the next snapshot.
        item.moment = min(time, max(moment, latest[item.stream.kind] ?? moment))
        latest[item.stream.kind] = item.moment
    }

    /// Of the exchange's word on our clock; `nil` where there is none, or one of a time that no clock shows.
    private static func moment(_ told: Int64, _ offset: Int64) -> Int64? {
        guard told > 0, let begin = Timestamp(milliseconds: told) else { return nil }
        // The exchange's clock ticks in milliseconds: the middle of one is the best guess.
        return begin.advanced(nanoseconds: 500_000).advanced(nanoseconds: 0 &- offset).nanoseconds
    }
}

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

    private let cursor: Cursor
    private let decoder = MessageDecoder()
    private let edits: MarketEdits
    private let offset: (Timestamp) -> Int64
    private var streams: [(name: StreamName, route: StreamRoute)?] = []
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

    init(
        _ recording: Recording,
        _ edits: MarketEdits,
        keepsAccount: Bool,
        offset: @escaping (Timestamp) -> Int64
    ) throws(JournalError) {
        cursor = try recording.cursor()
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
        while !hasEnded, readUntil.nanoseconds <= time + MarketReader.window {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .replay(.journal(error))
            }
            guard let record else {
                hasEnded = true
                return
            }
            records += 1
            last = record.sequence
            readUntil = record.time
            guard let item = item(record) else { continue }
            do throws(EditError) {
                if !edits.changes.isEmpty { try edits.apply(item.number, to: &item.event) }
            } catch {
                throw .edit(error)
            }
            add(item)
        }
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
    private mutating func item(_ record: Record) -> MarketItem? {
        let place = Int(record.stream.value)
        while streams.count <= place { streams.append(nil) }
        if streams[place] == nil {
            let name = cursor.name(of: record.stream)
            streams[place] = (name, StreamRoute(name))
        }
        guard let stream = streams[place], let role = role(stream.name.kind) else { return nil }
        let item = pool.popLast() ?? MarketItem()
        item.number = record.sequence
        item.time = record.time
        item.stream = stream.name
        item.role = role
        item.isWithheld = edits.isDropped(record.sequence)
        item.isMatched = false
        item.isRewritten = false
        item.isFirst = false
        item.isCopy = false
        item.payload.removeAll(keepingCapacity: true)
        if role == .start || role == .output || keepsFrames && role == .market {
            item.payload.append(contentsOf: record.payload)
        }
        guard role != .output else { return item }
        decoder.decode(stream.route, record.payload, into: &item.event)
        guard role == .market else { return item }
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
            return item
        }
        let time = record.time.nanoseconds
        // The exchange's clock ticks in milliseconds: the middle of one is the best guess.
        item.moment =
            told > 0 ? min(time, told * 1_000_000 + 500_000 - offset(record.time)) : time
        return item
    }

    private func role(_ kind: StreamKind) -> MarketItem.Role? {
        switch kind {
        case .publicTopic: return .market
        case .publicOther, .link, .operatorRequest, .sessionTick, .sessionClock, .sessionEnd,
            .unknown, .sessionFigures:
            return .input
        case .sessionStart: return .start
        case .rest(let account, _, _):
            return account == "public" ? .input : keepsAccount ? .account : nil
        case .privateTopic, .privateOther, .trade, .timer: return keepsAccount ? .account : nil
        case .command, .verdict: return keepsAccount ? .output : nil
        case .finding, .state, .sent, .sessionChannel, .sessionCommit: return nil
        }
    }
}

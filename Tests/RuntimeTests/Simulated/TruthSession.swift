import Foundation
import Journal
import Market
import Runtime
import Simulation
import Trading

extension Scenario {
    /// Order entry by REST; what it says of faults is not asked.
    static let plain: Scenario = {
        var number = 0
        while Scenario(number: number).entry != .rest { number += 1 }
        return Scenario(number: number)
    }()
}

/// A folder that goes with its object.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "simulated-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A recorded session of the maker against the synthetic market, both on one virtual clock: what would have happened is what
/// has happened.
struct TruthSession: Sendable {
    let folder: ScratchFolder
    let path: String
    /// All orders of the account, open and ended, as the exchange has them.
    let orders: [OrderUpdate]
    let balance: Amount

    static let symbol = Symbol("BTCUSDT") ?? .none
    static let instrument = InstrumentID(.linear, symbol)

    /// - Parameters:
    ///   - quantity: of each quote, in base coin.
    ///   - milliseconds: each way between session and exchange.
    init(
        quantity: String = "0.010",
        inventoryMax: String = "100",
        seconds: Int64 = 20,
        milliseconds: ClosedRange<Int64> = 9...11,
        limits: [Setting] = [],
        parameters: [Setting] = []
    ) throws {
        folder = try ScratchFolder()
        path = folder.path + "/truth"
        let exchange = try VirtualExchange(
            try Listing.standard(eventsPerSecond: 100).filter {
                $0.instrument.id == TruthSession.instrument
            },
            seed: 5
        )
        let maker = StrategyConfiguration(
            name: "maker",
            kind: "maker",
            parameters: [
                Setting("symbols", "BTCUSDT"), Setting("quantity", quantity),
                Setting("inventory_max", inventoryMax), Setting("levels", "1"),
                Setting("offset_ticks", "1"), Setting("skew_ticks", "0"),
                Setting("lifetime_ms", "0"), Setting("requote_ms", "250"),
            ].filter { setting in !parameters.contains { $0.name == setting.name } } + parameters
        )
        let world = try World(
            exchange,
            strategies: [maker],
            limits: limits,
            topics: ["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT", "tickers.BTCUSDT"]
        )
        world.ways = milliseconds.lowerBound * 1_000_000...milliseconds.upperBound * 1_000_000
        world.longestStep = 1_000_000
        let recorder = try Recorder.open(path)
        world.recorder = recorder
        _ = try world.run(limit: seconds)
        _ = try recorder.seal()
        orders =
            exchange.exchange.orderHistory(
                VirtualExchange.account,
                RowQuery(limit: 100_000)
            ).rows
        balance = exchange.balance
    }

    func recording() throws -> Recording { try Recording.open(path) }

    /// The same as two public connections beside each other would have recorded it: each message twice.
    func doubled(in folder: ScratchFolder) throws -> Recording {
        let recording = try recording()
        let path = folder.path + "/doubled"
        let draft = try RecordingDraft(path, id: recording.id)
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream)
            let payload = Array(record.payload)
            try draft.add(name.text, time: record.time, payload: payload)
            guard case .publicTopic = name.kind else { continue }
            try draft.add(name.text + "@2", time: record.time, payload: payload)
        }
        try draft.seal()
        return try Recording.open(path)
    }

    /// What lies behind a share of its records, with the state before it.
    func slice(at share: Double, in folder: ScratchFolder) throws -> Recording {
        let recording = try recording()
        let first = SequenceNumber(UInt64(Double(recording.last.value) * share))
        let end = try Walk(registry: .standard).run(
            recording,
            isPast: { number, _ in number >= first },
            visit: { _, _ in true }
        )
        guard let end else { return recording }
        var slicer = Slicer()
        slicer.checkpoint = try SegmentCheckpoint.encode(end.start, end.engine)
        let path = folder.path + "/slice"
        _ = try slicer.slice(
            recording,
            from: .sequence(first),
            isPast: { _, _ in false },
            to: path
        )
        return try Recording.open(path)
    }

    /// The mean size of the best level of the market without anybody, in base coin.
    static func touch(seconds: Int64 = 10) throws -> Numeral {
        let listing = try Listing.standard(eventsPerSecond: 100).filter {
            $0.instrument.id == TruthSession.instrument
        }
        let exchange = try VirtualExchange(listing, seed: 5)
        var sum: Int64 = 0
        var count: Int64 = 0
        for step in 1...(seconds * 20) {
            exchange.advance(to: VirtualExchange.start.nanoseconds + step * 50_000_000)
            let scale = listing[0].instrument.scale
            guard let book = exchange.exchange.heldBook(TruthSession.instrument, depth: 1),
                let best = book.bids.first
            else { continue }
            sum += try scale.quantity(best.size).units
            count += 1
        }
        return listing[0].instrument.scale.numeral(Quantity(units: sum / max(1, count)))
    }
}

import DiskKit
import Foundation
import Journal
import Market
import Simulation
import Testing
import Trading

@testable import Runtime

/// A market that was decoded before: every run says the same with it and without.
@Suite struct MarketCacheTests {
    /// A session of its own in a folder of its own: what is beside it is written.
    static func session(_ folder: ScratchFolder) throws -> Recording {
        try copy(of: SimulatedTests.session.get().recording(), to: folder.path + "/session")
    }

    /// - Parameter segmentBytes: so small that there are several.
    private static func copy(of recording: Recording, to path: String) throws -> Recording {
        let draft = try RecordingDraft(path, id: recording.id, segmentBytes: 32 << 10)
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream).text
            try draft.add(name, time: record.time, payload: Array(record.payload))
        }
        try draft.seal()
        return try Recording.open(path)
    }

    /// All that a run came to.
    private static func run(
        _ recording: Recording,
        _ plan: SimulationPlan,
        _ cache: MarketCache?
    ) throws -> String {
        var simulator = Simulator(registry: .standard)
        simulator.cache = cache
        var text = ""
        dump(try simulator.run(recording, plan), to: &text)
        return text
    }

    private static func plans() throws -> [(String, SimulationPlan)] {
        let book = try #require(try SimulatedTests.firstBook())
        var plans: [(String, SimulationPlan)] = []
        func add(_ name: String, _ change: (inout SimulationPlan) throws -> Void) throws {
            var plan = SimulationPlan()
            try change(&plan)
            plans.append((name, plan))
        }
        try add("as it was") { _ in }
        try add("another queue") { $0.queue = .riskAverse }
        try add("another latency") {
            $0.latency = .constant(entry: 80_000_000, response: 20_000_000)
        }
        try add("own orders left in") { $0.takesOut = false }
        try add("records dropped") { _ = $0.edits.addDrop("\(book)-\(book.value + 40)") }
        try add("one record late") { _ = $0.edits.addDelay("\(book)", "2s") }
        try add("public late") { _ = $0.edits.addDelay("public", "70ms") }
        try add("private late") { _ = $0.edits.addDelay("private", "400ms") }
        try add("a level edited") {
            $0.edits.change(
                book,
                .level(.sell, price: try Numeral(text: "80000.0"), size: try Numeral(text: "500"))
            )
        }
        try add("fed verbatim") { $0.beginsVerbatim = true }
        try add("another limit") { $0.limits = [Setting("open_orders", "1")] }
        return plans
    }

    @Test func `each plan comes to the same from the cache, over several segments`() throws {
        let folder = try ScratchFolder()
        let recording = try Self.session(folder)
        #expect(recording.manifest.segments.count > 1)
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        #expect(cache.make())
        #expect(!cache.make())
        #expect(try #require(cache.open()).isWhole())
        var results: Set<String> = []
        for (name, plan) in try Self.plans() {
            let plain = try Self.run(recording, plan, nil)
            #expect(try Self.run(recording, plan, cache) == plain, "\(name)")
            results.insert(plain)
        }
        #expect(results.count > 6)
        #expect(cache.notes.isEmpty, "\(cache.notes)")
    }

    @Test func `each record that a run has a use for is what it is in the recording`() throws {
        let folder = try ScratchFolder()
        let recording = try SimulatedTests.session.get().doubled(in: folder)
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        #expect(cache.make())
        func items(_ cache: MarketCache?) throws -> [String] {
            var reader = try MarketReader(
                recording,
                MarketEdits(),
                keepsAccount: false,
                cache: cache,
                offset: { _ in 3_000_000 }
            )
            var lines: [String] = []
            var now: Int64 = 0
            while !reader.hasEnded || reader.arrival != nil {
                try reader.fill(to: now)
                guard let item = reader.arrival else {
                    try reader.readOn()
                    continue
                }
                now = item.time.nanoseconds
                var line =
                    "\(item.number) \(item.time) \(item.role) \(item.stream) \(item.payload.count)"
                if item.role == .market { line += " \(item.moment) \(item.rank)" }
                switch item.event.kind {
                case .book: dump(item.event.book, to: &line)
                case .publicTrades: dump(item.event.trades, to: &line)
                case .ticker: dump(item.event.ticker, to: &line)
                default: line += " \(item.event.kind)"
                }
                lines.append(line)
                while reader.market != nil { reader.dropMarket() }
                reader.dropArrival(item)
            }
            lines.append("\(reader.records) \(reader.last)")
            return lines
        }
        let plain = try items(nil)
        let cached = try items(cache)
        #expect(plain.count == cached.count && plain.count > 1_000)
        let place = zip(plain, cached).enumerated().first { $1.0 != $1.1 }?.offset
        #expect(place == nil, "\(place.map { plain[$0] + cached[$0] } ?? "")")
    }

    @Test func `a damaged file is never believed, and is made anew`() throws {
        let folder = try ScratchFolder()
        let recording = try Self.session(folder)
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        cache.make()
        let url = URL(fileURLWithPath: cache.path)
        let sound = try Data(contentsOf: url)
        let plan = SimulationPlan()
        let plain = try Self.run(recording, plan, nil)
        for place in [0, 9, 20, 60, sound.count / 3, sound.count / 2, sound.count - 1] {
            var bytes = sound
            bytes[place] ^= 0x10
            try bytes.write(to: url)
            let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
            #expect(try Self.run(recording, plan, cache) == plain, "byte \(place)")
            try bytes.write(to: url)
            #expect(try #require(MarketCache(recording, room: CacheRoom.unbounded)).make())
            #expect(try Data(contentsOf: url) == sound)
        }
        for count in [0, 8, 40, sound.count / 2, sound.count - 1] {
            try Data(sound.prefix(count)).write(to: url)
            let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
            #expect(try Self.run(recording, plan, cache) == plain, "cut to \(count)")
            try Data(sound.prefix(count)).write(to: url)
            #expect(try #require(MarketCache(recording, room: CacheRoom.unbounded)).make())
            #expect(try Data(contentsOf: url) == sound)
        }
        // A run that meets damage on its way takes the file away, and says so.
        var bytes = sound
        bytes[sound.count / 2] ^= 1
        try bytes.write(to: url)
        let met = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        _ = try Self.run(recording, plan, met)
        #expect(met.notes.count == 1 && met.notes[0].contains(met.path), "\(met.notes)")
        #expect(!FileManager.default.fileExists(atPath: met.path))
    }

    @Test func `another recording's file is of no use`() throws {
        let folder = try ScratchFolder()
        let one = try Self.session(folder)
        try #require(MarketCache(one, room: CacheRoom.unbounded)).make()
        let path = folder.path + "/other"
        let draft = try RecordingDraft(path, id: one.id)
        let cursor = try one.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream).text
            // The same but for one blank at the end.
            let payload = Array(record.payload) + (record.sequence == one.last ? [0x20] : [])
            try draft.add(name, time: record.time, payload: payload)
        }
        try draft.seal()
        try FileManager.default.copyItem(atPath: one.path + "/derived", toPath: path + "/derived")
        let cache = try #require(MarketCache(try Recording.open(path), room: CacheRoom.unbounded))
        #expect(cache.open() == nil)
        #expect(cache.make())
        #expect(cache.open() != nil)
    }

    @Test func `a recording that grows has none`() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/growing"
        let recorder = try Recorder.open(path)
        try recorder.start(time: Timestamp(nanoseconds: 1_000_000_000), payload: Array("{}".utf8))
        #expect(MarketCache(try Recording.open(path)) == nil)
        try recorder.seal()
        #expect(MarketCache(try Recording.open(path)) != nil)
        // A single file has no folder of its own.
        let file = path + "/000000000001.mcap"
        #expect(MarketCache(try Recording.open(file)) == nil)
    }

    @Test func `where nothing can be written runs are as they were, and a note says why`() throws {
        let folder = try ScratchFolder()
        let recording = try Self.session(folder)
        let derived = recording.path + "/derived"
        try Data("no folder".utf8).write(to: URL(fileURLWithPath: derived))
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        #expect(!cache.make())
        #expect(cache.notes.count == 1 && cache.notes[0].contains(derived), "\(cache.notes)")
        let plan = SimulationPlan()
        #expect(try Self.run(recording, plan, cache) == Self.run(recording, plan, nil))
        try FileManager.default.removeItem(atPath: derived)
        // A disk that is full from its second block on.
        let full = try #require(
            MarketCache(recording, files: FullDisk(), room: CacheRoom.unbounded)
        )
        #expect(!full.make())
        #expect(full.notes.count == 1 && full.notes[0].contains("No space left"), "\(full.notes)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: derived) == ["market.lock"]
        )
        #expect(try Self.run(recording, plan, full) == Self.run(recording, plan, nil))
    }

    @Test func `while one makes it another goes on without`() throws {
        let folder = try ScratchFolder()
        let recording = try Self.session(folder)
        let place = DerivedFolder(
            recording: recording.path,
            prefix: "market.",
            files: SystemFiles()
        )
        let other = try #require(try place.openForWriting())
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        #expect(!cache.make() && cache.notes.isEmpty && cache.open() == nil)
        withExtendedLifetime(other) {}
    }
}

extension CacheRoom {
    /// What is free where tests run is not asked.
    static let unbounded = CacheRoom(bytes: 0, percent: 0)
}

/// The disk itself, with room for little in a file, or where the decoded market cannot be removed.
struct FullDisk: PassingFiles {
    var end: UInt64 = 1_024
    var removes = true
    let disk: any JournalFiles = SystemFiles()

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        guard offset < end else { throw SystemFailure.noSpace }
        return try disk.write(file, bytes, at: offset)
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        guard removes || name != "market.events" else { throw SystemFailure.inputOutput }
        try disk.unlink(name, in: directory)
    }
}

import Foundation
import Glibc
import Journal
import Market
import Synchronization
import Testing

@testable import Runtime

/// What a decoded market is refused for, before anything is computed with it, and where none is made.
@Suite struct CacheBoundsTests {
    private static func reads(_ event: Event) -> Bool {
        var writer = EventWriter()
        var written = EventNeighbour()
        var own = event
        written.code(&writer, &own, near: 0)
        let bytes = writer.bytes + [UInt8](repeating: 0, count: EventReader.padding)
        return bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Bool in
            var reader = EventReader(bytes, from: 0)
            var neighbour = EventNeighbour()
            var read = Event()
            read.kind = event.kind
            neighbour.code(&reader, &read, near: 0)
            return !reader.hasFailed
        }
    }

    @Test(
        arguments: [
            (999_999_999_999_999_999, true), (-999_999_999_999_999_999, true),
            (1_000_000_000_000_000_000, false), (-1_000_000_000_000_000_000, false),
            (Int64.max, false), (Int64.min, false),
        ] as [(Int64, Bool)]
    )
    func `more digits than a numeral has are damage`(mantissa: Int64, isSound: Bool) {
        let numeral = Numeral(mantissa: mantissa, decimals: 1)
        var price = Event()
        price.kind = .book
        price.book.bids = [LevelNumerals(price: numeral, size: .zero)]
        #expect(Self.reads(price) == isSound)
        var size = Event()
        size.kind = .book
        size.book.asks = [
            LevelNumerals(price: Numeral(mantissa: 5, decimals: 1), size: numeral)
        ]
        #expect(Self.reads(size) == isSound)
        var ticker = Event()
        ticker.kind = .ticker
        ticker.ticker.lastPrice = numeral
        #expect(Self.reads(ticker) == isSound)
    }

    // MARK: A file whose hashes are right

    private static func passed(_ writer: inout EventWriter, by step: Int64) {
        var kind = CacheFormat.Entry.passed.rawValue
        writer.byte(&kind)
        var number = step
        writer.integer(&number)
        var time: Int64 = 1
        writer.integer(&time)
    }

    /// Puts one block behind the first of a file that was made.
    private static func records(
        _ cache: MarketCache,
        _ write: (inout EventWriter) -> Void
    ) throws -> CachedRecords {
        let url = URL(fileURLWithPath: cache.path)
        let sound = [UInt8](try Data(contentsOf: url))
        let begin = CacheFormat.magic.count
        var length = 0
        for byte in sound[begin..<(begin + 8)].reversed() { length = length << 8 | Int(byte) }
        var writer = EventWriter()
        write(&writer)
        let head = writer.bytes.withUnsafeBytes { CacheFormat.head($0, place: 1) }
        let first = sound[..<(begin + CacheFormat.headBytes + length)]
        try Data(Array(first) + head + writer.bytes).write(to: url)
        return try #require(cache.open())
    }

    @Test func `numbers of records rise and are the recording's, or the block is damaged`() throws {
        let folder = try ScratchFolder()
        let recording = try MarketCacheTests.session(folder)
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        cache.make()
        let last = Int64(bitPattern: recording.last.value)
        let item = MarketItem()
        for wrong in [0, -1, last, Int64.max, Int64.min] {
            let records = try Self.records(cache) {
                Self.passed(&$0, by: 1)
                Self.passed(&$0, by: wrong)
            }
            #expect(records.next(into: item) == .passed, "\(wrong)")
            #expect(records.next(into: item) == .damaged, "\(wrong)")
            #expect(records.number == .first && records.records == 1, "\(wrong)")
        }
        let whole = try Self.records(cache) { Self.passed(&$0, by: last) }
        #expect(whole.next(into: item) == .passed && whole.number == recording.last)
    }

    @Test func `a file with more streams than any recording has is damaged`() throws {
        let folder = try ScratchFolder()
        let cache = try #require(
            MarketCache(try MarketCacheTests.session(folder), room: CacheRoom.unbounded)
        )
        cache.make()
        for more in [0, 1] {
            let records = try Self.records(cache) { writer in
                for _ in 0..<(Int(CacheFormat.lanesMost) + more) {
                    var kind = CacheFormat.Entry.stream.rawValue
                    writer.byte(&kind)
                    var name = "session/tick"
                    writer.text(&name)
                }
                Self.passed(&writer, by: 1)
            }
            let expected: CachedRecords.Found = more == 0 ? .passed : .damaged
            #expect(records.next(into: MarketItem()) == expected)
        }
    }

    @Test func `a pipe in its place is not read, and gives way`() throws {
        let folder = try ScratchFolder()
        let cache = try #require(
            MarketCache(try MarketCacheTests.session(folder), room: CacheRoom.unbounded)
        )
        cache.make()
        try FileManager.default.removeItem(atPath: cache.path)
        #expect(mkfifo(cache.path, 0o600) == 0)
        #expect(cache.open() == nil)
        #expect(cache.make())
        #expect(cache.open() != nil)
    }

    // MARK: Room

    private static let gibibyte: UInt64 = 1 << 30

    private static func room(_ free: UInt64, of size: UInt64) -> CacheRoom {
        CacheRoom(bytes: 5 * gibibyte, percent: 10) { _ in
            CacheRoom.Reading(free: free, size: size)
        }
    }

    private final class Looks: Sendable {
        private let count = Mutex(0)

        var next: Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test func `none is made where less than 5 GiB and a tenth would stay free`() throws {
        let folder = try ScratchFolder()
        let recording = try MarketCacheTests.session(folder)
        let looks = Looks()
        // Enough at first: a recorder beside it takes it meanwhile.
        let unit = Self.gibibyte
        let falling = CacheRoom(bytes: 5 * unit, percent: 10, interval: 1) { _ in
            let free: UInt64 = looks.next < 2 ? 11 : 9
            return CacheRoom.Reading(free: free * unit, size: 100 * unit)
        }
        let short: [CacheRoom] = [
            Self.room(4 * unit, of: 20 * unit), Self.room(9 * unit, of: 100 * unit),
            Self.room(10 * unit + 1, of: 100 * unit), falling,
        ]
        for room in short {
            let cache = try #require(MarketCache(recording, room: room))
            #expect(!cache.make())
            #expect(cache.notes.count == 1 && cache.notes[0].contains("MiB are free"))
            let left = try FileManager.default.contentsOfDirectory(
                atPath: recording.path + "/derived"
            )
            #expect(left == ["market.lock"])
        }
        #expect(looks.next == 3)
        let cache = try #require(
            MarketCache(recording, room: Self.room(11 * unit, of: 100 * unit))
        )
        #expect(cache.make() && cache.notes.isEmpty)
    }

    // MARK: Notes

    @Test func `what is gone, stays or was made anew is said when it is so`() throws {
        let folder = try ScratchFolder()
        let recording = try MarketCacheTests.session(folder)
        let files = FullDisk(end: .max, removes: false)
        let kept = try #require(MarketCache(recording, files: files, room: CacheRoom.unbounded))
        #expect(kept.make())
        kept.discard(try #require(kept.open()))
        #expect(kept.notes.count == 1 && kept.notes[0].contains("could not be removed"))
        #expect(FileManager.default.fileExists(atPath: kept.path))

        let url = URL(fileURLWithPath: kept.path)
        var bytes = [UInt8](try Data(contentsOf: url))
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: url)
        let short = try #require(
            MarketCache(recording, room: Self.room(Self.gibibyte, of: 100 * Self.gibibyte))
        )
        #expect(!short.make())
        #expect(short.notes.count == 1 && !short.notes[0].contains("anew"), "\(short.notes)")
        let cache = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        #expect(cache.make())
        #expect(cache.notes.count == 1 && cache.notes[0].contains("was made anew"))

        // Another has put a file in its place meanwhile.
        let other = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        let records = try #require(other.open())
        try FileManager.default.removeItem(atPath: other.path)
        try Data("another".utf8).write(to: url)
        other.discard(records)
        #expect(other.notes.count == 1 && other.notes[0].contains("another file"))
        #expect(FileManager.default.fileExists(atPath: other.path))
        try FileManager.default.removeItem(atPath: other.path)
        let gone = try #require(MarketCache(recording, room: CacheRoom.unbounded))
        gone.discard(records)
        #expect(gone.notes.count == 1 && gone.notes[0].contains("is gone"))
    }
}

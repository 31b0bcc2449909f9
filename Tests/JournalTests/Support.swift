import Glibc
import Journal
import Market
import Testing

/// A directory of its own for one test, gone afterwards.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/tapedeck-journal-XXXXXX".utf8CString)
        path = try template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = mkdtemp(base) else {
                throw SystemFailure(errno)
            }
            return String(cString: made)
        }
    }

    deinit { Scratch.remove(path) }

    func file(_ name: String) -> String { path + "/" + name }

    static func remove(_ path: String) {
        for name in (try? names(in: path)) ?? [] {
            let inside = path + "/" + name
            if unlink(inside) != 0 { remove(inside) }
        }
        rmdir(path)
    }

    static func names(in path: String) throws -> [String] {
        let files = SystemFiles()
        let directory = try files.openDirectory(path)
        defer { files.close(directory) }
        return try files.list(directory).sorted()
    }

    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw SystemFailure(errno) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(errno) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw SystemFailure(errno) }
            done += count
        }
    }

    /// The state a kill would leave: every file as it is now.
    ///
    /// HEAD, then tails, then what is listed only now: the disk of a killed process shows all that was
    /// written, and a copy made beside the writer must not miss what an earlier file of it promises.
    static func copy(_ source: String, to target: String) throws {
        mkdir(target, 0o700)
        let early = ["HEAD", "tail-a", "tail-b", "reserve"]
        for name in early {
            guard let bytes = try? read(source + "/" + name) else { continue }
            try write(bytes, to: target + "/" + name)
        }
        for name in try names(in: source) where !early.contains(name) {
            // A draft may get its name between the listing and here.
            guard let bytes = try? read(source + "/" + name) else { continue }
            try write(bytes, to: target + "/" + name)
        }
    }
}

/// Waits for what other threads do; fails the test after two minutes, so that none waits for ever.
///
/// - Parameter state: said in the failure.
func eventually(
    _ condition: () -> Bool,
    state: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    struct NeverCame: Error {}
    let limit = SystemFiles().now() + 120_000_000_000
    while !condition() {
        guard SystemFiles().now() < limit else {
            Issue.record("never came to pass; \(state())", sourceLocation: sourceLocation)
            throw NeverCame()
        }
        usleep(200)
    }
}

/// Records that can be told apart, the same for the same number.
enum Sample {
    static let streams = [
        "public/linear/orderbook.50.BTCUSDT", "public/linear/publicTrade.ETHUSDT",
        "private/main/order", "rest/main/POST/v5/order/create", "desk/command",
    ]

    static func payload(_ number: Int) -> [UInt8] {
        var filler = ""
        var state = UInt64(number)
        for _ in 0..<(number % 23) {
            state = Mix.spread(state)
            filler += String(state, radix: 36)
        }
        return Array("{\"n\":\(number),\"fill\":\"\(filler)\"}".utf8)
    }

    /// Text that hardly compresses.
    static func noise(_ number: Int, _ bytes: Int) -> [UInt8] {
        var state = UInt64(number)
        return (0..<bytes).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    static func time(_ number: Int) -> Timestamp {
        Timestamp(nanoseconds: 1_780_000_000_000_000_000 + Int64(number) * 1_000_000)
    }

    static let start = Array(#"{"session":"test","run":1}"#.utf8)
}

/// One record out of a recording, by value.
struct Taken: Equatable, CustomStringConvertible {
    var sequence: UInt64
    var time: Int64
    var stream: String
    var payload: [UInt8]

    var description: String { "\(sequence) \(stream) \(String(decoding: payload, as: UTF8.self))" }
}

extension Recording {
    func records(
        from start: CursorStart = .beginning,
        where filter: (@Sendable (StreamName) -> Bool)? = nil
    ) throws -> [Taken] {
        let cursor = try cursor(from: start, streams: filter)
        var all: [Taken] = []
        while let record = try cursor.next() {
            all.append(
                Taken(
                    sequence: record.sequence.value,
                    time: record.time.nanoseconds,
                    stream: cursor.name(of: record.stream).text,
                    payload: Array(record.payload)
                )
            )
        }
        return all
    }
}

/// A recorder that notes what it was given.
final class Tape {
    let recorder: Recorder
    private(set) var taken: [Taken] = []
    private var ids: [StreamID] = []
    private var count = 0

    init(
        _ path: String,
        _ options: RecorderOptions = .small,
        files: any JournalFiles = SystemFiles()
    ) throws {
        recorder = try Recorder.open(path, options: options, files: files)
        count = Int(recorder.next.value)
        let number = try recorder.start(time: Sample.time(count), payload: Sample.start)
        note(number, "session/start", Sample.start)
        for name in Sample.streams { ids.append(try recorder.stream(named: name)) }
    }

    /// Appends one sample on a stream, by its place in `Sample.streams`.
    @discardableResult
    func append(on index: Int, bytes: Int? = nil) throws -> SequenceNumber {
        let number = count + 1
        var payload = Sample.payload(number)
        if let bytes { payload = Sample.noise(number, bytes) }
        let last = try recorder.append(ids[index], time: Sample.time(number), payload: payload)
        count = number
        note(last, Sample.streams[index], payload)
        return last
    }

    func hasRoom(on index: Int) -> Bool { recorder.hasRoom(for: 1024, on: ids[index]) }

    /// Appends `count` samples over all streams in turn.
    @discardableResult
    func append(_ more: Int) throws -> SequenceNumber {
        var last = SequenceNumber.none
        for _ in 0..<more {
            count += 1
            let index = count % ids.count
            let payload = Sample.payload(count)
            last = try recorder.append(ids[index], time: Sample.time(count), payload: payload)
            note(last, Sample.streams[index], payload)
        }
        return last
    }

    private func note(_ number: SequenceNumber, _ stream: String, _ payload: [UInt8]) {
        taken.append(
            Taken(
                sequence: number.value,
                time: recorder.lastTime.nanoseconds,
                stream: stream,
                payload: payload
            )
        )
    }
}

extension RecorderOptions {
    /// Small pieces, so that a short test has many of them.
    static var small: RecorderOptions {
        var options = RecorderOptions()
        options.chunkBytes = 4096
        // By size only: where a chunk ends must not depend on how long a busy disk takes.
        options.chunkAge = 3_600_000_000_000
        // A record that nobody wakes the thread for is to be seen, not to be found by the clock.
        options.sleepInterval = 3_600_000_000_000
        options.segmentBytes = 16 << 10
        options.tailBytes = 64 << 10
        options.reserveBytes = 256 << 10
        options.syncInterval = 5_000_000
        options.retryInterval = 10_000_000
        return options
    }
}

extension [Taken] {
    /// Without what the recorder itself adds.
    var owners: [Taken] { filter { $0.stream != "session/channel" } }
}

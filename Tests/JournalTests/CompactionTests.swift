import Glibc
import Journal
import Market
import Synchronization
import Testing

@Suite struct CompactionTests {
    /// A signed recording of several segments, two runs, and what it holds.
    static func recording(
        _ path: String,
        _ key: SigningKey? = nil,
        isSealed: Bool = true,
        rounds: Int = 8
    ) throws -> [Taken] {
        var all: [Taken] = []
        for run in 0..<2 {
            var options = RecorderOptions.small
            options.signingKey = key
            let tape = try Tape(path, options)
            for _ in 0..<rounds { try tape.recorder.waitUntilWritten(try tape.append(97)) }
            if run == 1, isSealed { try tape.recorder.seal() } else { try tape.recorder.close() }
            all += tape.taken
        }
        return all
    }

    static var compactor: Compactor {
        var compactor = Compactor()
        compactor.chunkBytes = 20 << 10
        return compactor
    }

    @Test func `compaction keeps every record, the chain and the signature`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let key = try SigningKey.generate()
        let taken = try Self.recording(path, key)
        let before = try Recording.open(path)
        let chain = try Verifier.verify(path).chain
        let outcomes = try Self.compactor.compact(path)
        #expect(outcomes.count >= 4)
        #expect(outcomes.allSatisfy { $0.action == .compacted })
        let after = try Recording.open(path)
        #expect(after.manifest == before.manifest)
        #expect(after.damage.isEmpty)
        #expect(try after.records().owners == taken)
        let verification = try Verifier.verify(path, key: key.publicKey)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.chain == chain)
        #expect(verification.records == before.last.value)
        #expect(try Self.compactor.compact(path).allSatisfy { $0.action == .already })
        let sum = outcomes.reduce(0) { $0 + $1.records }
        #expect(sum == before.last.value)
    }

    @Test func `seeks and filters find the same in a compacted recording`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try Self.recording(path)
        _ = try Self.compactor.compact(path)
        let recording = try Recording.open(path)
        for number in stride(from: 1, through: Int(recording.last.value), by: 61) {
            let start = SequenceNumber(UInt64(number))
            let wanted = taken.filter { $0.sequence >= start.value }
            #expect(try recording.records(from: .sequence(start)).owners == wanted)
            let time = Sample.time(number)
            let later = taken.filter { $0.time >= time.nanoseconds }
            #expect(try recording.records(from: .time(time)).owners == later)
        }
        let private_ = try recording.records { $0.text == "private/main/order" }
        #expect(private_ == taken.filter { $0.stream == "private/main/order" })
        let counts = try recording.streams()
        #expect(counts.reduce(0) { $0 + $1.records } == recording.last.value)
    }

    @Test func `an unsealed recording keeps its last segment and goes on afterwards`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try Self.recording(path, isSealed: false)
        let outcomes = try Self.compactor.compact(path)
        #expect(outcomes.last?.action == .open)
        #expect(outcomes.dropLast().allSatisfy { $0.action == .compacted })
        #expect(try Recording.open(path).records().owners == taken)
        let tape = try Tape(path)
        try tape.append(50)
        try tape.recorder.seal()
        #expect(try Recording.open(path).records().owners == taken + tape.taken)
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test func `a recorder's directory is not compacted, and a dry run changes nothing`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let tape = try Tape(path)
        try tape.append(500)
        let error = #expect(throws: JournalError.self) { try Self.compactor.compact(path) }
        guard case .held? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        try tape.recorder.seal()
        var dry = Self.compactor
        dry.isDryRun = true
        let before = try Self.contents(path)
        #expect(try dry.compact(path).allSatisfy { $0.action == .planned })
        #expect(try Self.contents(path) == before)
    }

    @Test
    func `a crash or failure at any call leaves each segment old or new, and all of it sound`()
        throws
    {
        let scratch = try Scratch()
        let source = scratch.file("source")
        let key = try SigningKey.generate()
        let taken = try Self.recording(source, key, rounds: 2)
        var calls = 0
        while true {
            let path = scratch.file("r\(calls)")
            try Scratch.copy(source, to: path)
            let count = Mutex(0)
            let last = calls
            let files = FaultyFiles { call, _, _ in
                guard ["write", "sync", "rename", "unlink"].contains(call) else { return nil }
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number > last ? .fail(.inputOutput) : nil
            }
            let isDone = (try? Self.compactor.compact(path, files: files)) != nil
            #expect(try Recording.open(path).records().owners == taken)
            let verification = try Verifier.verify(path, key: key.publicKey)
            #expect(verification.state == .sound, "after \(calls) calls: \(verification.findings)")
            #expect(try Self.compactor.compact(path).allSatisfy { $0.action != .planned })
            Scratch.remove(path)
            if isDone { break }
            // Every call of the first segments, then each third.
            calls += calls < 12 ? 1 : 3
        }
        #expect(calls > 15)
    }

    @Test func `a damaged segment is left as it is`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try Self.recording(path)
        let name = path + "/000000000001.mcap"
        var bytes = try Scratch.read(name)
        bytes[bytes.count / 2] ^= 0x10
        try Scratch.write(bytes, to: name)
        #expect(throws: JournalError.self) { try Self.compactor.compact(path) }
        #expect(try Scratch.read(name) == bytes)
    }

    static func contents(_ path: String) throws -> [String: [UInt8]] {
        var all: [String: [UInt8]] = [:]
        for name in try Scratch.names(in: path) { all[name] = try Scratch.read(path + "/" + name) }
        return all
    }
}

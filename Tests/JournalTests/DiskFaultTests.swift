import Glibc
import Journal
import Market
import Synchronization
import Testing

@Suite struct DiskFaultTests {
    @Test(arguments: [1, 7, 100])
    func `short writes and interrupts are invisible`(most: Int) throws {
        let scratch = try Scratch()
        let files = FaultyFiles { call, _, count in
            guard call == "write" || call == "read" else { return nil }
            return count % 3 == 2 ? .fail(.interrupted) : .short(most * 16)
        }
        let tape = try Tape(scratch.file("r"), files: files)
        try tape.append(300)
        try tape.recorder.seal()
        #expect(tape.recorder.health == .sound)
        #expect(try Recording.open(scratch.file("r"), files: files).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test(arguments: ["000000000001.mcap", "tail-a", "tail-b"], [0, 1, 3])
    func `an fdatasync error is final for its file and loses nothing`(file: String, nth: Int) throws
    {
        let scratch = try Scratch()
        let files = FaultyFiles { call, name, count in
            // Once: a second try would succeed, and must not be made.
            call == "sync" && name == file && count == nth ? .fail(.inputOutput) : nil
        }
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let seen = Mutex<[RecorderHealth]>([])
        options.onHealth = { health in seen.withLock { $0.append(health) } }
        let tape = try Tape(scratch.file("r"), options, files: files)
        for _ in 0..<30 { try tape.recorder.waitUntilDurable(try tape.append(31)) }
        guard case .degraded(let error) = tape.recorder.health else {
            Issue.record("\(tape.recorder.health)")
            return
        }
        #expect(error.file.hasSuffix(file))
        #expect(seen.withLock { $0 } == [.degraded(error)])
        #expect(files.retried.isEmpty)
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test func `a write that fails once moves to a new segment and loses nothing`() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { call, name, count in
            call == "write" && name == "000000000001.mcap" && count == 2
                ? .fail(.inputOutput) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        try tape.append(400)
        try tape.recorder.seal()
        guard case .degraded = tape.recorder.health else {
            Issue.record("\(tape.recorder.health)")
            return
        }
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `a disk that takes nothing more fails the recorder, and what was written stays`()
        throws
    {
        let scratch = try Scratch()
        let isFull = Flag()
        let files = FaultyFiles { call, _, _ in
            (call == "write" || call == "open") && isFull.value.load(ordering: .relaxed)
                ? .fail(.inputOutput) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        try tape.recorder.waitUntilWritten(try tape.append(100))
        isFull.value.store(true, ordering: .relaxed)
        var number = tape.recorder.watermarks.appended
        while let next = try? tape.append(1) { number = next }
        #expect(throws: JournalError.self) { try tape.recorder.waitUntilWritten(number) }
        guard case .failed = tape.recorder.health else {
            Issue.record("\(tape.recorder.health)")
            return
        }
        let written = tape.recorder.watermarks.written
        #expect(written < number)
        let error = #expect(throws: JournalError.self) { try tape.append(1) }
        guard case .failed? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: JournalError.self) { try tape.recorder.seal() }
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.last >= written)
        let records = try recording.records()
        #expect(records.owners == Array(tape.taken.prefix(records.owners.count)))
    }

    @Test func `a slow sync delays no write`() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { call, name, count in
            call == "sync" && name == "tail-a" && count == 0 ? .stall : nil
        }
        var options = RecorderOptions.small
        options.chunkBytes = 64 << 10
        options.segmentBytes = 64 << 20
        defer { files.open() }
        let tape = try Tape(scratch.file("r"), options, files: files)
        let number = try tape.append(50)
        // Both return while the first sync still runs.
        try tape.recorder.waitUntilWritten(number)
        try tape.recorder.waitUntilWritten(try tape.append(50))
        #expect(tape.recorder.watermarks.durable < tape.recorder.watermarks.written)
        files.open()
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
    }

    @Test func `a full queue refuses public data at three quarters and everything at four`() throws
    {
        let scratch = try Scratch()
        let isStuck = Flag()
        let files = FaultyFiles { call, _, _ in
            call == "write" && isStuck.value.load(ordering: .relaxed) ? .stall : nil
        }
        var options = RecorderOptions.small
        options.queueBytes = 100_000
        defer { files.open() }
        let recorder = try Recorder.open(scratch.file("r"), options: options, files: files)
        try recorder.start(time: .zero, payload: Sample.start)
        let pushed = try recorder.stream(named: "public/linear/tickers.BTCUSDT")
        let order = try recorder.stream(named: "private/main/order")
        try recorder.waitUntilWritten(recorder.watermarks.appended)
        isStuck.value.store(true, ordering: .relaxed)
        let payload = [UInt8](repeating: 7, count: 969)
        var counts = (pushed: 0, order: 0)
        while recorder.hasRoom(for: 969, on: pushed) {
            try recorder.append(pushed, time: .zero, payload: payload)
            counts.pushed += 1
        }
        let before = recorder.next
        let error = #expect(throws: JournalError.self) {
            try recorder.append(pushed, time: .zero, payload: payload)
        }
        guard case .queueFull? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(recorder.next == before, "a refused record takes no number")
        while recorder.hasRoom(for: 969, on: order) {
            try recorder.append(order, time: .zero, payload: payload)
            counts.order += 1
        }
        #expect(throws: JournalError.self) {
            try recorder.append(order, time: .zero, payload: payload)
        }
        #expect((70...75).contains(counts.pushed))
        #expect((24...26).contains(counts.order))
        files.open()
        try recorder.waitUntilWritten(recorder.watermarks.appended)
        // Room comes back a moment after the records are written.
        try eventually { recorder.hasRoom(for: 969, on: pushed) }
        try recorder.seal()
        let counted = try Recording.open(scratch.file("r")).streams()
        #expect(counted.first { $0.id == pushed }?.records == UInt64(counts.pushed))
        #expect(counted.first { $0.id == order }?.records == UInt64(counts.order))
    }
}

/// Shared with a rule.
final class Flag: Sendable {
    let value = Atomic<Bool>(false)
}

import Glibc
import Journal
import Market
import Synchronization
import Testing

/// Segments that fail, once and again: what they had not made durable goes on in others.
@Suite struct ReplacementTests {
    @Test func `a run outlives several segments that fail`() throws {
        let scratch = try Scratch()
        // Each segment that gets its name fails its second sync under it.
        let isWell = Flag()
        let files = FaultyFiles { call, name, count in
            call == "sync" && name.hasSuffix(".mcap") && count == 1
                && !isWell.value.load(ordering: .relaxed) ? .fail(.inputOutput) : nil
        }
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options, files: files)
        for _ in 0..<30 {
            // Between two that fail at once public data would be refused.
            for _ in 0..<20 { try tape.append(on: 2, bytes: 300) }
            try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
            usleep(2_000)
        }
        #expect(tape.recorder.statistics.replacedSegments >= 3)
        guard case .degraded = tape.recorder.health else {
            Issue.record("\(tape.recorder.health)")
            return
        }
        #expect(files.retried.isEmpty)
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        isWell.value.store(true, ordering: .relaxed)
        try eventually { tape.recorder.statistics.reserveBytes == 0 }
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test
    func
        `while each new segment fails, the reserve takes private records and public ones are refused`()
        throws
    {
        let scratch = try Scratch()
        let isBroken = Flag()
        let files = FaultyFiles { call, name, _ in
            call == "sync" && name.hasPrefix("segment")
                || call == "sync" && name.hasSuffix(".mcap")
                ? (isBroken.value.load(ordering: .relaxed) ? .fail(.inputOutput) : nil) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        try tape.recorder.waitUntilDurable(try tape.append(100))
        isBroken.value.store(true, ordering: .relaxed)
        try eventually {
            if tape.hasRoom(on: 0) { _ = try? tape.append(1) }
            return !tape.hasRoom(on: 0)
        }
        for _ in 0..<100 { try tape.append(on: 2) }
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        isBroken.value.store(false, ordering: .relaxed)
        try eventually { tape.hasRoom(on: 0) }
        guard case .degraded = tape.recorder.health else {
            Issue.record("\(tape.recorder.health)")
            return
        }
        try tape.append(100)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
        #expect(files.retried.isEmpty)
    }

    @Test func `tails that are made anew take nothing before their names are durable`() throws {
        let scratch = try Scratch()
        let calls = Mutex<[String]>([])
        let files = FaultyFiles { call, name, count in
            calls.withLock { $0.append("\(call) \(name)") }
            return call == "write" && name.hasPrefix("tail-") && count == 5
                ? .fail(.inputOutput) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        // Looked at once: a moment later tails that failed since may be made anew again.
        var log: [String] = []
        try eventually {
            for _ in 0..<3 { _ = try? tape.append(on: 2) }
            try? tape.recorder.waitUntilWritten(tape.recorder.watermarks.appended)
            log = calls.withLock { $0 }
            guard let fresh = log.lastIndex(of: "open tail-b"),
                log[..<fresh].contains("open tail-b")
            else { return false }
            return log[fresh...].contains { $0.hasPrefix("write tail-") }
        }
        let fresh = try #require(log.lastIndex(of: "open tail-b"))
        let used = try #require(log[fresh...].firstIndex { $0.hasPrefix("write tail-") })
        #expect(log[fresh..<used].contains("sync ."), "\(log[fresh...used])")
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
    }

    @Test(arguments: [
        "open", "allocate", "sync", "rename", "unlink", "read", "write", "list",
    ])
    func `an interrupt is invisible wherever it comes`(interrupted: String) throws {
        let scratch = try Scratch()
        let calls = Atomic<Int>(0)
        let files = FaultyFiles { call, _, _ in
            guard call == interrupted else { return nil }
            return calls.add(1, ordering: .relaxed).newValue % 2 == 1 ? .fail(.interrupted) : nil
        }
        var tape: Tape? = try Tape(scratch.file("r"), files: files)
        try tape?.append(300)
        try tape?.recorder.close()
        let first = tape?.taken ?? []
        tape = try Tape(scratch.file("r"), files: files)
        try tape?.append(300)
        try tape?.recorder.seal()
        #expect(tape?.recorder.health == .sound)
        #expect(calls.load(ordering: .relaxed) > 1)
        let read = try Recording.open(scratch.file("r"), files: files)
        #expect(try read.records().owners == first + (tape?.taken ?? []))
        #expect(try Verifier.verify(scratch.file("r"), files: files).state == .sound)
    }
}

import Journal
import Market
import Testing

@Suite struct CursorTests {
    /// A sealed recording of several segments, or an open one with a tail.
    private func made(_ scratch: Scratch, sealed: Bool) throws -> (Recording, [Taken]) {
        let tape = try Tape(scratch.file("r"))
        try tape.recorder.waitUntilWritten(try tape.append(900))
        if sealed {
            try tape.recorder.seal()
        } else {
            try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
            try tape.recorder.close()
        }
        let recording = try Recording.open(scratch.file(sealed ? "r" : "k"))
        let all = try recording.records()
        #expect(all.owners == tape.taken)
        #expect(recording.manifest.segments.count > 2)
        return (recording, all)
    }

    @Test(arguments: [true, false])
    func `from any sequence number, the cursor gives that record and those behind it`(
        sealed: Bool
    ) throws {
        let scratch = try Scratch()
        let (recording, all) = try made(scratch, sealed: sealed)
        for sequence in stride(from: 0, through: all.count + 2, by: 13) {
            let cursor = try recording.cursor(from: .sequence(SequenceNumber(UInt64(sequence))))
            let found = try cursor.next().map { ($0.sequence.value, Array($0.payload)) }
            let expected = all.first { $0.sequence >= UInt64(sequence) }
            #expect(found?.0 == expected?.sequence)
            #expect(found?.1 == expected?.payload)
        }
        let rest = try recording.records(from: .sequence(SequenceNumber(500)))
        #expect(rest == Array(all.dropFirst(499)))
    }

    @Test(arguments: [true, false])
    func `from any time, the cursor gives the first record then or later`(sealed: Bool) throws {
        let scratch = try Scratch()
        let (recording, all) = try made(scratch, sealed: sealed)
        for index in stride(from: 0, to: all.count, by: 11) {
            for shift in [-1, 0, 1] as [Int64] {
                let time = Timestamp(nanoseconds: all[index].time + shift)
                let cursor = try recording.cursor(from: .time(time))
                let expected = all.first { $0.time >= time.nanoseconds }
                #expect(try cursor.next()?.sequence.value == expected?.sequence, "\(time)")
            }
        }
    }

    @Test(arguments: [true, false])
    func `a filter passes its streams and nothing else, from anywhere`(sealed: Bool) throws {
        let scratch = try Scratch()
        let (recording, all) = try made(scratch, sealed: sealed)
        for name in Sample.streams + ["session/start", "session/channel"] {
            let expected = all.filter { $0.stream == name }
            #expect(try recording.records { $0.text == name } == expected)
            let late = try recording.records(from: .sequence(SequenceNumber(400))) {
                $0.text == name
            }
            #expect(late == expected.filter { $0.sequence >= 400 })
        }
        #expect(try recording.records { _ in false }.isEmpty)
    }

    @Test(arguments: [true, false])
    func `one cursor sent back and forth gives what a fresh one gives`(sealed: Bool) throws {
        let scratch = try Scratch()
        let (recording, all) = try made(scratch, sealed: sealed)
        let cursor = try recording.cursor()
        var state: UInt64 = 7
        for _ in 0..<150 {
            state = Mix.spread(state)
            let index = Int(state % UInt64(all.count))
            if state & 1 << 40 == 0 {
                try cursor.seek(to: .sequence(SequenceNumber(all[index].sequence)))
                #expect(try cursor.next()?.sequence.value == all[index].sequence)
            } else {
                try cursor.seek(to: .time(Timestamp(nanoseconds: all[index].time)))
                #expect(try cursor.next()?.time.nanoseconds == all[index].time)
            }
            for _ in 0..<(state >> 32 & 15) { _ = try cursor.next() }
        }
        try cursor.seek(to: .beginning)
        var count = 0
        while try cursor.next() != nil { count += 1 }
        #expect(count == all.count)
    }

    @Test func `at least 64 bytes can be read behind each payload`() throws {
        let scratch = try Scratch()
        let (recording, _) = try made(scratch, sealed: false)
        let cursor = try recording.cursor()
        var sum = 0
        while let record = try cursor.next() {
            let base = try #require(record.payload.baseAddress)
            for index in 0..<64 {
                sum += Int(base.load(fromByteOffset: record.payload.count + index, as: UInt8.self))
            }
        }
        #expect(sum > 0)
    }

    @Test func `several cursors on one recording do not disturb each other`() throws {
        let scratch = try Scratch()
        let (recording, all) = try made(scratch, sealed: true)
        let cursors = try (0..<5).map {
            try recording.cursor(from: .sequence(SequenceNumber(UInt64($0 * 100 + 1))))
        }
        for step in 0..<50 {
            for (index, cursor) in cursors.enumerated() {
                #expect(try cursor.next()?.sequence.value == all[index * 100 + step].sequence)
            }
        }
    }

    @Test
    func `the checkpoint given with a roll is the new segment's, and its first record the next`()
        throws
    {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.rollsItself = false
        let tape = try Tape(scratch.file("r"), options)
        var firsts: [SequenceNumber] = []
        for round in 1...3 {
            repeat {
                try tape.recorder.waitUntilWritten(try tape.append(20))
            } while !tape.recorder.isRollDue
            firsts.append(tape.recorder.next)
            try tape.recorder.roll(
                checkpoint: [UInt8](repeating: UInt8(round), count: 100_000 * round)
            )
            #expect(!tape.recorder.isRollDue)
        }
        try tape.append(5)
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.manifest.segments.map(\.first) == [.first] + firsts)
        for (index, first) in firsts.enumerated() {
            let expected = [UInt8](repeating: UInt8(index + 1), count: 100_000 * (index + 1))
            #expect(try recording.checkpoint(at: first) == expected)
        }
        #expect(try recording.checkpoint(at: .first).isEmpty)
        #expect(try recording.records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }
}

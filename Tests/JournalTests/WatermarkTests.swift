import Glibc
import Journal
import Market
import Synchronization
import Testing

@Suite struct WatermarkTests {
    @Test func `appended, written and durable follow one another and reach the end`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        for _ in 0..<40 {
            let number = try tape.append(25)
            let marks = tape.recorder.watermarks
            #expect(marks.appended == number)
            #expect(marks.durable <= marks.written)
            #expect(marks.written <= marks.appended)
        }
        let end = tape.recorder.watermarks.appended
        try tape.recorder.waitUntilWritten(end)
        #expect(tape.recorder.watermarks.written == end)
        try tape.recorder.waitUntilDurable(end)
        #expect(tape.recorder.watermarks.durable == end)
        try tape.recorder.seal()
    }

    @Test func `each callback comes once, with true, and not before its number`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        let recorder = tape.recorder
        let calls = Mutex<[UInt64: Int]>([:])
        let early = Atomic<Int>(0)
        var numbers: [SequenceNumber] = []
        for round in 0..<200 {
            let number = try tape.append(3)
            numbers.append(number)
            let note: @Sendable (Bool) -> Void = { [weak recorder] isReached in
                let marks = recorder?.watermarks
                if !isReached || (marks?.written ?? .none) < number {
                    early.add(1, ordering: .relaxed)
                }
                calls.withLock { $0[number.value, default: 0] += 1 }
            }
            if round % 2 == 0 {
                recorder.whenWritten(number, note)
            } else {
                recorder.whenDurable(number, note)
            }
        }
        try recorder.waitUntilDurable(numbers[numbers.count - 1])
        try recorder.seal()
        #expect(early.load(ordering: .relaxed) == 0)
        #expect(
            calls.withLock { $0 } == Dictionary(uniqueKeysWithValues: numbers.map { ($0.value, 1) })
        )
    }

    /// Around the moment at which the recorder goes from naps to sleep; with `small` it would sleep for an hour.
    @Test func `a record that comes as the recorder falls asleep is written`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        for round in 0..<150 {
            usleep(UInt32(4_500 + round * 37 % 2_500))
            let number = try tape.append(1)
            try eventually { tape.recorder.watermarks.written >= number }
        }
        try tape.recorder.seal()
    }

    /// With `small` it would sleep for an hour.
    @Test func `the end of a step wakes the recorder, and who waits in it does`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        for round in 0..<40 {
            usleep(UInt32(4_500 + round * 237 % 9_000))
            tape.recorder.beginStep()
            let first = try tape.append(1)
            if round % 2 == 0 { try tape.recorder.waitUntilWritten(first) }
            tape.recorder.beginStep()
            let last = try tape.append(2)
            tape.recorder.endStep()
            tape.recorder.endStep()
            try eventually { tape.recorder.watermarks.written >= last }
        }
        try tape.recorder.seal()
    }

    @Test func `a step that does not end keeps its records from the disk no longer than a sleep`()
        throws
    {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.sleepInterval = 20_000_000
        let tape = try Tape(scratch.file("r"), options)
        for _ in 0..<5 {
            usleep(15_000)
            tape.recorder.beginStep()
            let number = try tape.append(1)
            try eventually { tape.recorder.watermarks.written >= number }
        }
        try tape.recorder.seal()
    }

    /// The recorder looks at the queue, then at the clock, which takes long here: what comes in between is
    /// no reason to wait as a full disk is.
    @Test func `a record that comes between a look at the queue and the end of a turn is written`()
        throws
    {
        let scratch = try Scratch()
        let files = FaultyFiles { call, _, _ in
            if call == "now" { usleep(2_000) }
            return nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        for round in 0..<200 {
            usleep(UInt32(500 + round * 377 % 6_000))
            let number = try tape.append(1)
            try eventually { tape.recorder.watermarks.written >= number }
        }
        try tape.recorder.seal()
    }

    @Test func `who waits for a number that never comes is told when the recorder ends`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        let outcome = Mutex<[Bool]>([])
        let number = SequenceNumber(tape.recorder.next.value + 1000)
        tape.recorder.whenWritten(number) { isReached in outcome.withLock { $0.append(isReached) } }
        try tape.recorder.seal()
        #expect(outcome.withLock { $0 } == [false])
        #expect(throws: JournalError.self) { try tape.append(1) }
    }

    @Test func `a recorder that is let go makes its records durable and leaves the recording open`()
        throws
    {
        let scratch = try Scratch()
        var taken: [Taken] = []
        do {
            let tape = try Tape(scratch.file("r"))
            try tape.append(77)
            taken = tape.taken
        }
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.state == .open)
        #expect(!recording.isHeld)
        #expect(try recording.records().owners == taken)
        #expect(recording.durable == recording.last)
    }
}

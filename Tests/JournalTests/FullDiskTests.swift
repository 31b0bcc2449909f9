import DiskKit
import Glibc
import Journal
import Market
import Synchronization
import Testing

/// A full disk: public data is refused, everything else is kept, and room that comes back is used.
@Suite struct FullDiskTests {
    private static let publicStream = 0
    private static let order = 2
    private static let command = 4

    /// A recorder whose disk has just become full, public data refused.
    ///
    /// Its queue is so small that the reserve takes all of it, however long the recorder's thread has to wait.
    private func fullTape(
        _ path: String,
        _ disk: SmallDisk,
        queue: Int = 64 << 10,
        waits: Bool = true
    ) throws -> Tape {
        var options = RecorderOptions.small
        options.queueBytes = queue
        let tape = try Tape(path, options, files: disk)
        try tape.append(100)
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        disk.fill()
        try eventually(
            {
                while tape.hasRoom(on: Self.publicStream), (try? tape.append(1)) != nil {}
                return !tape.hasRoom(on: Self.publicStream) && isFull(tape.recorder)
            },
            state: words(tape.recorder)
        )
        // What waits in the queue goes to the reserve first.
        if waits {
            try eventually({ tape.recorder.queuedBytes == 0 }, state: words(tape.recorder))
        }
        return tape
    }

    private func words(_ recorder: Recorder) -> String {
        "\(recorder.health), \(recorder.queuedBytes) bytes in the queue, \(recorder.watermarks), \(recorder.statistics)"
    }

    private func isFull(_ recorder: Recorder) -> Bool {
        if case .full = recorder.health { return true }
        return false
    }

    @Test
    func `private records and commands go on, public data is refused, and a kill loses nothing`()
        throws
    {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        let tape = try fullTape(scratch.file("r"), disk)
        let error = #expect(throws: JournalError.self) { try tape.append(on: Self.publicStream) }
        #expect(error?.reason == .diskFull)
        for _ in 0..<200 {
            try tape.append(on: Self.order)
            try tape.recorder.waitUntilWritten(try tape.append(on: Self.command))
        }
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        #expect(isFull(tape.recorder))
        #expect(tape.recorder.statistics.reserveBytes > 0)
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        let read = try Recording.open(scratch.file("k"))
        #expect(try read.records().owners == tape.taken)
        #expect(read.damage.isEmpty)
        // As the next run, on a disk with room.
        let next = try Tape(scratch.file("k"))
        #expect(next.recorder.recovery?.last == tape.recorder.watermarks.appended)
        try next.append(50)
        try next.recorder.seal()
        #expect(
            try Recording.open(scratch.file("k")).records().owners == tape.taken + next.taken
        )
        #expect(try Verifier.verify(scratch.file("k")).state == .sound)
        withExtendedLifetime(tape) {}
    }

    @Test func `verify beside a recorder whose disk is full finds no damage`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let disk = SmallDisk(room: 1 << 20)
        let tape = try fullTape(path, disk)
        var fromReserve = 0
        for round in 0..<40 {
            // Not waited for: the recorder writes while it is read.
            for _ in 0..<10 {
                if tape.hasRoom(on: Self.order) { try tape.append(on: Self.order) }
                if tape.hasRoom(on: Self.command) { try tape.append(on: Self.command) }
            }
            // Outages end, and others begin, beside the reader too.
            if round % 8 == 5 { disk.add(64 << 10) }
            if round % 8 == 7 { disk.fill() }
            if tape.recorder.statistics.reserveBytes > 0 { fromReserve += 1 }
            let verification = try Verifier.verify(path)
            #expect(verification.state != .damaged, "\(round): \(verification.findings)")
            #expect(verification.gaps.isEmpty)
            #expect(verification.first == .first)
        }
        #expect(fromReserve > 0)
        disk.add(4 << 20)
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        try eventually({ tape.recorder.health == .sound }, state: words(tape.recorder))
        try tape.recorder.seal()
        #expect(try Recording.open(path).records().owners == tape.taken)
        #expect(try Verifier.verify(path).state == .sound)
    }

    /// The manifest goes anyway, and makes some room.
    @Test func `a full disk is pruned where its notes find room, and not before`() throws {
        for room in [0, 100, 1000, 1 << 20] {
            for keepsManifest in [true, false] {
                let scratch = try Scratch()
                let path = scratch.file("r")
                let disk = SmallDisk(room: 1 << 20)
                var options = RecorderOptions.small
                options.rollsItself = false
                let tape = try Tape(path, options, files: disk)
                for _ in 0..<6 {
                    try tape.recorder.waitUntilWritten(try tape.append(60))
                    try tape.recorder.roll(checkpoint: Array("state".utf8))
                }
                try tape.append(10)
                try tape.recorder.seal()
                let before = try Recording.open(path).manifest
                disk.fill()
                disk.add(room)
                // Its room is then gone with it: nothing that is deleted makes any.
                if !keepsManifest { unlink(path + "/manifest.json") }
                let pruner = PruningTests.pruner(nil)
                let rule = DiskRule(maxSize: 0)
                func prune() throws(JournalError) -> Bool {
                    do throws(JournalError) {
                        _ = try pruner.prune(path, rule: rule, now: PruningTests.now, files: disk)
                        return true
                    } catch {
                        guard error.isNoSpace else { throw error }
                        return false
                    }
                }
                let isDone = try prune()
                let after = try Recording.open(path)
                #expect(isDone || after.manifest.segments == before.segments)
                #expect(isDone || room < 1 << 20)
                #expect(!isDone || after.manifest.segments == Array(before.segments.suffix(1)))
                #expect(try Verifier.verify(path).state == .sound)
                // With room the next one ends it.
                disk.add(1 << 20)
                #expect(try prune())
                #expect(try Recording.open(path).manifest.segments.count == 1)
                let verification = try Verifier.verify(path)
                #expect(verification.state == .sound, "\(verification.findings)")
            }
        }
    }

    /// A state that waits in the queue goes to no segment and to no reserve: nothing waits for its size.
    @Test func `a large state of the owner keeps no private record from the reserve`() throws {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        let tape = try fullTape(scratch.file("r"), disk, queue: 16 << 20)
        try tape.recorder.roll(
            checkpoint: Array(repeating: 7, count: Int(RecorderOptions.small.reserveBytes) + 1)
        )
        for _ in 0..<50 {
            try tape.append(on: Self.order)
            try tape.recorder.waitUntilWritten(try tape.append(on: Self.command))
        }
        #expect(isFull(tape.recorder))
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        disk.add(64 << 20)
        try eventually({ tape.recorder.health == .sound }, state: words(tape.recorder))
        try tape.append(50)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `room that comes back is used without a restart`() throws {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        let seen = Mutex<[RecorderHealth]>([])
        var options = RecorderOptions.small
        options.onHealth = { health in seen.withLock { $0.append(health) } }
        // As in `fullTape`: what waits when the disk is found full must fit the reserve.
        options.queueBytes = 64 << 10
        let tape = try Tape(scratch.file("r"), options, files: disk)
        for _ in 0..<3 {
            try tape.append(100)
            disk.fill()
            try eventually {
                while tape.hasRoom(on: Self.publicStream), (try? tape.append(1)) != nil {}
                return isFull(tape.recorder)
            }
            try eventually { tape.recorder.queuedBytes == 0 }
            for _ in 0..<100 { try tape.append(on: Self.order) }
            try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
            disk.add(1 << 20)
            try eventually { tape.hasRoom(on: Self.publicStream) }
            try eventually { tape.recorder.health == .sound }
            #expect(tape.recorder.statistics.reserveBytes == 0)
        }
        try tape.append(100)
        try tape.recorder.seal()
        let kinds = seen.withLock { $0 }.map { health -> String in
            switch health {
            case .full: "full"
            case .sound: "sound"
            default: "\(health)"
            }
        }
        #expect(kinds == ["full", "sound", "full", "sound", "full", "sound"])
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(try !Scratch.names(in: scratch.file("r")).contains("reserve"))
    }

    /// For each place at which the disk can become full.
    @Test func `wherever the disk becomes full, no private record is lost before the reserve is`()
        throws
    {
        var full = 0
        for room in stride(from: 0, through: 40_000, by: 531) {
            let scratch = try Scratch()
            // Tails, reserve and HEAD have their blocks before a recording begins.
            let disk = SmallDisk(room: 2 * (64 << 10) + (256 << 10) + 10_000 + room)
            let tape = try Tape(scratch.file("r"), files: disk)
            for _ in 0..<60 {
                if tape.hasRoom(on: Self.publicStream) {
                    _ = try? tape.append(on: Self.publicStream)
                }
                try tape.append(on: Self.order, bytes: 300)
                try tape.append(on: Self.command)
            }
            try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
            if isFull(tape.recorder) { full += 1 }
            try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
            let read = try Recording.open(scratch.file("k"))
            #expect(try read.records().owners == tape.taken, "room \(room)")
            #expect(read.damage.isEmpty, "room \(room): \(read.damage)")
            disk.add(1 << 20)
            try eventually { tape.recorder.health == .sound }
            try tape.append(10)
            try tape.recorder.seal()
            #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
            #expect(try Verifier.verify(scratch.file("r")).state == .sound, "room \(room)")
        }
        #expect(full > 40)
    }

    @Test func `tails that find no room are done without, and made anew later`() throws {
        let scratch = try Scratch()
        let isShort = Flag()
        let files = FaultyFiles { call, name, _ in
            (call == "write" || call == "allocate") && name != "reserve" && name != "HEAD"
                && isShort.value.load(ordering: .relaxed) ? .fail(.noSpace) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        try tape.recorder.waitUntilDurable(try tape.append(100))
        isShort.value.store(true, ordering: .relaxed)
        for _ in 0..<100 { try tape.recorder.waitUntilWritten(try tape.append(on: Self.order)) }
        #expect(isFull(tape.recorder))
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        isShort.value.store(false, ordering: .relaxed)
        try eventually { tape.recorder.health == .sound }
        // Until tails are there again, each record that is waited for makes a chunk of its own.
        try eventually {
            let before = tape.recorder.statistics.chunks
            if let number = try? tape.append(on: Self.order) {
                try? tape.recorder.waitUntilWritten(number)
            }
            return tape.recorder.statistics.chunks == before
        }
        let chunks = tape.recorder.statistics.chunks
        for _ in 0..<50 { try tape.recorder.waitUntilWritten(try tape.append(on: Self.order)) }
        // Through a tail again: not a chunk for each.
        #expect(tape.recorder.statistics.chunks < chunks + 10)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `when the reserve is full too, records wait in the queue and nothing is half kept`()
        throws
    {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        let tape = try fullTape(scratch.file("r"), disk, queue: 1 << 20, waits: false)
        // The reserve holds 256 KiB: more than that of what hardly compresses. Where the recorder's thread stood still the
        // queue may be nearly full already, of what does not fit the reserve either.
        for _ in 0..<400 where tape.hasRoom(on: Self.order) {
            try tape.append(on: Self.order, bytes: 1000)
        }
        // Full when so much is in it; or when what was drained before the disk was found full takes more than all of it.
        try eventually {
            if tape.recorder.queuedBytes == 0 { _ = try? tape.append(on: Self.order, bytes: 1000) }
            usleep(20_000)
            return tape.recorder.statistics.reserveBytes > 64 << 10
                && tape.recorder.queuedBytes > 0
        }
        usleep(100_000)
        let marks = tape.recorder.watermarks
        #expect(marks.written < marks.appended)
        #expect(tape.recorder.queuedBytes > 0)
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        let read = try Recording.open(scratch.file("k"))
        #expect(read.last >= marks.written)
        #expect(try read.records().owners == Array(tape.taken.prefix(read.records().owners.count)))
        disk.add(4 << 20)
        try tape.recorder.waitUntilDurable(marks.appended)
        try eventually { tape.recorder.health == .sound }
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    /// A recorder whose queue filled up while its thread waited for the disk, which then became full.
    private func overtakenTape(
        _ path: String,
        _ disk: SmallDisk,
        queue: Int
    ) throws -> Tape {
        var options = RecorderOptions.small
        options.queueBytes = queue
        let tape = try Tape(path, options, files: disk)
        try tape.recorder.waitUntilDurable(try tape.append(100))
        disk.hold()
        defer { disk.letGo() }
        while tape.hasRoom(on: Self.publicStream) {
            try tape.append(on: Self.publicStream, bytes: 500)
        }
        while tape.hasRoom(on: Self.order) { try tape.append(on: Self.order, bytes: 500) }
        disk.fill()
        disk.letGo()
        return tape
    }

    @Test
    func `a recorder that is closed while the disk is full keeps everything for the next run`()
        throws
    {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        // What hardly compresses, and so much of it that the reserve of 256 KiB just holds it.
        let tape = try overtakenTape(scratch.file("r"), disk, queue: 128 << 10)
        #expect(throws: JournalError.self) { try tape.recorder.seal() }
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
        let next = try Tape(scratch.file("r"))
        try next.append(10)
        try next.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken + next.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `what neither disk nor reserve takes is named when the recorder ends`() throws {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        let tape = try overtakenTape(scratch.file("r"), disk, queue: 1 << 20)
        let error = #expect(throws: JournalError.self) { try tape.recorder.seal() }
        let kept = try Recording.open(scratch.file("r")).records()
        let marks = tape.recorder.watermarks
        let last = try #require(kept.last?.sequence)
        #expect(last < marks.appended.value)
        #expect(last >= marks.written.value)
        #expect(kept.owners == Array(tape.taken.prefix(kept.owners.count)))
        let words = try #require(error).description
        #expect(words.contains("records \(marks.written.next) to \(marks.appended)"), "\(words)")
        let next = try Tape(scratch.file("r"))
        try next.append(10)
        try next.recorder.seal()
        #expect(
            try Recording.open(scratch.file("r")).records().owners == kept.owners + next.taken
        )
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }
}

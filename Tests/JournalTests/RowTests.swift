import Glibc
import Journal
import Market
import Testing

/// Recordings that follow one another without a record between.
@Suite struct RowTests {
    static func verify(_ scratch: Scratch) throws -> [RowVerification] {
        try verify(scratch.path)
    }

    static func verify(_ folder: String) throws -> [RowVerification] {
        try RowVerifier.verify(
            try RowFolder(folder).members().map(\.path),
            isWhole: true,
            deleted: try PrunedRecording.all(in: folder),
            verify: { path throws(JournalError) in try Verifier.verify(path) }
        )
    }

    @Test func `four hundred days follow one another, and no record is missing`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        var last = SequenceNumber.none
        for day in 1...400 {
            // Some are still on their way when the day ends.
            last = try row.append(7 + day % 5)
            try row.roll(day)
        }
        last = try row.append(3)
        try row.seal()
        let rows = try Self.verify(scratch)
        #expect(rows.count == 1)
        let found = try #require(rows.first)
        #expect(found.state == .sound, "\(found.findings)")
        #expect(found.begins == .whole)
        #expect(found.members.count == 401)
        #expect(found.first == .first && found.last == last)
        #expect(found.records == last.value, "no number is missing, none is there twice")
        var all: [Taken] = []
        for member in found.members { all += try Recording.open(member.path).records() }
        #expect(all.map(\.sequence) == Array(1...last.value))
        #expect(all.owners == row.taken)
        let names = found.members.map(\.verification.row?.place)
        #expect(names == Array(1...401))
    }

    @Test func `the new recording begins with the owner's state and names the old one`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        let last = try row.append(40)
        try row.roll(1, checkpoint: "the state")
        try row.append(40)
        try row.seal()
        let members = try RowFolder(scratch.path).members()
        try #require(members.count == 2)
        let (old, new) = (members[0], members[1])
        #expect(old.manifest.last == last && old.manifest.state == .sealed)
        #expect(new.manifest.first == SequenceNumber(last.value + 1))
        let link = try #require(new.manifest.row?.previous)
        #expect(link.recording == old.manifest.id)
        #expect(link.last == last)
        #expect(link.chain == old.manifest.segments.last?.chainLast)
        let recording = try Recording.open(new.path)
        #expect(
            String(decoding: try recording.checkpoint(at: recording.first), as: UTF8.self)
                == "the state"
        )
        #expect(try recording.beginning() == .row(after: old.manifest.id, last: last))
        let records = try recording.records()
        #expect(records.first?.stream == "session/start")
        let announced = records.filter { $0.stream == "session/channel" }.count
        // The recorder's own three, and those of the owner's.
        #expect(announced == 3 + Sample.streams.count)
        let text = try Scratch.read(new.path + "/manifest.json")
        #expect(
            String(decoding: text, as: UTF8.self).contains(
                "\"previous\":{\"recording\":\"\(old.manifest.id)\",\"last\":\(last),\"chain\":\"\(link.chain)\"}"
            )
        )
    }

    @Test func `who waits at the moment of a roll is told when its record is written`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        try row.append(5)
        let told = Tally()
        for _ in 0..<20 {
            let number = try row.append(1)
            row.recorder.whenWritten(number) { told.add($0) }
            row.recorder.whenDurable(number) { told.add($0) }
            try row.roll(row.days + 1)
            let first = try row.append(1)
            row.recorder.whenWritten(first) { told.add($0) }
            row.recorder.whenDurable(first) { told.add($0) }
        }
        try eventually { told.count == 80 }
        #expect(told.all, "each was kept")
        try row.seal()
        #expect(try Self.verify(scratch).first?.state == .sound)
    }

    @Test func `what is missing, changed or out of order is named`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        for day in 1...5 {
            try row.append(30)
            try row.roll(day)
        }
        try row.append(30)
        try row.seal()
        let paths = try RowFolder(scratch.path).members().map(\.path)
        let ids = try RowFolder(scratch.path).members().map(\.manifest.id)
        func judge(_ paths: [String], isWhole: Bool = false) throws -> RowVerification {
            let rows = try RowVerifier.verify(
                paths,
                isWhole: isWhole,
                verify: { path throws(JournalError) in try Verifier.verify(path) }
            )
            return try #require(rows.first)
        }
        #expect(try judge(paths).state == .sound)
        let part = try judge(Array(paths[2...]))
        #expect(part.state == .sound && part.begins == .given(place: 3))
        let late = try judge(Array(paths[2...]), isWhole: true)
        #expect(late.state == .damaged && late.begins == .unexplained)
        #expect(late.findings.first?.recording == ids[1])

        var without = paths
        without.remove(at: 3)
        let missing = try judge(without)
        #expect(missing.state == .damaged)
        #expect(missing.findings.map(\.recording) == [ids[3]])
        #expect(missing.findings.first?.what.contains("missing") == true)

        var swapped = paths
        swapped.swapAt(2, 3)
        let order = try judge(swapped)
        #expect(order.state == .damaged)
        #expect(order.findings.contains { $0.what.contains("out of order") })

        // Another recording of the same id and place, sound in itself.
        let other = try Scratch()
        let twin = try RowTape(other, .small)
        try twin.append(31)
        try twin.roll(1)
        try twin.seal()
        let members = try RowFolder(other.path).members()
        Scratch.remove(paths[0])
        try Scratch.copy(members[0].path, to: paths[0])
        let changed = try judge(paths)
        #expect(changed.state == .damaged)
        #expect(changed.findings.contains { $0.recording == ids[0] })
    }

    @Test func `a link that is changed does not fit the chain`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        try row.append(30)
        try row.roll(1)
        try row.append(30)
        try row.seal()
        let members = try RowFolder(scratch.path).members()
        // The first segment's head says another last number, with a checksum that holds.
        let path = members[1].path + "/" + members[1].manifest.segments[0].name
        var bytes = try Scratch.read(path)
        let wanted = Array("label.row.place".utf8)
        let place = try #require(Self.find(wanted, in: bytes))
        #expect(bytes[place + wanted.count + 4] == UInt8(ascii: "2"))
        bytes[place + wanted.count + 4] = UInt8(ascii: "3")
        try Scratch.write(bytes, to: path)
        #expect(try Verifier.verify(members[1].path).state == .damaged)
    }

    static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        (0..<(bytes.count - needle.count)).first { bytes[$0...].starts(with: needle) }
    }

    @Test func `what cannot be made leaves the old recording as it is`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        try row.append(10)
        mkdir(scratch.file("taken"), 0o700)
        #expect(throws: JournalError.self) { try Successor(scratch.file("taken"), options: .small) }
        let spare = try Successor(scratch.file("spare"), options: .small)
        // It is no recording for anybody.
        #expect(throws: JournalError.self) { try Recording.open(scratch.file("spare")) }
        spare.abandon()
        #expect(access(scratch.file("spare"), F_OK) != 0)
        try row.append(10)
        try row.roll(1)
        try row.append(10)
        try row.seal()
        let found = try #require(try Self.verify(scratch).first)
        #expect(found.state == .sound && found.members.count == 2)
        #expect(found.records == row.recorder.watermarks.appended.value)
    }

    @Test func `a recorder that was killed goes on in its place of the row`() throws {
        let scratch = try Scratch()
        let row = try RowTape(scratch, .small)
        try row.append(30)
        try row.roll(1)
        try row.append(30)
        try row.recorder.close()
        let path = row.recorder.path
        let again = try Tape(path)
        try again.append(30)
        try again.recorder.seal()
        let found = try #require(try Self.verify(scratch).first)
        #expect(found.state == .sound, "\(found.findings)")
        #expect(found.members.count == 2)
        #expect(found.members[1].verification.row?.place == 2)
    }
}

/// Counts answers.
final class Tally: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var answers: [Bool] = []

    init() { pthread_mutex_init(lock, nil) }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func add(_ answer: Bool) {
        pthread_mutex_lock(lock)
        answers.append(answer)
        pthread_mutex_unlock(lock)
    }

    var count: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return answers.count
    }

    var all: Bool { answers.allSatisfy { $0 } }
}

/// A recorder that rolls, and notes what it was given.
final class RowTape {
    let scratch: Scratch
    private let options: RecorderOptions
    private(set) var recorder: Recorder
    private(set) var taken: [Taken] = []
    private(set) var days = 0
    private var ids: [StreamID] = []
    private let sealing = Tally()

    init(_ scratch: Scratch, _ options: RecorderOptions) throws {
        self.scratch = scratch
        self.options = options
        var first = options
        let name = RowTape.name(0)
        first.row = RowLink(beginningWith: name)
        recorder = try Recorder.open(scratch.file(name), options: first)
        try begin()
    }

    static func name(_ day: Int) -> String {
        let digits = String(day)
        return "day-" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    private func begin() throws {
        let time = Sample.time(Int(recorder.next.value))
        note(try recorder.start(time: time, payload: Sample.start), "session/start", Sample.start)
        ids = try Sample.streams.map { try recorder.stream(named: $0) }
    }

    @discardableResult
    func append(_ more: Int) throws -> SequenceNumber {
        var last = SequenceNumber.none
        for _ in 0..<more {
            let number = Int(recorder.next.value)
            let index = number % ids.count
            let payload = Sample.payload(number)
            last = try recorder.append(ids[index], time: Sample.time(number), payload: payload)
            note(last, Sample.streams[index], payload)
        }
        return last
    }

    func roll(_ day: Int, checkpoint: String = "state") throws {
        let next = try Successor(scratch.file(RowTape.name(day)), options: options)
        let sealing = sealing
        recorder = try recorder.handOver(to: next, checkpoint: Array(checkpoint.utf8)) { outcome in
            if case .success = outcome { sealing.add(true) } else { sealing.add(false) }
        }
        days = day
        try begin()
    }

    /// Waits until every recording before is sealed.
    func waitUntilSealed() throws {
        try eventually { sealing.count == days }
        #expect(sealing.all)
    }

    /// Seals, when every recording before is.
    func seal() throws {
        try waitUntilSealed()
        try recorder.seal()
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

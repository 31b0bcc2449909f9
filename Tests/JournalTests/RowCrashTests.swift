import DiskKit
import Glibc
import Journal
import Market
import Synchronization
import Testing

/// A kill between any two calls of a roll: two recordings that are sound together, or the old one to go on with.
@Suite struct RowCrashTests {
    /// What the calls of a roll are, by what they leave behind.
    enum Step: String, CaseIterable {
        case preparing
        case handedOver
        case newSegment
        case sealing
        case sealed
    }

    struct Moment {
        var folder: String
        var written: SequenceNumber
        var step: Step
    }

    @Test func `a kill between any two calls of a roll loses nothing, and the row goes on`() throws
    {
        let scratch = try Scratch()
        let images = try Scratch()
        mkdir(scratch.file("row"), 0o700)
        let files = WatchedFiles()
        var options = RecorderOptions.small
        options.tailBytes = 16 << 10
        options.reserveBytes = 64 << 10
        let row = try CrashRow(scratch.file("row"), options, files)
        try row.recorder.waitUntilDurable(try row.append(60))
        let log = Mutex<[Moment]>([])
        let (source, target) = (scratch.file("row"), images.path)
        files.watch { [row] in
            log.withLock { moments in
                let folder = target + "/i\(moments.count)"
                let moment = Moment(folder: folder, written: row.written, step: row.step)
                try? Self.copy(source, to: folder)
                moments.append(moment)
            }
        }
        let last = try row.roll()
        try row.append(60)
        try eventually { row.isSealed }
        try row.recorder.waitUntilDurable(try row.append(5))
        files.watch(nil)
        // The next recording's first segment has its name only when all of the old one is durable.
        #expect(row.durableAtBirth == last)
        try row.recorder.seal()
        let moments = log.withLock { $0 }
        #expect(moments.count > 40)
        for step in Step.allCases {
            #expect(moments.contains { $0.step == step }, "no call while \(step)")
        }
        for moment in moments { try check(moment, options) }
    }

    @Test func `a disk without room keeps the new recording waiting, and nothing is lost`() throws {
        let scratch = try Scratch()
        mkdir(scratch.file("row"), 0o700)
        let files = WatchedFiles()
        let row = try CrashRow(scratch.file("row"), .small, files)
        try row.append(60)
        let made = Mutex(0)
        files.refuse { name in
            guard name == "segment.unfinished" else { return nil }
            // The first is made ahead of time, and holds the room.
            let isAgain = made.withLock { count in
                defer { count += 1 }
                return count > 0
            }
            return isAgain ? .noSpace : nil
        }
        let last = try row.roll()
        try eventually { if case .full = row.recorder.health { true } else { false } }
        // What may be shed is refused without a number; the rest is taken, and told as not written.
        #expect(row.recorder.isDiskFull)
        let owner = try row.recorder.stream(named: "private/main/order")
        let kept = try row.recorder.append(owner, time: Sample.time(9), payload: Sample.payload(9))
        #expect(row.recorder.watermarks.written <= last)
        let members = try RowFolder(scratch.file("row")).members()
        #expect(members.map(\.manifest.id) == ["a"], "it has not begun")
        files.refuse(nil)
        try row.recorder.waitUntilDurable(kept)
        #expect(row.recorder.health == .sound && !row.recorder.isDiskFull)
        try row.append(20)
        try eventually { row.isSealed }
        let end = try row.recorder.seal().last
        let found = try #require(try RowTests.verify(scratch.file("row")).first)
        #expect(found.state == .sound, "\(found.findings)")
        #expect(found.records == end.value)
    }

    private func check(_ moment: Moment, _ options: RecorderOptions) throws {
        let folder = RowFolder(moment.folder)
        _ = try folder.tidy()
        let found = try RowTests.verify(moment.folder)
        #expect(found.count == 1)
        let row = try #require(found.first)
        #expect(row.state == .sound, "\(moment.step): \(row.findings) \(row.members)")
        #expect(row.first == .first)
        let reached = max(row.last, row.members.first?.verification.last ?? .none)
        #expect(reached >= moment.written, "\(moment.step): a written record is lost")
        #expect(row.records == reached.value)
        // As the next start does: what was rolled is sealed, the newest goes on.
        let members = try folder.members()
        for member in members.dropLast() where member.manifest.state == .open {
            var options = options
            options.labels = member.manifest.labels.filter { !$0.key.hasPrefix("row.") }
            try Recorder.open(member.path, options: options).seal()
        }
        let newest = try #require(members.last)
        if newest.manifest.state == .open {
            let tape = try Tape(newest.path, options)
            try tape.append(20)
            try tape.recorder.seal()
        }
        let again = try #require(try RowTests.verify(moment.folder).first)
        #expect(again.state == .sound, "\(moment.step): \(again.findings)")
        #expect(again.members.allSatisfy { $0.verification.isSealed })
        #expect(again.records >= row.records)
    }

    static func copy(_ source: String, to target: String) throws {
        mkdir(target, 0o700)
        for name in try Scratch.names(in: source) {
            try Scratch.copy(source + "/" + name, to: target + "/" + name)
        }
    }
}

/// The disk itself, with a look at it before each call that changes it; calls come one after the other.
///
/// `@unchecked Sendable`: the mutex is made to be shared.
final class WatchedFiles: PassingFiles, @unchecked Sendable {
    let disk: any JournalFiles = SystemFiles()
    private let watcher = Mutex<(@Sendable () -> Void)?>(nil)
    private let turn = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(turn, nil) }

    deinit {
        pthread_mutex_destroy(turn)
        turn.deallocate()
    }

    private let refusal = Mutex<(@Sendable (String) -> SystemFailure?)?>(nil)

    /// Files of these names cannot be made.
    func refuse(_ body: (@Sendable (String) -> SystemFailure?)?) {
        refusal.withLock { $0 = body }
    }

    func watch(_ body: (@Sendable () -> Void)?) { watcher.withLock { $0 = body } }

    private func change<Value>(
        _ body: () throws(SystemFailure) -> Value
    ) throws(SystemFailure) -> Value {
        pthread_mutex_lock(turn)
        defer { pthread_mutex_unlock(turn) }
        watcher.withLock { $0 }?()
        return try body()
    }

    func makeDirectory(_ path: String) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.makeDirectory(path) }
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        guard mode != .read else { return try disk.open(name, in: directory, mode) }
        if mode == .create, let failure = refusal.withLock({ $0 })?(name) { throw failure }
        return try change { () throws(SystemFailure) in try disk.open(name, in: directory, mode) }
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        try change { () throws(SystemFailure) in try disk.write(file, bytes, at: offset) }
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.allocate(file, bytes: bytes) }
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.sync(file) }
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.syncDirectory(directory) }
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in
            try disk.rename(name, to: newName, in: directory)
        }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.unlink(name, in: directory) }
    }

    func removeDirectory(_ path: String) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.removeDirectory(path) }
    }
}

/// A row of two recordings, watched while it rolls.
final class CrashRow: Sendable {
    private struct State {
        var recorder: Recorder
        var old: Recorder?
        var isHandedOver = false
        var isSealed = false
        var durableAtBirth = SequenceNumber.none
    }

    private let state: Mutex<State>
    private let folder: String
    private let options: RecorderOptions
    private let files: WatchedFiles

    init(_ folder: String, _ options: RecorderOptions, _ files: WatchedFiles) throws {
        self.folder = folder
        self.options = options
        self.files = files
        var first = options
        first.row = RowLink(beginningWith: "a")
        let recorder = try Recorder.open(folder + "/a", options: first, files: files)
        state = Mutex(State(recorder: recorder))
        try begin()
    }

    var recorder: Recorder { state.withLock { $0.recorder } }
    var isSealed: Bool { state.withLock { $0.isSealed } }
    var durableAtBirth: SequenceNumber { state.withLock { $0.durableAtBirth } }

    /// A number up to which everything is written, whatever happens now.
    var written: SequenceNumber {
        state.withLock {
            // What the new one calls written before it has begun is what the old one had.
            max($0.old?.watermarks.written ?? .none, $0.recorder.watermarks.written)
        }
    }

    var step: RowCrashTests.Step {
        let isBorn = segment != nil
        return state.withLock { state in
            if isBorn, state.durableAtBirth == .none {
                state.durableAtBirth = state.old?.watermarks.durable ?? .none
            }
            if state.isSealed { return .sealed }
            guard state.isHandedOver else { return .preparing }
            guard isBorn else { return .handedOver }
            return access(folder + "/b/HEAD", F_OK) == 0 ? .sealing : .newSegment
        }
    }

    private var segment: String? {
        (try? Scratch.names(in: folder + "/b"))?.first { $0.hasSuffix(".mcap") }
    }

    private func begin() throws {
        let recorder = recorder
        let time = Sample.time(Int(recorder.next.value))
        try recorder.start(time: time, payload: Sample.start)
        for name in Sample.streams { _ = try recorder.stream(named: name) }
    }

    @discardableResult
    func append(_ more: Int) throws -> SequenceNumber {
        let recorder = recorder
        let ids = try Sample.streams.map { try recorder.stream(named: $0) }
        var last = SequenceNumber.none
        for _ in 0..<more {
            let number = Int(recorder.next.value)
            last = try recorder.append(
                ids[number % ids.count],
                time: Sample.time(number),
                payload: Sample.payload(number)
            )
        }
        return last
    }

    /// The last number of the old recording.
    func roll() throws -> SequenceNumber {
        let next = try Successor(folder + "/b", options: options, files: files)
        let last = try append(30)
        let old = recorder
        state.withLock {
            $0.old = old
            $0.isHandedOver = true
        }
        let new = try old.handOver(to: next, checkpoint: Array("state".utf8)) { [self] _ in
            state.withLock { $0.isSealed = true }
        }
        state.withLock { $0.recorder = new }
        try begin()
        return last
    }
}

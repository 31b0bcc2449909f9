import Glibc
import Journal
import Market
import Synchronization

/// A row on a disk in memory: it rolls, or goes on with what a power cut left of it.
final class RolledRow {
    private let disk: MemoryDisk
    private let script: Script
    /// How the recorders see the disk.
    private let files: any JournalFiles
    private(set) var rolls = 0
    /// Calls of the disk before the first roll was prepared.
    private(set) var rollBegins = 0

    /// Everybody who has promised something, for the disk's witness.
    private final class Recorders: Sendable {
        private let all = Mutex<[Recorder]>([])
        /// Handed over, and not sealed yet.
        let sealing = Atomic<Int>(0)
        let failure = Mutex<JournalError?>(nil)

        func add(_ recorder: Recorder) { all.withLock { $0.append(recorder) } }

        /// What the new one calls written before it has begun is what the old one had.
        var marks: Watermarks {
            all.withLock { recorders in
                recorders.reduce(into: Watermarks.all(.none)) { sum, recorder in
                    let marks = recorder.watermarks
                    sum.appended = max(sum.appended, marks.appended)
                    sum.written = max(sum.written, marks.written)
                    sum.durable = max(sum.durable, marks.durable)
                }
            }
        }
    }

    init(_ disk: MemoryDisk, _ script: Script, _ files: any JournalFiles) {
        self.disk = disk
        self.files = files
        self.script = script
    }

    private static func options(_ dice: inout Dice) -> RecorderOptions {
        var options = RecorderOptions.small(&dice)
        // Recordings of a row are told apart by their ids: the names of their directories.
        options.id = nil
        return options
    }

    /// A recording that rolls once, or twice at once, with records on their way.
    func live(_ dice: inout Dice) throws(JournalError) {
        let recorders = Recorders()
        disk.watch { recorders.marks }
        var options = RolledRow.options(&dice)
        options.row = RowLink(beginningWith: "a")
        var owner = try Owner(MemoryDisk.path + "/a", script, options, files: files)
        recorders.add(owner.recorder)
        try owner.start()
        for _ in 0..<dice.within(1...6) { try owner.step(&dice) }
        rollBegins = disk.calls.count
        let names = dice.once(in: 4) ? ["b", "c"] : ["b"]
        for name in names {
            let next = try Successor(
                MemoryDisk.path + "/" + name,
                options: RolledRow.options(&dice),
                checkpointBytes: 64,
                files: files
            )
            if dice.once(in: 2) { try owner.append(dice.within(1...8)) }
            recorders.sealing.add(1, ordering: .relaxed)
            let recorder = try owner.recorder.handOver(
                to: next,
                checkpoint: Array("state".utf8)
            ) { outcome in
                if case .failure(let error) = outcome { recorders.failure.withLock { $0 = error } }
                recorders.sealing.subtract(1, ordering: .releasing)
            }
            recorders.add(recorder)
            rolls += 1
            owner = Owner(recorder, script, run: rolls + 1)
            try owner.start()
            // Between appended and written, and on the way from one recording to the next.
            if dice.once(in: 2) { try owner.append(dice.within(1...8)) }
        }
        for _ in 0..<dice.within(0...5) { try owner.step(&dice) }
        if dice.once(in: 2) { try owner.recorder.seal() } else { try owner.recorder.close() }
        let isSealed = owner.wait(microseconds: 10_000_000) {
            recorders.sealing.load(ordering: .acquiring) == 0
        }
        if let failure = recorders.failure.withLock({ $0 }) { throw failure }
        guard isSealed else {
            throw JournalError(.failed("it is not sealed after ten seconds"), file: "a")
        }
    }

    /// What the next start does: recordings that were rolled are sealed, and the newest goes on.
    ///
    /// - Returns: the last number of the row.
    func goOn(behind verdict: RowJudge.Verdict, _ dice: inout Dice) throws(JournalError) -> UInt64 {
        let members = try RowFolder(MemoryDisk.path, files: files).members()
        for member in members.dropLast() where member.manifest.state == .open {
            var options = RolledRow.options(&dice)
            options.labels = member.manifest.labels.filter { !$0.key.hasPrefix("row.") }
            try Recorder.open(member.path, options: options, files: files).seal()
        }
        guard let newest = members.last, newest.manifest.state == .open else { return verdict.last }
        let recorder = try Recorder.open(
            newest.path,
            options: RolledRow.options(&dice),
            files: files
        )
        let owner = Owner(recorder, script, run: verdict.run + 1)
        try owner.start()
        let last = try owner.append(dice.within(1...20))
        try recorder.seal()
        return last.value
    }
}

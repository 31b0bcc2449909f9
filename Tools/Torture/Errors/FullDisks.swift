import Glibc
import Journal
import Market

/// A disk that becomes full at the n-th call that needs room, for every n: private data and commands are written and
/// durable all the same, until the reserve is full too; nothing is lost then either, and all goes on when there is room.
struct FullDisks {
    let settings: Settings
    var report: Report
    private var dice: Dice

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("full_disks", settings)
        dice = Dice(settings.seed, 8)
    }

    /// Where the disk becomes full, and how much the reserve takes.
    private struct Case {
        var seed: UInt64
        var number: Int
        var way: FullDisk.Way
        /// The reserve takes a few chunks only.
        var isSmall: Bool

        static let smallReserve = 76 << 10

        var words: String {
            "full at \(number) (\(way))\(isSmall ? ", a small reserve" : "") run \(seed)"
        }
    }

    mutating func run() {
        defer { Alarm.clear() }
        for round in 0..<settings.amount(short: 1, long: 8) {
            let seed = Mix.combine(settings.seed, UInt64(round))
            for way in FullDisk.Way.allCases {
                for isSmall in [false, true] {
                    // The first calls are those that make a recording.
                    let stride = settings.isShort ? 3 : 1
                    var number = 1
                    while !report.isFull {
                        defer { number += stride }
                        guard settings.isOurs(number / stride) else { continue }
                        let one = Case(seed: seed, number: number, way: way, isSmall: isSmall)
                        Alarm.set(one.words)
                        guard attempt(one) else { break }
                        report.count("cases")
                    }
                }
            }
        }
    }

    /// One life on such a disk; false when it never became full.
    private mutating func attempt(_ one: Case) -> Bool {
        var dice = Dice(one.seed)
        let disk = MemoryDisk(notes: true)
        let full = FullDisk(disk, fillsAt: one.number, one.way) { disk.noteFailedSync($0) }
        let script = Script(seed: one.seed)
        var options = RecorderOptions.small(&dice)
        // 64 KiB are kept for the chunk that comes next.
        options.reserveBytes = one.isSmall ? Case.smallReserve : 256 << 10
        options.retryInterval = 5_000_000
        var owner: Owner?
        do throws(JournalError) {
            let fresh = try Owner(MemoryDisk.path, script, options, files: full)
            owner = fresh
            disk.watch { [weak recorder = fresh.recorder] in recorder?.watermarks }
            try fresh.start()
            try fill(fresh, one, &dice)
            guard full.refusals > 0 else { return false }
            judge(disk, fresh, script, one)
            try goOn(fresh, full, disk, script, one)
        } catch {
            if owner == nil, error.isNoSpace {
                report.count("refused_at_the_start")
            } else {
                report.find("\(error)", at: one.words, image: disk.image)
            }
        }
        return true
    }

    /// Records while the disk becomes full: each is written, and in the end all are durable.
    private mutating func fill(
        _ owner: Owner,
        _ one: Case,
        _ dice: inout Dice
    ) throws(JournalError) {
        let recorder = owner.recorder
        for _ in 0..<(one.isSmall ? 60 : 14) {
            let last = try owner.append(dice.within(1...5), isPrivate: dice.once(in: 2))
            let isDurable = dice.once(in: 2)
            if isDurable { recorder.whenDurable(last) { _ in } }
            let mark = {
                (isDurable ? recorder.watermarks.durable : recorder.watermarks.written) >= last
            }
            // Looked at once: a moment later a part of what waits may have been taken, and the rest be on its way.
            var isFull = false
            owner.wait(microseconds: 10_000_000) {
                if mark() { return true }
                isFull = isReserveFull(recorder, one)
                return isFull
            }
            let isKept = mark()
            if !isKept, !isFull {
                let marks = recorder.watermarks
                let text =
                    "records \(marks.written.next) to \(marks.appended) wait, and the reserve"
                    + " holds \(recorder.statistics.reserveBytes) bytes"
                return report.find(text, at: one.words)
            }
            if !isKept { report.count("waits_for_a_full_reserve") }
        }
        recorder.whenDurable(recorder.watermarks.appended) { _ in }
        let isEnough = owner.wait(microseconds: 10_000_000) {
            recorder.watermarks.durable == recorder.watermarks.appended
                || isReserveFull(recorder, one)
        }
        if !isEnough { report.find("the last records do not become durable", at: one.words) }
    }

    /// Whether what waits does not certainly fit any more.
    private func isReserveFull(_ recorder: Recorder, _ one: Case) -> Bool {
        let statistics = recorder.statistics
        let most = Int(statistics.reserveBytes) + recorder.queuedBytes + (64 << 10) + 5000
        return one.isSmall && most > Case.smallReserve
    }

    /// What a kill and a power cut leave now.
    private mutating func judge(
        _ disk: MemoryDisk,
        _ owner: Owner,
        _ script: Script,
        _ one: Case
    ) {
        let marks = disk.marks
        let image = disk.image
        let judge = Judge(script: script)
        let written = Promise(kept: marks.written.value, given: marks.appended.value)
        let killed = judge.judge(MemoryDisk.path, MemoryDisk(image), written)
        if let finding = killed.finding {
            return report.find("after a kill: \(finding)", at: one.words, image: image)
        }
        report.count("records", Int(marks.written.value))
        if owner.recorder.statistics.reserveBytes > 0 { report.count("with_a_reserve_in_use") }
        let durable = Promise(kept: marks.durable.value, given: marks.appended.value)
        var model = PowerModel()
        for call in disk.calls { model.apply(call.kind) }
        for sample in 0..<4 {
            let left = sample == 0 ? model.state(mask: 0, isLong: false) : model.state(&dice)
            report.count("states")
            let verdict = judge.judge(MemoryDisk.path, MemoryDisk(left), durable)
            if let finding = verdict.finding {
                return report.find("after a power cut: \(finding)", at: one.words, image: left)
            }
        }
        resume(image, script, one)
    }

    /// The next run, on a disk with room, begins with all that was written.
    private mutating func resume(_ image: Image, _ script: Script, _ one: Case) {
        let disk = MemoryDisk(image)
        do throws(JournalError) {
            let options = RecorderOptions.small(&dice)
            let owner = try Owner(MemoryDisk.path, script, options, files: disk)
            try owner.start()
            let given = try owner.append(3).value
            try owner.recorder.seal()
            let promise = Promise(kept: given, given: given)
            let verdict = Judge(script: script)
                .judge(MemoryDisk.path, disk, promise, isAlwaysSound: true)
            guard let finding = verdict.finding else { return }
            report.find("after the next run: \(finding)", at: one.words, image: disk.image)
        } catch {
            report.find("the next run cannot begin: \(error)", at: one.words, image: image)
        }
    }

    /// Room comes back: everything that waited is kept, public data is taken again, and the seal proves all of it.
    private mutating func goOn(
        _ owner: Owner,
        _ full: FullDisk,
        _ disk: MemoryDisk,
        _ script: Script,
        _ one: Case
    ) throws(JournalError) {
        full.free()
        let recorder = owner.recorder
        guard owner.wait(microseconds: 10_000_000, { recorder.health == .sound }) else {
            return report.find("is still \(recorder.health)", at: one.words, image: disk.image)
        }
        let given = try owner.append(5).value
        try recorder.seal()
        let promise = Promise(kept: given, given: given)
        let verdict = Judge(script: script)
            .judge(MemoryDisk.path, disk, promise, isAlwaysSound: true)
        if let finding = verdict.finding {
            report.find("when there is room: \(finding)", at: one.words, image: disk.image)
        }
    }
}

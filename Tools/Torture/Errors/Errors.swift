import Glibc
import Journal
import Market

/// The n-th call fails, for every n and kind of call, once and for good: no *written* record is lost to a kill, no
/// *durable* one to a power cut, nobody waits for ever, and health says what happened.
struct Errors {
    let settings: Settings
    var report: Report
    /// Between the recorder and the disk; a broken recorder's habits.
    var between: @Sendable (FaultyDisk) -> any JournalFiles = { $0 }
    private var dice: Dice

    init(_ settings: Settings, name: String = "errors") {
        self.settings = settings
        report = Report(name, settings)
        dice = Dice(settings.seed, 4, UInt64(settings.part ?? 0))
    }

    /// What a call can do wrong, by name.
    static let kinds: [(name: String, code: Int32, isHalf: Bool, calls: [FaultyDisk.Call])] = [
        ("EIO", EIO, false, FaultyDisk.Call.allCases),
        ("ENOSPC", ENOSPC, false, [.write, .sync, .names, .open, .rename, .allocate]),
        ("EINTR", EINTR, false, [.write, .read, .sync]),
        ("short", 0, true, [.write, .read]),
        ("half, then EIO", EIO, true, [.write]),
        ("half, then ENOSPC", ENOSPC, true, [.write]),
    ]

    mutating func run() {
        defer { Alarm.clear() }
        for round in 0..<settings.amount(short: 1, long: 8) {
            let seed = Mix.combine(settings.seed, UInt64(round))
            for kind in Errors.kinds where settings.only == nil || settings.only == kind.name {
                for call in kind.calls {
                    for isForGood in [false, true] {
                        // An interrupt at every call is one that never ends.
                        if isForGood, kind.code == EINTR || (kind.code == 0 && call == .read) {
                            continue
                        }
                        sweep(seed, kind, call, isForGood)
                        if report.isFull { return }
                    }
                }
            }
        }
    }

    /// Every n, until the run ends before its n-th call; a share of them in the short run.
    private mutating func sweep(
        _ seed: UInt64,
        _ kind: (name: String, code: Int32, isHalf: Bool, calls: [FaultyDisk.Call]),
        _ call: FaultyDisk.Call,
        _ isForGood: Bool
    ) {
        let stride = settings.isShort ? (call == .write || call == .sync ? 5 : 2) : 1
        var number = 1 + Int(seed % UInt64(stride))
        while !report.isFull {
            defer { number += stride }
            guard settings.isOurs(number / stride) else { continue }
            let fault = FaultyDisk.Fault(
                call: call,
                number: number,
                code: kind.code,
                isForGood: isForGood,
                isHalf: kind.isHalf
            )
            let place =
                "\(kind.name) at \(call) \(number)\(isForGood ? " and after" : "") run \(seed)"
            Alarm.set(place)
            guard attempt(seed, fault, place) else { return }
            report.count("cases")
        }
    }

    /// One life on the faulty disk; false when the fault never came.
    private mutating func attempt(
        _ seed: UInt64,
        _ fault: FaultyDisk.Fault,
        _ place: String
    ) -> Bool {
        var dice = Dice(seed)
        let disk = MemoryDisk(notes: true)
        let faulty = FaultyDisk(disk, fault)
        let script = Script(seed: seed)
        var options = RecorderOptions.small(&dice)
        // Large enough for all of the run: who waits must not wait for ever.
        options.reserveBytes = 256 << 10
        options.retryInterval = min(options.retryInterval, 5_000_000)
        var health = RecorderHealth.sound
        var met: UInt64 = 0
        var wasThrown: JournalError?
        var marks = Watermarks.all(.none)
        do throws(JournalError) {
            let owner = try Owner(MemoryDisk.path, script, options, files: between(faulty))
            let recorder = owner.recorder
            disk.watch { [weak recorder] in recorder?.watermarks }
            do throws(JournalError) {
                try owner.start()
                for _ in 0..<10 {
                    // Where no file takes anything any more, records wait for as long as it lasts.
                    if fault.isForGood, SystemFailure(fault.code).isNoSpace {
                        try owner.patientStep(&dice)
                    } else {
                        try owner.step(&dice)
                    }
                }
                if seed % 2 == 0 { try recorder.seal() } else { try recorder.close() }
            } catch {
                wasThrown = error
            }
            health = recorder.health
            marks = recorder.watermarks
            met = recorder.statistics.diskErrors
        } catch {
            wasThrown = error
        }
        guard faulty.hits > 0 else { return false }
        let isInvisible = fault.call == .write || fault.call == .read
        if isInvisible, fault.code == EINTR || (fault.code == 0 && fault.isHalf) {
            if let wasThrown { report.find("is not invisible: \(wasThrown)", at: place) }
            if health != .sound { report.find("is not invisible: \(health)", at: place) }
        } else if wasThrown == nil, health == .sound, met == 0, fault.code != EINTR {
            report.find("nobody was told", at: place, image: disk.image)
        }
        if case .failed = health {
            report.count("failed")
        } else if health != .sound {
            report.count("degraded")
        }
        judge(disk, script, marks, place)
        return true
    }

    private mutating func judge(
        _ disk: MemoryDisk,
        _ script: Script,
        _ marks: Watermarks,
        _ place: String
    ) {
        let image = disk.image
        let judge = Judge(script: script)
        let written = Promise(kept: marks.written.value, given: marks.appended.value)
        let killed = judge.judge(MemoryDisk.path, MemoryDisk(image), written)
        if let finding = killed.finding {
            return report.find("after a kill: \(finding)", at: place, image: image)
        }
        let durable = Promise(kept: marks.durable.value, given: marks.appended.value)
        var model = PowerModel()
        for call in disk.calls { model.apply(call.kind) }
        for sample in 0..<4 {
            let left = sample == 0 ? model.state(mask: 0, isLong: false) : model.state(&dice)
            report.count("states")
            let verdict = judge.judge(MemoryDisk.path, MemoryDisk(left), durable)
            if let finding = verdict.finding {
                return report.find("after a power cut: \(finding)", at: place, image: left)
            }
        }
        resume(image, killed, script, place)
    }

    /// On a good disk the next run begins and keeps everything.
    private mutating func resume(
        _ image: Image,
        _ before: Judge.Verdict,
        _ script: Script,
        _ place: String
    ) {
        guard !before.isSealed else { return }
        let disk = MemoryDisk(image)
        do throws(JournalError) {
            let options = RecorderOptions.small(&dice)
            let owner = try Owner(MemoryDisk.path, script, options, files: disk)
            try owner.start()
            let given = try owner.append(3).value
            try owner.recorder.seal()
            let verdict = Judge(script: script).judge(
                MemoryDisk.path,
                disk,
                Promise(kept: given, given: given),
                isAlwaysSound: true
            )
            guard let finding = verdict.finding else { return }
            report.find("after the next run: \(finding)", at: place, image: disk.image)
        } catch {
            report.find("the next run cannot begin: \(error)", at: place, image: image)
        }
    }
}

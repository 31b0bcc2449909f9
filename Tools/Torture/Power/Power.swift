import Journal
import Market

/// Power loss by simulation: a recorder runs on a disk in memory, and each state that the disk may have kept at
/// any call is read, and now and then recorded on.
struct Power {
    let settings: Settings
    var report: Report
    /// How the recorder sees the disk; a broken one is between the two.
    var between: @Sendable (MemoryDisk) -> any JournalFiles = { $0 }
    /// What a broken recorder does.
    var change: (inout RecorderOptions) -> Void = { _ in }
    /// States at least.
    var wanted: Int
    /// States of one cut: all of them up to this many open sectors and names, then so many by chance.
    var exhaustive: Int
    var samples: Int
    /// One state in so many is recorded on.
    var resumed: Int
    /// One cut in so many is looked at.
    var stride = 1
    /// Some disks become full for a time.
    var outages = true
    private var states = 0

    init(_ settings: Settings, name: String = "power") {
        self.settings = settings
        report = Report(name, settings)
        wanted = settings.share(of: settings.amount(short: 12_000, long: 1_000_000))
        exhaustive = settings.isShort ? 4 : 7
        samples = settings.isShort ? 8 : 48
        resumed = settings.isShort ? 24 : 64
    }

    mutating func run() {
        var round = UInt64(settings.part ?? 0)
        while states < wanted, !report.isFull {
            defer { round += 1 }
            guard settings.isOurs(Int(round)) else { continue }
            var dice = Dice(settings.seed, 1, round)
            let script = Script(seed: Mix.combine(settings.seed, round))
            var base = Base(image: Image(), last: 0, place: "round \(round)")
            // A life, a cut, the next life on what was left, and so on.
            for life in 1...3 {
                guard let next = live(base, life, script, &dice), !report.isFull else { break }
                base = next
            }
            report.count("rounds")
        }
    }

    /// What a life begins with.
    struct Base {
        var image: Image
        /// The last record that it holds.
        var last: UInt64
        var place: String
    }

    /// One life of a recorder and every cut of it; the state that the next one begins with.
    private mutating func live(
        _ base: Base,
        _ life: Int,
        _ script: Script,
        _ dice: inout Dice
    ) -> Base? {
        let start = Watermarks.all(SequenceNumber(base.last))
        let disk = MemoryDisk(base.image, notes: true, marks: start)
        let place = "\(base.place) life \(life)"
        do throws(JournalError) {
            if outages, dice.once(in: 3) {
                try recordFull(disk, script, &dice)
                report.count("lives_on_a_full_disk")
            } else {
                try record(disk, script, &dice)
            }
            report.count("lives")
        } catch {
            report.find("a recorder stops on a good disk: \(error)", at: place, image: base.image)
            return nil
        }
        var model = PowerModel(base.image)
        var seen: Set<UInt64> = []
        let calls = disk.calls
        var next: Base?
        let chosen = dice.below(calls.count)
        for cut in 0...calls.count {
            let marks = cut < calls.count ? calls[cut].marks : disk.marks
            defer { if cut < calls.count { model.apply(calls[cut].kind) } }
            guard cut % stride == Int(base.last) % stride || cut == calls.count else { continue }
            var last: (image: Image, verdict: Judge.Verdict)?
            look(at: model, marks, "\(place) cut \(cut)", script, &seen, &dice) { last = ($0, $1) }
            if report.isFull { return nil }
            if cut >= chosen, next == nil, let last, !last.verdict.isSealed {
                next = Base(
                    image: last.image,
                    last: last.verdict.last,
                    place: "\(place) cut \(cut)"
                )
            }
            report.count("cuts")
        }
        return next
    }

    private func record(
        _ disk: MemoryDisk,
        _ script: Script,
        _ dice: inout Dice
    ) throws(JournalError) {
        var options = RecorderOptions.small(&dice)
        change(&options)
        let owner = try Owner(MemoryDisk.path, script, options, files: between(disk))
        disk.watch { [weak recorder = owner.recorder] in recorder?.watermarks }
        try owner.start()
        for _ in 0..<dice.within(3...16) { try owner.step(&dice) }
        switch dice.below(4) {
        case 0: try owner.recorder.seal()
        case 1: try owner.recorder.roll(checkpoint: Array("checkpoint".utf8))
        default: break
        }
        try owner.recorder.close()
    }

    /// On a disk that becomes full, and mostly has room again later: the reserve is written, synced and emptied.
    private func recordFull(
        _ disk: MemoryDisk,
        _ script: Script,
        _ dice: inout Dice
    ) throws(JournalError) {
        var options = RecorderOptions.small(&dice)
        options.retryInterval = min(options.retryInterval, 5_000_000)
        // The first calls are those that make a recording, without which there is none.
        let full = FullDisk(disk, fillsAt: dice.within(9...30), .blocks)
        let owner: Owner
        do throws(JournalError) {
            owner = try Owner(MemoryDisk.path, script, options, files: full)
        } catch {
            guard full.refusals == 0 else { return }
            throw error
        }
        disk.watch { [weak recorder = owner.recorder] in recorder?.watermarks }
        try owner.start()
        let steps = dice.within(4...16)
        let freed = dice.once(in: 4) ? steps : dice.below(steps)
        for step in 0..<steps {
            if step == freed { full.free() }
            try owner.patientStep(&dice)
        }
        do throws(JournalError) {
            if dice.once(in: 3) { try owner.recorder.seal() } else { try owner.recorder.close() }
        } catch {
            guard !error.isNoSpace else { return }
            // On a disk that never has room again a recorder ends so, but only with a reserve that is full.
            let statistics = owner.recorder.statistics
            let most = Int(statistics.reserveBytes) + owner.recorder.queuedBytes + (64 << 10) + 5000
            guard case .failed = error.reason, freed == steps, most > options.reserveBytes else {
                throw error
            }
        }
    }

    /// All that the disk may have kept at one cut, and what a kill would leave.
    private mutating func look(
        at model: PowerModel,
        _ marks: Watermarks,
        _ place: String,
        _ script: Script,
        _ seen: inout Set<UInt64>,
        _ dice: inout Dice,
        _ body: (Image, Judge.Verdict) -> Void
    ) {
        let durable = Promise(kept: marks.durable.value, given: marks.appended.value)
        let written = Promise(kept: marks.written.value, given: marks.appended.value)
        judge(model.whole, written, place + " as a kill leaves it", script, &seen, &dice, body)
        if model.open <= exhaustive {
            for mask in 0..<(UInt64(1) << UInt64(model.open)) {
                for isLong in [false, true] {
                    let image = model.state(mask: mask, isLong: isLong)
                    judge(image, durable, "\(place) mask \(mask)", script, &seen, &dice, body)
                }
            }
        }
        guard model.open > 1 else { return }
        for sample in 0..<samples {
            let image = model.state(&dice)
            judge(image, durable, "\(place) sample \(sample)", script, &seen, &dice, body)
            if report.isFull { return }
        }
    }

    private mutating func judge(
        _ image: Image,
        _ promise: Promise,
        _ place: String,
        _ script: Script,
        _ seen: inout Set<UInt64>,
        _ dice: inout Dice,
        _ body: (Image, Judge.Verdict) -> Void
    ) {
        let key = Mix.combine(Mix.combine(image.fingerprint, promise.kept), promise.given)
        guard seen.insert(key).inserted, !report.isFull else { return }
        states += 1
        report.count("states")
        let disk = MemoryDisk(image)
        let verdict = Judge(script: script).judge(MemoryDisk.path, between(disk), promise)
        if verdict.isCut { report.count("torn") }
        if let finding = verdict.finding {
            return report.find(finding, at: place, image: image)
        }
        body(image, verdict)
        if dice.once(in: resumed) { resume(image, verdict, place, script, &dice) }
    }

    /// The next run on such a state: it begins, keeps everything, and its seal proves itself.
    private mutating func resume(
        _ image: Image,
        _ before: Judge.Verdict,
        _ place: String,
        _ script: Script,
        _ dice: inout Dice
    ) {
        report.count("resumed")
        let disk = MemoryDisk(image)
        var given: UInt64 = 0
        do throws(JournalError) {
            var options = RecorderOptions.small(&dice)
            change(&options)
            let owner = try Owner(MemoryDisk.path, script, options, files: between(disk))
            try owner.start()
            given = try owner.append(dice.within(1...20)).value
            try owner.recorder.seal()
        } catch {
            if before.isSealed, error.reason == .sealed { return }
            return report.find("the next run cannot begin: \(error)", at: place, image: image)
        }
        if before.isSealed {
            return report.find("a sealed recording was recorded on", at: place, image: image)
        }
        let promise = Promise(kept: given, given: given)
        let after = Judge(script: script)
            .judge(MemoryDisk.path, disk, promise, isAlwaysSound: true)
        var finding = after.finding
        if finding == nil, after.starts.last != before.last + 1 {
            finding = "the next run begins at \(after.starts.last ?? 0), not behind \(before.last)"
        }
        if let finding {
            report.find("after the next run: \(finding)", at: place, image: disk.image)
        }
    }
}

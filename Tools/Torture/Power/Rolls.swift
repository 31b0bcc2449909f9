import Journal
import Market

/// Power loss while a row rolls: two recordings on one disk in memory.
///
/// The names of their directories are among what may be lost. Each state that the disk may have kept is read as a row, and now and then recorded on as the next start does.
struct Rolls {
    let settings: Settings
    var report: Report
    /// As in ``Power``.
    var between: @Sendable (MemoryDisk) -> any JournalFiles = { $0 }
    /// States at least.
    private let wanted: Int
    private let exhaustive: Int
    private let samples: Int
    private let resumed: Int
    private var states = 0

    init(_ settings: Settings, name: String = "rolls") {
        self.settings = settings
        report = Report(name, settings)
        wanted = settings.share(of: settings.amount(short: 3_000, long: 200_000))
        exhaustive = settings.isShort ? 4 : 6
        samples = settings.isShort ? 6 : 32
        resumed = settings.isShort ? 12 : 32
    }

    mutating func run() {
        var round = UInt64(settings.part ?? 0)
        while states < wanted, !report.isFull {
            defer { round += 1 }
            guard settings.isOurs(Int(round)) else { continue }
            var dice = Dice(settings.seed, 2, round)
            roll(Script(seed: Mix.combine(settings.seed, round)), "round \(round)", &dice)
            report.count("rounds")
        }
    }

    /// One roll, and every cut from its preparation on.
    private mutating func roll(_ script: Script, _ place: String, _ dice: inout Dice) {
        let disk = MemoryDisk(notes: true)
        let row = RolledRow(disk, script, between(disk))
        do throws(JournalError) {
            try row.live(&dice)
            report.count("rolls", row.rolls)
        } catch {
            return report.find("a row does not roll on a good disk: \(error)", at: place)
        }
        var model = PowerModel()
        var seen: Set<UInt64> = []
        let calls = disk.calls
        for cut in 0...calls.count {
            let marks = cut < calls.count ? calls[cut].marks : disk.marks
            defer { if cut < calls.count { model.apply(calls[cut].kind) } }
            // What is before the roll is looked at by `power`.
            guard cut >= row.rollBegins else { continue }
            look(at: model, marks, "\(place) cut \(cut)", script, &seen, &dice)
            if report.isFull { return }
            report.count("cuts")
        }
    }

    private mutating func look(
        at model: PowerModel,
        _ marks: Watermarks,
        _ place: String,
        _ script: Script,
        _ seen: inout Set<UInt64>,
        _ dice: inout Dice
    ) {
        let durable = Promise(kept: marks.durable.value, given: marks.appended.value)
        let written = Promise(kept: marks.written.value, given: marks.appended.value)
        judge(model.whole, written, place + " as a kill leaves it", script, &seen, &dice)
        if model.open <= exhaustive {
            for mask in 0..<(UInt64(1) << UInt64(model.open)) {
                for isLong in [false, true] {
                    let image = model.state(mask: mask, isLong: isLong)
                    judge(image, durable, "\(place) mask \(mask)", script, &seen, &dice)
                }
            }
        }
        guard model.open > 1 else { return }
        for sample in 0..<samples {
            let image = model.state(&dice)
            judge(image, durable, "\(place) sample \(sample)", script, &seen, &dice)
            if report.isFull { return }
        }
    }

    private mutating func judge(
        _ image: Image,
        _ promise: Promise,
        _ place: String,
        _ script: Script,
        _ seen: inout Set<UInt64>,
        _ dice: inout Dice
    ) {
        let key = Mix.combine(Mix.combine(image.fingerprint, promise.kept), promise.given)
        guard seen.insert(key).inserted, !report.isFull else { return }
        states += 1
        report.count("states")
        let disk = MemoryDisk(image)
        let verdict = RowJudge(script: script).judge(disk, promise)
        if verdict.recordings > 1 { report.count("states_of_two_recordings") }
        if let finding = verdict.finding {
            return report.find(finding, at: place, image: image)
        }
        guard dice.once(in: resumed), verdict.recordings > 0 else { return }
        report.count("resumed")
        let finding: String?
        do throws(JournalError) {
            let given = try RolledRow(disk, script, disk).goOn(behind: verdict, &dice)
            let promise = Promise(kept: given, given: max(given, verdict.last))
            finding = RowJudge(script: script).judge(disk, promise, isAlwaysSound: true).finding
        } catch {
            finding = "the next start fails: \(error)"
        }
        if let finding {
            report.find("after the next start: \(finding)", at: place, image: disk.image)
        }
    }
}

import Glibc
import Journal
import Market

/// `kill -9` of a recorder's process: at random moments, at each call, and while it recovers.
///
/// The witness is what the process said through its pipe before.
struct Kill {
    let settings: Settings
    var report: Report
    private var dice: Dice
    private let directory: String

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("kill", settings)
        dice = Dice(settings.seed, 2, UInt64(settings.part ?? 0))
        directory = (settings.directory ?? "/tmp") + "/torture-kill-\(getpid())"
    }

    mutating func run() {
        let files = SystemFiles()
        try? files.makeDirectory(directory)
        defer { Kill.remove(directory) }
        eachCall()
        random(settings.share(of: settings.amount(short: 200, long: 10_000)))
    }

    // MARK: Random moments

    private mutating func random(_ cycles: Int) {
        var place = Place()
        for cycle in 0..<cycles where !report.isFull {
            // A fresh recording now and then, so that reading all of it stays cheap.
            if cycle % 12 == 0 || place.isOver {
                Kill.remove(place.path)
                place = Place(path: "\(directory)/r\(cycle)", seed: dice.next() >> 1)
            }
            let isEarly = dice.once(in: 4)
            let delay = isEarly ? dice.below(3000) : dice.below(25_000)
            report.count("cycles")
            if isEarly, place.last > 0 { report.count("while_recovering") }
            let fills = dice.once(in: 4) ? dice.within(8...40) : 0
            if fills > 0 { report.count("on_a_full_disk") }
            let life = Life(steps: 1_000_000, fills: fills, delay: delay)
            live(&place, life)
        }
        Kill.remove(place.path)
    }

    // MARK: Each call

    /// A kill at call n, for every n, of a first life, of one that recovers, and of one that seals.
    private mutating func eachCall() {
        let rounds = settings.isShort ? 2 : 12
        for round in 0..<rounds {
            let seed = Dice.draw(settings.seed, 2, UInt64(round)) >> 1
            for moment in KillingFiles.Moment.allCases {
                // What is killed before it did anything, and after, is the same as the kill before the next.
                if moment == .after, settings.isShort { continue }
                var fatal = 1
                var isOver = false
                while !isOver, !report.isFull {
                    defer { fatal += settings.isShort ? 9 : 1 }
                    guard settings.isOurs(fatal) else { continue }
                    isOver = each(fatal, moment, round, seed)
                }
            }
        }
    }

    /// True when the recorder ended before its n-th call.
    private mutating func each(
        _ fatal: Int,
        _ moment: KillingFiles.Moment,
        _ round: Int,
        _ seed: UInt64
    ) -> Bool {
        var place = Place(path: "\(directory)/c\(round)-\(fatal)", seed: seed)
        defer { Kill.remove(place.path) }
        // The life that is killed is the first, or goes on after a kill in its first steps.
        if fatal % 2 == 0 || round % 2 == 1 {
            live(&place, Life(fatal: 12 + fatal % 9, moment: .half, steps: 6))
        }
        let fills = round % 4 == 3 ? 8 + round : 0
        report.count(fills > 0 ? "calls_on_a_full_disk" : "calls")
        let life = Life(
            fatal: fatal,
            moment: moment,
            steps: 8,
            seals: round % 3 != 1,
            fills: fills
        )
        if live(&place, life) { return true }
        // Once more: what the kill left is recorded on.
        if fatal % 3 == 0, !place.isOver { live(&place, Life(steps: 2, seals: true)) }
        return false
    }

    /// A recording and what is known of it.
    private struct Place {
        var path = ""
        var seed: UInt64 = 0
        var last: UInt64 = 0
        var isOver = true

        init() {}

        init(path: String, seed: UInt64) {
            self.path = path
            self.seed = seed
            isOver = false
        }
    }

    /// How a child lives and ends.
    private struct Life {
        /// The call at which it kills itself; 0 for none.
        var fatal = 0
        var moment = KillingFiles.Moment.before
        var steps: Int
        var seals = false
        /// The call that finds the disk full; 0 for none.
        var fills = 0
        /// Microseconds after which it is killed.
        var delay: Int?
    }

    /// One life and its end; true when the child came to its own end.
    @discardableResult
    private mutating func live(_ place: inout Place, _ life: Life) -> Bool {
        let plan = Child.Plan(
            path: place.path,
            seed: place.seed,
            steps: life.steps,
            fatal: life.fatal,
            moment: life.moment,
            seals: life.seals,
            fills: life.fills
        )
        guard var victim = Victim(plan) else {
            report.find("a process cannot be started", at: place.path)
            return true
        }
        if let delay = life.delay, victim.listenUntilOpening() {
            victim.listen(microseconds: delay)
        }
        let status = victim.end(kills: life.delay != nil)
        let name =
            "seed \(place.seed) call \(life.fatal) \(life.moment.rawValue) full at \(life.fills)"
            + " after \(life.delay ?? 0) µs"
        if victim.hasStopped || (status != 0 && status & 0x7f != SIGKILL) {
            report.find(
                "the recorder ended by itself (\(status))",
                at: name,
                image: Image(directory: place.path)
            )
            place.isOver = true
            return true
        }
        let promise = Promise(
            kept: max(place.last, victim.written),
            given: max(place.last, victim.given)
        )
        let verdict = Judge(script: Script(seed: place.seed))
            .judge(place.path, SystemFiles(), promise)
        if let finding = verdict.finding {
            report.find(finding, at: name, image: Image(directory: place.path))
            place.isOver = true
        }
        report.count("records", Int(verdict.last - min(verdict.last, place.last)))
        place.last = verdict.last
        if verdict.isSealed { place.isOver = true }
        return victim.hasEnded
    }

    static func remove(_ path: String) {
        guard !path.isEmpty else { return }
        let files = SystemFiles()
        guard let directory = try? files.openDirectory(path) else { return }
        for name in (try? files.list(directory)) ?? []
        where (try? files.unlink(name, in: directory)) == nil {
            remove(path + "/" + name)
        }
        files.close(directory)
        rmdir(path)
    }
}

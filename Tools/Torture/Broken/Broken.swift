import Journal
import Market

/// Eleven recorders that are broken on purpose, each with one fault: the harness must catch all of them.
struct Broken {
    let settings: Settings
    var report: Report

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("broken", settings)
    }

    private enum Trial {
        case rolls(@Sendable (MemoryDisk) -> any JournalFiles)
        case power(@Sendable (MemoryDisk) -> any JournalFiles)
        case errors(@Sendable (FaultyDisk) -> any JournalFiles)
        case shedding
    }

    private static let trials: [(name: String, trial: Trial)] = [
        ("skips fsync", .power { SkipsSync($0) }),
        ("skips the directory's fsync", .power { SkipsDirectorySync($0) }),
        ("acknowledges early", .power { AcknowledgesEarly($0) }),
        ("retries fsync", .errors { RetriesSync($0) }),
        ("appends to a torn tail", .power { AppendsToTornTail($0) }),
        ("ignores a short write", .errors { IgnoresShortWrite($0) }),
        ("reuses a tail before its segment is durable", .power { ReusesTailEarly($0) }),
        ("lets HEAD lead", .power { LetsHeadLead($0) }),
        ("accepts a stale tail entry", .power { AcceptsStaleTail($0) }),
        ("drops the gap record", .shedding),
        ("skips the sync of the row's folder at a roll", .rolls { ForgetsRow($0) }),
    ]

    mutating func run() {
        let ours = Broken.trials.enumerated().filter { settings.isOurs($0.offset) }.map(\.element)
        for (place, (name, trial)) in ours.enumerated()
        where settings.only == nil || settings.only == name {
            report.count("broken")
            guard let finding = attempt(trial, of: ours.count - place) else {
                report.find("not caught", at: name)
                continue
            }
            report.count("caught")
            report.say(name, caught: finding.what, at: finding.place)
        }
    }

    /// - Parameter left: trials that share the time that is left.
    private func attempt(_ trial: Trial, of left: Int) -> Report.Finding? {
        var settings = settings
        settings.count = nil
        settings.only = nil
        settings.part = nil
        if settings.deadline != .max {
            let now = SystemFiles().now()
            settings.deadline = now + (settings.deadline - now) / Int64(left)
        }
        switch trial {
        case .power(let between):
            settings.count = settings.isShort ? 40_000 : 400_000
            var power = Power(settings, name: "broken")
            power.between = between
            power.outages = false
            power.resumed = 12
            // Many lives rather than many states of one: some faults show only in the next life.
            power.samples = 3
            power.exhaustive = 1
            power.stride = 5
            power.report.most = 1
            power.report.isQuiet = true
            power.run()
            return power.report.findings.first
        case .rolls(let between):
            var rolls = Rolls(settings, name: "broken")
            rolls.between = between
            rolls.report.most = 1
            rolls.report.isQuiet = true
            rolls.run()
            return rolls.report.findings.first
        case .errors(let between):
            // Every n: one of them shows it.
            settings.isShort = false
            settings.count = 1
            var errors = Errors(settings, name: "broken")
            errors.between = between
            errors.report.most = 1
            errors.report.isQuiet = true
            errors.run()
            return errors.report.findings.first
        case .shedding:
            var shedding = Shedding(settings, name: "broken", drops: true)
            shedding.report.most = 1
            shedding.report.isQuiet = true
            shedding.run()
            return shedding.report.findings.first
        }
    }
}

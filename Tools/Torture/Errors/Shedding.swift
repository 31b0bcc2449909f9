import Glibc
import Journal
import Market

/// A queue that is too small: what is not recorded is counted in a `link/shed` record, and what was recorded and
/// what was counted add up to what came.
struct Shedding {
    let settings: Settings
    var report: Report
    /// A broken owner, which keeps quiet about what it shed.
    let drops: Bool

    init(_ settings: Settings, name: String = "shedding", drops: Bool = false) {
        self.settings = settings
        self.drops = drops
        report = Report(name, settings)
    }

    mutating func run() {
        for round in 0..<settings.amount(short: 4, long: 200)
        where settings.isOurs(round) && !report.isFull {
            do throws(JournalError) {
                try run(round)
            } catch {
                report.find("\(error)", at: "round \(round)")
            }
        }
    }

    private mutating func run(_ round: Int) throws(JournalError) {
        var dice = Dice(settings.seed, 5, UInt64(round))
        let disk = MemoryDisk()
        var options = RecorderOptions.small(&dice)
        options.queueBytes = 2000
        let recorder = try Recorder.open(MemoryDisk.path, options: options, files: disk)
        try recorder.start(time: .zero, payload: Array("{}".utf8))
        let feed = try recorder.stream(named: Script.streams[0])
        let shed = try recorder.stream(named: "link/shed")
        try recorder.waitUntilWritten(recorder.watermarks.appended)
        var came = 0
        var missed = 0
        func name() throws(JournalError) {
            guard missed > 0, recorder.hasRoom(for: 8, on: shed) else { return }
            if !drops {
                try recorder.append(shed, time: .zero, payload: Array(String(missed).utf8))
            }
            missed = 0
        }
        for _ in 0..<2000 {
            came += 1
            let payload = [UInt8](repeating: 0x61, count: dice.below(120))
            try name()
            if missed == 0, recorder.hasRoom(for: payload.count, on: feed) {
                try recorder.append(feed, time: .zero, payload: payload)
            } else {
                missed += 1
            }
            if dice.once(in: 200) { try recorder.waitUntilWritten(recorder.watermarks.appended) }
        }
        try recorder.waitUntilWritten(recorder.watermarks.appended)
        // Room comes back a moment after the records are written.
        while missed > 0 {
            try name()
            usleep(100)
        }
        try recorder.seal()
        var recorded = 0
        var named = 0
        let cursor = try Recording.open(MemoryDisk.path, files: disk).cursor()
        while let record = try cursor.next() {
            if record.stream == feed { recorded += 1 }
            if record.stream == shed {
                named += Int(String(decoding: record.payload, as: UTF8.self)) ?? 0
            }
        }
        report.count("records", recorded)
        report.count("shed", named)
        guard recorded + named == came else {
            let words = "\(came) came, \(recorded) were recorded and \(named) named as shed"
            return report.find(words, at: "round \(round)", image: disk.image)
        }
    }
}

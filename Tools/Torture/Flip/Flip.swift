import Journal
import Market

/// Every byte of every file with every other value, and every file cut at every length.
///
/// Nothing may be given out that was not recorded, and nothing may be missing without a word.
struct Flip {
    let settings: Settings
    var report: Report
    private var dice: Dice
    /// By kind: how many changes, and how many records they cost.
    private var mostLost = 0

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("flip", settings)
        dice = Dice(settings.seed, 3)
    }

    mutating func run() {
        for kind in ["sealed", "open"] where settings.only == nil || settings.only == kind {
            do throws(JournalError) {
                let witness = try Witness(Flip.recording(isSealed: kind == "sealed", settings.seed))
                report.count("bytes", witness.image.files.values.reduce(0) { $0 + $1.count })
                for name in witness.image.files.keys.sorted() where !report.isFull {
                    flip(witness, kind, name)
                    cut(witness, kind, name)
                }
            } catch {
                report.find("a recording that nothing was done to: \(error)", at: kind)
            }
        }
        report.count("most_records_lost", mostLost)
    }

    /// Two segments at least, chunks of a few records, records that only the tails hold, both slots of HEAD.
    static func recording(isSealed: Bool, _ seed: UInt64) throws(JournalError) -> Image {
        let disk = MemoryDisk()
        var options = RecorderOptions()
        options.id = "torture"
        options.chunkBytes = 500
        options.segmentBytes = 2200
        options.tailBytes = 1024
        options.syncInterval = 60_000_000_000
        options.headInterval = 0
        let owner = try Owner(MemoryDisk.path, Script(seed: seed), options, files: disk)
        try owner.start()
        for _ in 0..<12 { try owner.recorder.waitUntilWritten(try owner.append(1)) }
        try owner.recorder.waitUntilDurable(try owner.append(1))
        if isSealed { try owner.recorder.seal() } else { try owner.recorder.close() }
        return disk.image
    }

    // MARK: Bytes

    private mutating func flip(_ witness: Witness, _ kind: String, _ name: String) {
        guard let bytes = witness.image.files[name] else { return }
        // In the short run one value for every byte of a share of them; in the long one all 255.
        let stride = settings.isShort ? 7 : 1
        let values = settings.amount(short: 1, long: 255)
        var offset = settings.isShort ? dice.below(stride) : 0
        while offset < bytes.count {
            var image = witness.image
            let first = dice.below(255)
            for value in 0..<values {
                let mask = UInt8((first + value) % 255 + 1)
                image.files[name]?[offset] = bytes[offset] ^ mask
                let place = "\(kind) \(name) byte \(offset) xor \(mask)"
                report.count("flips")
                judge(witness, image, place)
                if report.isFull { return }
            }
            offset += stride
        }
    }

    private mutating func cut(_ witness: Witness, _ kind: String, _ name: String) {
        guard let bytes = witness.image.files[name] else { return }
        var length = settings.isShort ? dice.below(11) : 0
        while length < bytes.count {
            var image = witness.image
            image.files[name] = Array(bytes[..<length])
            report.count("truncations")
            judge(witness, image, "\(kind) \(name) cut at \(length)")
            if report.isFull { return }
            length += settings.isShort ? 11 : 1
        }
        // The first segment may have been pruned: nothing else says that it was there.
        guard name != "000000000001.mcap" else { return }
        var image = witness.image
        image.files[name] = nil
        report.count("truncations")
        judge(witness, image, "\(kind) \(name) missing")
    }

    private mutating func judge(_ witness: Witness, _ image: Image, _ place: String) {
        let outcome = witness.look(at: image)
        if let wrong = outcome.wrong { return report.find(wrong, at: place, image: image) }
        let lost = witness.records.count - outcome.served
        if outcome.isRefused { report.count("refused") } else { mostLost = max(mostLost, lost) }
        switch (lost > 0, outcome.state) {
        case (false, .sound): report.count("harmless")
        case (false, _): report.count("detected")
        case (true, .damaged):
            report.count("detected")
            named(outcome, place, image)
        case (true, nil) where outcome.isReported: report.count("detected")
        case (true, let state):
            // All of it was durable: the end is no torn tail.
            report.find(
                "records \(outcome.firstMissing ?? 0) to \(outcome.lastMissing ?? 0) are missing"
                    + " and verify says \(state.map(\.rawValue) ?? "nothing")",
                at: place,
                image: image
            )
        }
    }

    /// Some finding says where or which, and the hole is not larger than what it says.
    private mutating func named(_ outcome: Witness.Outcome, _ place: String, _ image: Image) {
        guard !outcome.isRefused else { return }
        let isNamed = outcome.words.contains { $0.offset != nil || $0.sequence != nil }
        if !isNamed { report.find("the bad range is not named", at: place, image: image) }
    }
}

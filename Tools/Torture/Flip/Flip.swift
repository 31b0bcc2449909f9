import Glibc
import Journal
import Market

/// Every byte of every file with every other value, and every file cut at every length.
///
/// Nothing may be given out that was not recorded, nothing may be missing without a word, and no more may be
/// missing than what the changed byte stands in.
struct Flip {
    let settings: Settings
    var report: Report
    private var dice: Dice
    /// Counts the places of all files, for those who share them.
    private var place = 0

    /// What a recording can be when it is changed.
    enum Kind: String, CaseIterable {
        case sealed
        /// Killed: its last records are in the tails.
        case open
        /// Killed while its disk was full: its last chunks are in the reserve.
        case full
    }

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("flip", settings)
        dice = Dice(settings.seed, 3)
    }

    /// A recording that bytes are changed of.
    private struct Target {
        var kind: Kind
        var witness: Witness
        var extents: Extents
    }

    mutating func run() {
        var targets: [Target] = []
        for kind in Kind.allCases where settings.only == nil || settings.only == kind.rawValue {
            do throws(JournalError) {
                let witness = try Witness(try Flip.recording(kind, settings.seed))
                let extents = try Extents(witness)
                targets.append(Target(kind: kind, witness: witness, extents: extents))
            } catch {
                report.find("a recording that nothing was done to: \(error)", at: kind.rawValue)
            }
        }
        for target in targets {
            let sizes = target.witness.image.files.values.map(\.count)
            report.count("bytes", settings.part ?? 0 == 0 ? sizes.reduce(0, +) : 0)
            forEachFile(of: target) { $0.cut(target, $1) }
        }
        // One value for every byte, then the next: whoever ends it early has tried all bytes.
        for value in 0..<settings.amount(short: 1, long: 255) where !report.isFull {
            place = 0
            for target in targets { forEachFile(of: target) { $0.flip(target, $1, value) } }
            if !report.isFull { report.count("most_values", value + 1) }
        }
    }

    private mutating func forEachFile(of target: Target, _ body: (inout Flip, String) -> Void) {
        for name in target.witness.image.files.keys.sorted() where !report.isFull {
            body(&self, name)
        }
    }

    /// Two segments at least, chunks of a few records, records that only the tails hold, both slots of HEAD.
    static func recording(_ kind: Kind, _ seed: UInt64) throws(JournalError) -> Image {
        let disk = MemoryDisk()
        var options = RecorderOptions()
        options.id = "torture"
        options.chunkBytes = 500
        options.tailBytes = 1024
        options.syncInterval = 60_000_000_000
        options.headInterval = 0
        // The least that takes what is private: it is kept for the largest chunk that may come.
        options.reserveBytes = kind == .full ? 68 << 10 : 1024
        options.retryInterval = 60_000_000_000
        options.rollsItself = false
        options.labels = [Label("program", "torture")]
        let full = FullDisk(disk, fillsAt: 1, .blocks)
        full.free()
        let owner = try Owner(MemoryDisk.path, Script(seed: seed), options, files: full)
        try owner.start([0, 2])
        for step in 0..<12 {
            try owner.recorder.waitUntilWritten(try owner.append(1))
            // By count rather than by size, so that each process that shares the work has the same recording.
            if step == 6 {
                try owner.recorder.roll(checkpoint: Array("{\"state\":\"of the owner\"}".utf8))
            }
        }
        try owner.recorder.waitUntilDurable(try owner.append(1))
        switch kind {
        case .sealed: try owner.recorder.seal()
        case .open: try owner.recorder.close()
        case .full:
            full.fill()
            for _ in 0..<12 {
                try owner.recorder.waitUntilDurable(try owner.append(1, isPrivate: true))
            }
            // HEAD follows a moment after.
            let last = owner.recorder.watermarks.durable.value
            guard owner.wait(microseconds: 1_000_000, { disk.image.durable == last }) else {
                throw JournalError(.failed("HEAD does not follow"), file: MemoryDisk.path)
            }
            var image = disk.image
            try? owner.recorder.close()
            // Of the zeros behind its entries, of which a reader looks at 24, a few are enough.
            let reserve = image.files["reserve"] ?? []
            let used = (reserve.lastIndex { $0 != 0 } ?? 0) + 1
            image.files["reserve"] = Array(reserve.prefix(used + 128))
            return image
        }
        return disk.image
    }

    // MARK: Bytes

    private mutating func flip(_ target: Target, _ name: String, _ value: Int) {
        guard let bytes = target.witness.image.files[name] else { return }
        // In the short run a share of the bytes.
        let stride = settings.isShort ? 23 : 1
        var offset = settings.isShort ? dice.below(stride) : 0
        var image = target.witness.image
        while offset < bytes.count {
            defer { offset += stride }
            place += 1
            guard settings.isOurs(place) else { continue }
            let first = Dice.draw(settings.seed, UInt64(place)) % 255
            let mask = UInt8((Int(first) + value) % 255 + 1)
            image.files[name]?[offset] = bytes[offset] ^ mask
            report.count("flips")
            let change = Change(name: name, offset: offset, isCut: false)
            judge(target, image, change) { "\(target.kind) \(change.words) xor \(mask)" }
            if report.isFull { return }
            image.files[name]?[offset] = bytes[offset]
        }
    }

    private mutating func cut(_ target: Target, _ name: String) {
        guard let bytes = target.witness.image.files[name] else { return }
        let stride = settings.isShort ? 29 : 1
        var length = settings.isShort ? dice.below(stride) : 0
        var image = target.witness.image
        while length < bytes.count {
            defer { length += stride }
            place += 1
            guard settings.isOurs(place) else { continue }
            image.files[name] = Array(bytes[..<length])
            report.count("truncations")
            let change = Change(name: name, offset: length, isCut: true)
            judge(target, image, change) { "\(target.kind) \(change.words)" }
            if report.isFull { return }
        }
        // The first segment may have been pruned: nothing else says that it was there.
        place += 1
        guard name != "000000000001.mcap", settings.isOurs(place) else { return }
        image.files[name] = nil
        report.count("truncations")
        let change = Change(name: name, offset: 0, isCut: true)
        judge(target, image, change) { "\(target.kind) \(name) missing" }
    }

    /// What was done.
    struct Change {
        var name: String
        var offset: Int
        /// Everything from `offset` on is gone.
        var isCut: Bool

        var words: String { isCut ? "\(name) cut at \(offset)" : "\(name) byte \(offset)" }
    }

    private mutating func judge(
        _ target: Target,
        _ image: Image,
        _ change: Change,
        _ words: () -> String
    ) {
        let outcome = target.witness.look(at: image)
        if let wrong = outcome.wrong { return report.find(wrong, at: words(), image: image) }
        report.count(outcome.isRefused ? "refused" : "served")
        if outcome.hasLostCheckpoint, outcome.state == .sound || outcome.state == .cut {
            let state = outcome.state.map(\.rawValue) ?? ""
            let text = "a checkpoint does not read and verify says \(state)"
            return report.find(text, at: words(), image: image)
        }
        guard let first = outcome.firstMissing, let last = outcome.lastMissing else {
            return report.count(outcome.state == .sound ? "harmless" : "detected")
        }
        report.count("most_records_lost", outcome.missing)
        let isReported = outcome.state == .damaged || (outcome.state == nil && outcome.isReported)
        guard isReported else {
            // All of it was durable: the end is no torn tail.
            let state = outcome.state.map(\.rawValue) ?? "nothing"
            let text = "records \(first) to \(last) are missing and verify says \(state)"
            return report.find(text, at: words(), image: image)
        }
        report.count("detected")
        if let text = target.extents.complaint(change, outcome) {
            report.find(text, at: words(), image: image)
        }
    }
}

extension Image {
    /// The last durable number that HEAD knows, from the higher of its slots.
    fileprivate var durable: UInt64 {
        let head = files["HEAD"] ?? []
        return [32, 4096 + 32].filter { head.count >= $0 + 8 }.map { start in
            head[start..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }.max() ?? 0
    }
}

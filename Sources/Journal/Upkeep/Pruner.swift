public import Market

/// What may stay on the disk: the session file's `disk:` rule.
public struct DiskRule: Hashable, Sendable {
    /// A segment whose last record is older goes, in nanoseconds.
    public var keep: Int64?
    /// Oldest segments go until the recording's segments take no more than this.
    public var maxSize: UInt64?
    /// Segments that end before this number go.
    public var before: SequenceNumber?
    /// Segments that end before this time go.
    public var beforeTime: Timestamp?

    public init(
        keep: Int64? = nil,
        maxSize: UInt64? = nil,
        before: SequenceNumber? = nil,
        beforeTime: Timestamp? = nil
    ) {
        self.keep = keep
        self.maxSize = maxSize
        self.before = before
        self.beforeTime = beforeTime
    }

    public var isEmpty: Bool {
        keep == nil && maxSize == nil && before == nil && beforeTime == nil
    }
}

/// Deletes whole old segments, each one noted durably in `pruned.jsonl` before.
///
/// What is left begins with a segment that can be read without those before it: one with the owner's checkpoint, or
/// the first of a run. The last segment always stays.
public struct Pruner {
    /// The user and program, for the note.
    public var who = ""
    /// Signs each note.
    public var key: SigningKey?

    public init() {}

    /// What would go, oldest first, and why no more.
    public struct Plan: Hashable, Sendable {
        public var going: [PrunedSegment]
        /// The first number that stays.
        public var begins: SequenceNumber
        public var bytesFreed: UInt64
        public var bytesKept: UInt64
        /// Segments that the rule names and that stay, because what follows them could not be replayed alone.
        public var held: [String]
        /// Noted as deleted before, and still there: a crash came between.
        public var unfinished: [String]
    }

    /// - Parameter now: the wall clock.
    public func plan(
        _ path: String,
        rule: DiskRule,
        now: Timestamp,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Plan {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        return try plan(directory, rule, now)
    }

    /// - Throws: `damaged`: what would be noted of a damaged recording need not be so.
    private func plan(
        _ directory: RecordingDirectory,
        _ rule: DiskRule,
        _ now: Timestamp
    ) throws(JournalError) -> Plan {
        let salvage = try Salvage(directory)
        if let damage = salvage.damage.first { throw damage }
        let list = try SegmentList(directory, salvage)
        if let damage = list.damage.first { throw damage }
        if let first = list.segments.first {
            let check = try BeginningCheck(
                directory,
                salvage.lastHead.id,
                salvage.lastHead.labels,
                first
            )
            if let finding = check.findings.first { throw finding }
        }
        return try plan(list.segments, rule, now, salvage.lastHead.id, directory)
    }

    /// Carries out a plan.
    ///
    /// - Throws: ``JournalError``: `held` while a recorder writes (its own rule does it then), `system`.
    public func prune(
        _ path: String,
        rule: DiskRule,
        now: Timestamp,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Plan {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        let lock = try Recorder.takeLock(directory)
        defer { files.close(lock) }
        let plan = try plan(directory, rule, now)
        try carryOut(plan, directory)
        guard !plan.going.isEmpty || !plan.unfinished.isEmpty else { return plan }
        let manifest = try Recording.open(path, files: files).manifest
        try directory.replace(RecordingDirectory.manifest, with: manifest.json())
        return plan
    }

    // MARK: What goes

    func plan(
        _ segments: [Manifest.Segment],
        _ rule: DiskRule,
        _ now: Timestamp,
        _ id: String,
        _ directory: RecordingDirectory
    ) throws(JournalError) -> Plan {
        // Only what the rule asks about is opened: a running recorder plans at each roll.
        let facts = Facts(segments: segments, directory: directory)
        let sizes = try segments.map { segment throws(JournalError) in try facts.size(segment.name)
        }
        var total = sizes.reduce(0, +)
        let noted = Set(try DeletionList<PrunedSegment>(directory).entries.map(\.name))
        let unfinished = segments.dropLast().prefix { noted.contains($0.name) }.map(\.name)
        var wanted = 0
        for (position, segment) in segments.dropLast().enumerated() {
            let isLarge = rule.maxSize.map { total > $0 } ?? false
            let isBefore = rule.before.map { segment.last < $0 } ?? false
            var goes = isLarge || isBefore || position < unfinished.count
            if !goes, rule.keep != nil || rule.beforeTime != nil {
                let end = try facts.timeBefore(position + 1)
                let (age, overflow) = now.nanoseconds.subtractingReportingOverflow(end.nanoseconds)
                // A time that far away is no age.
                let isOld = !overflow && rule.keep.map { age > $0 } ?? false
                goes = isOld || rule.beforeTime.map { end < $0 } ?? false
            }
            guard goes else { break }
            wanted = position + 1
            total -= sizes[position]
        }
        var count = wanted
        while count > unfinished.count, try !facts.standsAlone(count) { count -= 1 }
        var going: [PrunedSegment] = []
        for position in unfinished.count..<max(count, unfinished.count) {
            var entry = PrunedSegment(segments[position], recording: id)
            entry.lostFirst = try facts.lostFirst(position)
            entry.started = try facts.firstTime(position)
            entry.ended = try facts.timeBefore(position + 1)
            entry.bytes = sizes[position]
            entry.who = who
            entry.why = Pruner.words(rule)
            entry.time = now
            if let key { entry.sign(with: key) }
            going.append(entry)
        }
        return Plan(
            going: going,
            begins: segments.indices.contains(count) ? segments[count].first : .none,
            bytesFreed: sizes[..<count].reduce(0, +),
            bytesKept: sizes[count...].reduce(0, +),
            held: segments[count..<wanted].map(\.name),
            unfinished: Array(unfinished)
        )
    }

    /// What is asked of segments one by one.
    private struct Facts {
        let segments: [Manifest.Segment]
        let directory: RecordingDirectory

        func size(_ name: String) throws(JournalError) -> UInt64 {
            let file = try directory.open(name, .read)
            defer { directory.files.close(file) }
            return try directory.size(file, name)
        }

        /// `log_time` of the segment's first record.
        func firstTime(_ position: Int) throws(JournalError) -> Timestamp {
            let segment = try SegmentFile(segments[position].name, in: directory)
            let time = try SegmentList.firstTime(segment, segment.window.size)
            return Timestamp(nanoseconds: Int64(bitPattern: time ?? 0))
        }

        /// The first of the records right before it that recovery gave up.
        func lostFirst(_ position: Int) throws(JournalError) -> SequenceNumber? {
            let segment = segments[position]
            let lost = try SegmentFile(segment.name, in: directory).head?.lost
            return lost.flatMap { $0.last == segment.first.previous ? $0.first : nil }
        }

        /// `log_time` of the record before the segment's first.
        func timeBefore(_ position: Int) throws(JournalError) -> Timestamp {
            try SegmentFile(segments[position].name, in: directory).head?.time ?? .zero
        }

        /// Whether it can be replayed without those before it: by a checkpoint, or because a run begins with it.
        func standsAlone(_ position: Int) throws(JournalError) -> Bool {
            let segment = try SegmentFile(segments[position].name, in: directory)
            if !(try segment.checkpoint().isEmpty) { return true }
            guard segment.head?.recovered == 0 else { return false }
            let reader = MessageReader(segment, limit: segment.window.size)
            guard let first = try reader.next()?.baseAddress else { return false }
            return MessageHeader(record: first).channel == StreamTable.startID.value
        }
    }

    static func words(_ rule: DiskRule) -> String {
        var words: [String] = []
        if let keep = rule.keep { words.append("older than \(keep / 1_000_000_000) s") }
        if let size = rule.maxSize { words.append("above \(size) bytes") }
        if let before = rule.before { words.append("before record \(before)") }
        if let time = rule.beforeTime { words.append("before \(time)") }
        return words.joined(separator: ", ")
    }

    // MARK: Doing it

    /// Notes first, durably; then one name after the other, oldest first, so that what is left has no hole.
    func carryOut(_ plan: Plan, _ directory: RecordingDirectory) throws(JournalError) {
        guard !plan.going.isEmpty || !plan.unfinished.isEmpty else { return }
        var log = try DeletionList<PrunedSegment>(directory)
        if !plan.unfinished.isEmpty { try log.confirm(in: directory) }
        if !plan.going.isEmpty {
            do throws(JournalError) {
                try log.append(plan.going, in: directory)
            } catch {
                // On a full disk the manifest's own block, which goes anyway, makes room for the notes.
                guard error.isNoSpace else { throw error }
                try directory.removeIfThere(RecordingDirectory.manifest)
                try directory.syncNames()
                try log.append(plan.going, in: directory)
            }
        }
        // It lists what goes; without one it is derived from what is there.
        try directory.removeIfThere(RecordingDirectory.manifest)
        for name in plan.unfinished + plan.going.map(\.name) {
            try directory.removeIfThere(name)
            try directory.syncNames()
        }
    }
}

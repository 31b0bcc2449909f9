import DiskKit
import Glibc
import Journal
import Market
import Synchronization
import Testing

/// Every row of the table of crash points in the format's page: what recovery reads at each.
@Suite struct CrashPointTests {
    typealias Event = CrashFiles.Event

    /// The disk between two calls, as a kill and as a power cut leave it.
    struct Moment: Sendable {
        var events: Int
        var killed: String
        var cut: String
        var marks: Watermarks
        var durability: CrashFiles.Durability
    }

    /// What was seen while a recorder wrote.
    final class Log: Sendable {
        struct State {
            var events: [Event] = []
            var moments: [Moment] = []
            var recorder: Recorder?
        }
        let state = Mutex(State())
        let path: String
        private let scratch: Scratch
        /// What was promised before there is a recorder to ask.
        private let promised: Watermarks

        /// Of a recording of its own; or of one that is there, with what was promised of it.
        init(_ path: String? = nil, promised: Watermarks? = nil) throws {
            scratch = try Scratch()
            self.path = path ?? scratch.file("r")
            self.promised =
                promised ?? Watermarks(appended: .none, written: .none, durable: .none)
        }

        func look(_ files: CrashFiles, _ events: [Event]) {
            let (number, before, recorder) = state.withLock { state in
                (state.moments.count, state.events.count, state.recorder)
            }
            let marks = recorder?.watermarks
            let moment = Moment(
                events: before,
                killed: scratch.file("k\(number)"),
                cut: scratch.file("c\(number)"),
                marks: marks ?? promised,
                durability: files.durability
            )
            try? Scratch.copy(path, to: moment.killed)
            mkdir(moment.cut, 0o700)
            for (name, bytes) in files.afterPowerCut() {
                try? Scratch.write(bytes, to: moment.cut + "/" + name)
            }
            state.withLock { state in
                state.moments.append(moment)
                state.events += events
            }
        }

        var moments: [Moment] { state.withLock { $0.moments } }

        /// Places of the moments behind the first and before the second, with neither between.
        func places(between pair: (first: Event, second: Event)) -> [Int] {
            let (events, moments) = state.withLock { ($0.events, $0.moments) }
            return moments.indices.filter { place in
                let isEither = { (event: Event) in event == pair.first || event == pair.second }
                let count = moments[place].events
                return events[..<count].last(where: isEither) == pair.first
                    && events[count...].first(where: isEither) == pair.second
            }
        }
    }

    private static var options: RecorderOptions {
        var options = RecorderOptions.small
        options.chunkBytes = 2 << 10
        options.segmentBytes = 6 << 10
        options.tailBytes = 8 << 10
        options.reserveBytes = 128 << 10
        options.headInterval = 10_000_000
        return options
    }

    /// Holds each moment against what was appended, and the moments against the table.
    private func check(_ log: Log, _ taken: [Taken], _ story: CrashTable.Story) throws {
        let moments = log.moments
        var goOn: Set<Int> = []
        for row in CrashTable.rows(of: story) {
            for pair in row.between {
                let places = log.places(between: pair)
                #expect(!places.isEmpty, "\(row.name): none between \(pair.0) and \(pair.1)")
                if let first = places.first { goOn.insert(first) }
                for place in places where row.isSealed {
                    #expect(try Recording.open(moments[place].killed).state == .sealed)
                }
            }
        }
        for (position, moment) in moments.enumerated() {
            let goesOn = position % 7 == 0 || goOn.contains(position)
            try check(moment, taken, goesOn: goesOn)
        }
    }

    private func check(_ moment: Moment, _ taken: [Taken], goesOn: Bool) throws {
        for (path, least) in [
            (moment.killed, moment.marks.written), (moment.cut, moment.marks.durable),
        ] {
            let names = try Scratch.names(in: path).filter { $0.hasSuffix(".mcap") }
            guard !names.isEmpty else {
                #expect(least == .none, "\(path)")
                continue
            }
            let recording = try Recording.open(path)
            let records = try recording.records()
            #expect(recording.damage.isEmpty, "\(path): \(recording.damage)")
            #expect(recording.last >= least, "\(path): \(recording.last), promised \(least)")
            #expect(records.owners == Array(taken.prefix(records.owners.count)), "\(path)")
            guard goesOn, recording.state == .open else { continue }
            let next = try Tape(path, Self.options)
            try next.append(20)
            try next.recorder.seal()
            #expect(try Recording.open(path).records().owners == records.owners + next.taken)
            let verification = try Verifier.verify(path)
            #expect(verification.state == .sound, "\(path): \(verification.findings)")
            let drafts = try Scratch.names(in: path).filter { $0.hasSuffix(".unfinished") }
            #expect(drafts.isEmpty, "\(path): \(drafts)")
        }
    }

    @Test func `each row of the page's table is one that is met here, in its order`() throws {
        #expect(try CrashTable.page() == CrashTable.rows.map(\.name))
        for story in CrashTable.Story.allCases { #expect(!CrashTable.rows(of: story).isEmpty) }
    }

    /// A life with rolls, up to its seal.
    private func live() throws -> (log: Log, taken: [Taken]) {
        let log = try Log()
        let files = CrashFiles { log.look($0, $1) }
        let tape = try Tape(log.path, Self.options, files: files)
        log.state.withLock { $0.recorder = tape.recorder }
        for round in 0..<20 {
            try tape.recorder.waitUntilDurable(try tape.append(3 + round % 5))
            // Time for HEAD to be synced on its own.
            if round % 4 == 0 { usleep(12_000) }
            if round == 12 {
                try eventually { log.state.withLock { $0.events.contains(.headSync) } }
            }
        }
        log.state.withLock { $0.recorder = nil }
        let taken = tape.taken
        try tape.recorder.seal()
        return (log, taken)
    }

    @Test func `between any two calls of a run, recovery reads what the table says`() throws {
        let (log, taken) = try live()
        #expect(log.moments.count > 100)
        try check(log, taken, .run)
    }

    @Test func `between any two calls of an outage, recovery reads what the table says`() throws {
        let log = try Log()
        let disk = SmallDisk(room: 1 << 20)
        let files = CrashFiles(disk) { log.look($0, $1) }
        let tape = try Tape(log.path, Self.options, files: files)
        log.state.withLock { $0.recorder = tape.recorder }
        for _ in 0..<2 {
            try tape.recorder.waitUntilDurable(try tape.append(10))
            disk.fill()
            for _ in 0..<14 {
                for _ in 0..<4 { try tape.append(on: 2, bytes: 150) }
                try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
            }
            disk.add(1 << 20)
            try eventually { tape.recorder.health == .sound }
        }
        try tape.recorder.waitUntilDurable(try tape.append(10))
        log.state.withLock { $0.recorder = nil }
        let taken = tape.taken
        try tape.recorder.seal()
        #expect(log.moments.count > 100)
        try check(log, taken, .outage)
    }

    /// The next run begins where a kill left the one before, and ends by a kill or a power cut before any of its calls.
    ///
    /// What the killed one had written and not synced is still the system's to lose.
    private func recover(
        _ killed: Moment,
        of taken: [Taken],
        _ story: CrashTable.Story
    ) throws {
        let before = try Recording.open(killed.killed)
        let owners = try before.records().owners
        let log = try Log(
            killed.killed,
            promised: Watermarks(
                appended: before.last,
                written: before.last,
                durable: killed.marks.durable
            )
        )
        let files = CrashFiles(behind: killed.durability) { log.look($0, $1) }
        let tape = try Tape(log.path, Self.options, files: files)
        log.state.withLock { $0.recorder = tape.recorder }
        try tape.recorder.waitUntilDurable(try tape.append(3))
        log.state.withLock { $0.recorder = nil }
        try tape.recorder.close()
        #expect(log.moments.count > 20)
        try check(log, Array(taken.prefix(owners.count)) + tape.taken, story)
    }

    @Test func `between any two calls of a recovery, the next one reads what the table says`()
        throws
    {
        let (log, taken) = try live()
        let moments = log.moments
        for row in CrashTable.rows(of: .run) where !row.isSealed {
            for pair in row.between {
                let place = try #require(log.places(between: pair).last, "\(row.name)")
                let killed = moments[place]
                guard try Recording.open(killed.killed).state == .open else { continue }
                try recover(killed, of: taken, .recovery)
            }
        }
    }

    @Test func `between any two calls of a recovery that replaces a segment, likewise`() throws {
        let (log, taken) = try live()
        let place = try #require(log.places(between: (.rename, .chunkWrite)).last)
        let killed = log.moments[place]
        try recover(killed, of: taken, .replacement)
    }
}

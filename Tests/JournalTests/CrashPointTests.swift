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
    }

    /// What was seen while a recorder wrote.
    final class Log: Sendable {
        struct State {
            var events: [Event] = []
            var moments: [Moment] = []
            var recorder: Recorder?
        }
        let state = Mutex(State())
        private let folder: String
        let path: String

        init(_ scratch: Scratch) {
            folder = scratch.path
            path = scratch.file("r")
        }

        func look(_ files: CrashFiles, _ event: Event?) {
            let (number, events, recorder) = state.withLock { state in
                (state.moments.count, state.events.count, state.recorder)
            }
            let marks = recorder?.watermarks
            let moment = Moment(
                events: events,
                killed: folder + "/k\(number)",
                cut: folder + "/c\(number)",
                marks: marks ?? Watermarks(appended: .none, written: .none, durable: .none)
            )
            try? Scratch.copy(path, to: moment.killed)
            mkdir(moment.cut, 0o700)
            for (name, bytes) in files.afterPowerCut() {
                try? Scratch.write(bytes, to: moment.cut + "/" + name)
            }
            state.withLock { state in
                state.moments.append(moment)
                if let event { state.events.append(event) }
            }
        }
    }

    /// Rows of the table: the crash comes behind the first and before the second, with neither between.
    private static let rows: [(Event, Event)] = [
        (.tailWrite, .tailSync), (.tailSync, .chunkWrite), (.chunkWrite, .segmentSync),
        (.segmentSync, .headWrite), (.headWrite, .headSync), (.headSync, .tailReuse),
        (.tailReuse, .roll), (.roll, .rename), (.rename, .tailWrite), (.rename, .headWrite),
    ]
    private static let outageRows: [(Event, Event)] = [
        (.tailWrite, .reserveWrite), (.reserveWrite, .reserveSync), (.reserveSync, .tailReuse),
        (.reserveSync, .rename), (.chunkWrite, .rename), (.rename, .reserveWrite),
    ]

    private static var options: RecorderOptions {
        var options = RecorderOptions.small
        options.chunkBytes = 2 << 10
        options.segmentBytes = 6 << 10
        options.tailBytes = 8 << 10
        options.reserveBytes = 128 << 10
        options.headInterval = 10_000_000
        return options
    }

    /// Holds each moment against what was appended.
    private func check(_ log: Log, _ taken: [Taken], _ rows: [(Event, Event)]) throws {
        let (events, moments) = log.state.withLock { ($0.events, $0.moments) }
        #expect(moments.count > 100)
        for (position, moment) in moments.enumerated() {
            try check(moment, taken, goesOn: position % 7 == 0)
        }
        // Each row was met by at least one of them.
        for (first, second) in rows {
            let isMet = moments.contains { moment in
                let before = events[..<moment.events].last { $0 == first || $0 == second }
                let after = events[moment.events...].first { $0 == first || $0 == second }
                return before == first && after == second
            }
            #expect(isMet, "no crash between \(first.rawValue) and \(second.rawValue)")
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
        }
    }

    @Test func `between any two calls of a run, recovery reads what the table says`() throws {
        let scratch = try Scratch()
        defer { withExtendedLifetime(scratch) {} }
        let log = Log(scratch)
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
        try check(log, taken, Self.rows)
    }

    @Test func `between any two calls of an outage, recovery reads what the table says`() throws {
        let scratch = try Scratch()
        defer { withExtendedLifetime(scratch) {} }
        let log = Log(scratch)
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
        try check(log, taken, Self.outageRows)
    }
}

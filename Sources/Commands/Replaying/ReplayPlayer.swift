import Glibc
import Journal
import Market
import Runtime
import Trading

/// What a replay does besides comparing: it keeps a pace, shows what happens, and stops where it is to.
///
/// Without a pace, a condition or a growing recording nothing is attached, and nothing is on the way of a record.
final class ReplayPlayer {
    private let pace: ReplayPace
    private let until: ReplayCondition?
    private let follows: Bool
    private let json: Bool
    private var began: (recorded: Timestamp, now: ContinuousClock.Instant)?
    /// Steps that are left before the next question; `nil`: all.
    private var steps: Int? = 0
    private var records: UInt64 = 0
    private var last = SequenceNumber.none
    private var wasHalted = true
    private var nextReport = ContinuousClock.now + .seconds(1)

    init(_ pace: ReplayPace, until: ReplayCondition?, follows: Bool, json: Bool) {
        self.pace = pace
        self.until = until
        self.follows = follows
        self.json = json
    }

    func attach(to replay: inout Replay) {
        if pace != .fast || follows {
            Interruption.watch()
            replay.before = { [self] in before($0) }
        }
        if until != nil || pace != .fast { replay.after = { [self] in after($0) } }
    }

    // MARK: - Pace

    private func before(_ record: Record?) -> Bool {
        guard !Interruption.isRequested else { return false }
        report()
        guard let record else { return true }
        records += 1
        last = record.sequence
        switch pace {
        case .fast: return true
        case .timed(let thousandths): return wait(for: record.time, thousandths)
        case .step: return askedFor(record)
        }
    }

    /// - Returns: false where the wish to end came meanwhile.
    private func wait(for time: Timestamp, _ thousandths: Int64) -> Bool {
        guard let began else {
            self.began = (time, .now)
            return true
        }
        let passed = Int128(time.nanoseconds - began.recorded.nanoseconds) * 1_000
        let due = began.now + .nanoseconds(Int64(clamping: passed / Int128(thousandths)))
        while true {
            let left = due - .now
            guard left > .zero else { return true }
            guard !Interruption.isRequested else { return false }
            report()
            usleep(UInt32(clamping: Int64(min(left, .milliseconds(20)) / .microseconds(1))))
        }
    }

    private func askedFor(_ record: Record) -> Bool {
        if steps == nil { return true }
        if let left = steps, left > 0 {
            steps = left - 1
            return true
        }
        Printing.note("record \(record.sequence), \(record.time)  [return: one step, N, c, q]")
        guard let line = readLine() else { return false }
        switch line {
        case "q": return false
        case "c": steps = nil
        default: steps = max(0, (Int(line) ?? 1) - 1)
        }
        return true
    }

    private func report() {
        guard follows, json, .now >= nextReport else { return }
        nextReport += .seconds(1)
        Printing.json(schema: "replay.status") {
            $0.field("inputs", Int64(clamping: records))
            $0.field("sequence", last)
        }
    }

    // MARK: - What happened

    private func after(_ moment: Replay.Moment) -> String? {
        if pace != .fast, !json { show(moment) }
        guard let until, isMet(until, moment) else { return nil }
        return until.words
    }

    private func show(_ moment: Replay.Moment) {
        if pace == .step {
            let text = String(decoding: moment.payload.prefix(400), as: UTF8.self)
            Printing.result(
                "\(moment.header.sequence)  \(moment.header.time)  \(moment.header.stream)  \(text)"
            )
        }
        for (place, output) in moment.outputs.elements.enumerated() {
            if case .state = output { continue }
            if pace != .step, case .verdict(let verdict) = output, verdict.isAllowed { continue }
            let text = String(decoding: moment.outputs.payload(place), as: UTF8.self)
            Printing.result("  \(moment.header.time)  \(output.stream)  \(text)")
        }
    }

    private func isMet(_ condition: ReplayCondition, _ moment: Replay.Moment) -> Bool {
        switch condition {
        case .command:
            return moment.outputs.elements.contains {
                if case .command = $0 { true } else { false }
            }
        case .rejected:
            return moment.outputs.elements.contains {
                if case .verdict(let verdict) = $0 { !verdict.isAllowed } else { false }
            }
        case .finding:
            return moment.outputs.elements.contains {
                if case .finding = $0 { true } else { false }
            }
        case .fill:
            guard case .privateTopic(_, let topic) = moment.header.stream.kind else { return false }
            return topic.hasPrefix("execution") && !topic.hasPrefix("execution.fast")
        case .halt:
            // A session begins halted, until it knows what its account is.
            defer { wasHalted = moment.engine.haltReason != nil }
            return !wasHalted && moment.engine.haltReason != nil
        case .stream(let glob): return Glob(glob).matches(moment.header.stream.base)
        }
    }
}

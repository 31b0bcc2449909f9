import Glibc
import Journal
import Market

/// The recorder that is killed: a process of its own that says through standard output what it acknowledges.
enum Child {
    /// What it says, 24 bytes each.
    struct Message {
        enum Kind: UInt64 {
            case opening = 1
            /// `first` is *written*; no number above `second` has been given out.
            case marks
            /// `first` is *durable*.
            case durable
            case ended
            /// It could not go on; words are on standard error.
            case stopped
        }

        var kind: Kind
        var first: UInt64
        var second: UInt64

        func send() {
            let words = [kind.rawValue, first, second]
            _ = words.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }
    }

    /// How long it lives: for so many steps, or until it is killed.
    struct Plan {
        var path: String
        var seed: UInt64
        var steps: Int
        var fatal: Int
        var moment: KillingFiles.Moment
        var seals: Bool
        /// The call that needs room and is the first to find none; 0 for a disk that has room.
        var fills = 0

        var arguments: [String] {
            [
                path, String(seed), String(steps), String(fatal), moment.rawValue,
                seals ? "1" : "0", String(fills),
            ]
        }
    }

    static func run(_ arguments: [String]) -> Never {
        guard arguments.count == 7, let seed = UInt64(arguments[1]),
            let steps = Int(arguments[2]), let fatal = Int(arguments[3]),
            let moment = KillingFiles.Moment(rawValue: arguments[4]), let fills = Int(arguments[6])
        else { exit(64) }
        let plan = Plan(
            path: arguments[0],
            seed: seed,
            steps: steps,
            fatal: fatal,
            moment: moment,
            seals: arguments[5] == "1",
            fills: fills
        )
        do throws(JournalError) {
            try run(plan)
            exit(0)
        } catch {
            // A recording cannot begin, nor end, on a full disk: what it has acknowledged holds all the same.
            if plan.fills > 0, error.isNoSpace {
                Message(kind: .ended, first: 0, second: 0).send()
                exit(0)
            }
            complain("\(error)\n")
            Message(kind: .stopped, first: 0, second: 0).send()
            exit(2)
        }
    }

    private static func run(_ plan: Plan) throws(JournalError) {
        var dice = Dice(plan.seed)
        let files = KillingFiles(fatal: plan.fatal, plan.moment)
        var options = RecorderOptions.small(&dice)
        // Small pieces, and several of them a step.
        options.segmentBytes = min(options.segmentBytes, 48 << 10)
        Message(kind: .opening, first: 0, second: 0).send()
        let full = FullDisk(files, fillsAt: plan.fills, .blocks)
        if plan.fills == 0 { full.free() }
        options.retryInterval = min(options.retryInterval, 5_000_000)
        let owner = try Owner(plan.path, Script(seed: plan.seed), options, files: full)
        let recorder = owner.recorder
        let say: @Sendable (UInt64) -> Void = { [weak recorder] ahead in
            guard let marks = recorder?.watermarks else { return }
            Message(
                kind: .marks,
                first: marks.written.value,
                second: marks.appended.value + ahead
            ).send()
            Message(kind: .durable, first: marks.durable.value, second: 0).send()
        }
        files.beforeTheEnd { say(64) }
        say(64)
        try owner.start()
        let freed = plan.fills == 0 ? 0 : dice.below(max(1, min(plan.steps, 40)))
        for step in 0..<plan.steps {
            say(64)
            if step == freed { full.free() }
            // A reserve that is full too keeps what waits for it.
            if step < freed { try owner.patientStep(&dice) } else { try owner.step(&dice) }
        }
        full.free()
        say(64)
        if plan.seals { try recorder.seal() } else { try recorder.close() }
        say(0)
        Message(kind: .ended, first: 0, second: 0).send()
    }
}

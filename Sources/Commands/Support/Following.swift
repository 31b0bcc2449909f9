import Glibc
import Journal
import Market
import Runtime
import Trading

/// Follows a recording that is being made, until its seal, a signal or a key, and shows it at intervals.
struct Following {
    private let recording: Recording
    private let store: CheckpointStore
    /// Nanoseconds between two looks.
    var interval: Int64 = 1_000_000_000
    /// Somebody has seen enough; asked often.
    var isOver: () -> Bool = { false }

    init(_ recording: Recording) {
        self.recording = recording
        store = CheckpointStore(recording, registry: TapedeckMain.strategies)
    }

    /// - Parameters:
    ///   - visit: each record that is taken in.
    ///   - show: at the first time all has been taken in, then at each interval, and at the end.
    func run(
        visit: (Walk.Step, Engine) -> Void = { _, _ in },
        _ show: (LiveWalk) throws -> Void
    ) throws {
        do {
            let walk = try LiveWalk(
                recording,
                registry: TapedeckMain.strategies,
                checkpoints: store
            )
            KeptStates.tell(store)
            var next = ContinuousClock.now
            while !Interruption.isRequested, !isOver() {
                let count = try walk.catchUp(limit: 16_384) { step, engine throws(ReplayError) in
                    visit(step, engine)
                }
                if count == 16_384, ContinuousClock.now < next + .seconds(10) { continue }
                if ContinuousClock.now >= next || walk.isAtEnd {
                    try show(walk)
                    next = ContinuousClock.now + .nanoseconds(interval)
                }
                if walk.isAtEnd || isAbandoned(walk) { return }
                if count == 0 { usleep(20_000) }
            }
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        }
    }

    /// Nobody holds the recording, and it was not sealed: nothing more comes.
    private func isAbandoned(_ walk: LiveWalk) -> Bool {
        guard !recording.isHeld, let last = walk.last else { return false }
        return last.sequence >= recording.last
    }
}

import Journal
import Market
import Runtime
import Trading

/// The engine at a position of a recording, by the states that are kept in it.
enum KeptStates {
    /// Folds up to a position; from the kept state before it where there is one, and leaves more on its way.
    ///
    /// - Parameter position: `nil`: the end.
    static func engine(
        of recording: Recording,
        at position: ResolvedPosition?,
        label: String = "rebuilding"
    ) throws -> Walk.End {
        func isPast(_ sequence: SequenceNumber, _ time: Timestamp) -> Bool {
            position?.isBefore(sequence, time) ?? false
        }
        let store = CheckpointStore(recording, registry: TapedeckMain.strategies)
        var walk = Walk(registry: TapedeckMain.strategies)
        var bar = ProgressBar(label, total: recording.last.value)
        walk.progress = { bar.update($0.value) }
        walk.checkpoints = store
        let end: Walk.End?
        do throws(ReplayError) {
            end = try walk.run(
                recording,
                from: store.nearest(notPast: isPast),
                isPast: isPast,
                visit: { _, _ in true }
            )
        } catch {
            throw ReplayCommand.failure(error)
        }
        bar.finish()
        tell(store)
        guard let end else {
            throw Failure(
                .notFound,
                "no record lies at or before that position",
                at: recording.path,
                do: "The recording holds \(recording.first) to \(recording.last)."
            )
        }
        return end
    }

    /// Kept states that could not be used, or not be written, on standard error.
    static func tell(_ store: CheckpointStore) {
        for note in store.notes { Printing.note(note) }
    }
}

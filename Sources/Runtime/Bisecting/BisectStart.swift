import JSON
import Journal
import Market
import Trading

/// A place from which a recording can be replayed without what lies before it.
struct BisectStart {
    enum Kind {
        case beginning
        /// The state that the session itself left there.
        case recorded
        /// The state that this program came to there, from the beginning: its rolling hash tells of all before.
        case kept(CheckpointStore)
    }

    var kind: Kind
    /// The first record that is read from there.
    var first: SequenceNumber

    /// The places of a recording, rising: this program's own as far as it has some, then the session's.
    ///
    static func all(
        _ recording: Recording,
        registry: StrategyRegistry
    ) throws(ReplayError) -> [BisectStart] {
        var starts = [BisectStart(kind: .beginning, first: recording.first)]
        let store = CheckpointStore(recording, registry: registry)
        // Of another program none is of use: one tells for all.
        if let last = store.sequences.last, store.nearest(atOrBefore: last)?.sequence == last {
            for sequence in store.sequences where sequence > recording.first {
                starts.append(BisectStart(kind: .kept(store), first: sequence.next))
            }
        }
        let known = starts.last?.first ?? .none
        for segment in recording.manifest.segments.dropFirst() where segment.first > known {
            let bytes: [UInt8]
            do throws(JournalError) {
                bytes = try recording.checkpoint(at: segment.first)
            } catch {
                throw .journal(error)
            }
            if !bytes.isEmpty {
                starts.append(BisectStart(kind: .recorded, first: segment.first))
            }
        }
        return starts
    }

    func session(
        _ recording: Recording,
        registry: StrategyRegistry,
        strictness: ReplayStrictness
    ) throws(ReplayError) -> ReplaySession {
        switch kind {
        case .kept(let store):
            if let state = store.nearest(atOrBefore: SequenceNumber(first.value - 1)),
                state.sequence.next == first
            {
                return ReplaySession(
                    registry: registry,
                    from: state.start,
                    state.engine,
                    strictness: strictness
                )
            }
            throw .checkpoint(
                first,
                "derived/checkpoints has one that does not read; delete that folder"
            )
        case .beginning:
            var session = ReplaySession(registry: registry, strictness: strictness)
            try session.begin(recording)
            return session
        case .recorded:
            let state = try BisectStart.recordedState(recording, first, registry)
            return ReplaySession(
                registry: registry,
                from: state.start,
                state.engine,
                strictness: strictness
            )
        }
    }

    /// The state that a segment begins with.
    static func recordedState(
        _ recording: Recording,
        _ first: SequenceNumber,
        _ registry: StrategyRegistry
    ) throws(ReplayError) -> SegmentCheckpoint {
        let bytes: [UInt8]
        do throws(JournalError) {
            bytes = try recording.checkpoint(at: first)
        } catch {
            throw .journal(error)
        }
        return try SegmentCheckpoint(
            bytes,
            registry: registry,
            parser: JSONParser(),
            at: first
        )
    }
}

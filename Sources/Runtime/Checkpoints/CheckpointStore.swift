import JSON
public import Journal
public import Market
public import Trading

/// States of the engine at chosen records of a recording, so that a position is reached without reading all before it.
///
/// Whoever folds a recording (``Walk``) leaves them on its way, in `derived/checkpoints`. They are always safe to delete.
/// One that another program file, another version of behaviour or another recording made is passed over and made anew;
/// so is one that does not read, which ``notes`` name. A state that is found proves that the record it stands behind is
/// the one it was made of.
public final class CheckpointStore {
    /// Fewest records between two of them: what must be folded at most behind one.
    public static let shortestInterval: UInt64 = 8_192

    /// What could not be used or written: sentences for people, with the file.
    public private(set) var notes: [String] = []

    private let recording: Recording
    private let registry: StrategyRegistry
    private let folder: CheckpointFolder
    private let identity: String
    private let interval: UInt64
    private let parser = JSONParser()
    /// Those that may be used; by number.
    private var places: [CheckpointFolder.Place]
    private var writer: DerivedWriter?
    private var mayWrite: Bool
    /// The next one is due at the first input at or behind this number.
    @exclusivity(unchecked) private var due: UInt64

    /// - Parameter interval: records between two; more of them in a recording so long that they would be too many.
    public init(
        _ recording: Recording,
        registry: StrategyRegistry,
        interval: UInt64 = CheckpointStore.shortestInterval,
        files: any JournalFiles = SystemFiles()
    ) {
        self.recording = recording
        self.registry = registry
        self.interval = max(1, interval)
        folder = CheckpointFolder(recording: recording.path, files: files)
        identity = DerivedIdentity.of(recording)
        mayWrite = DerivedIdentity.hasFolder(recording)
        places = mayWrite ? folder.list() : []
        due = 0
        begin(behind: .none)
    }

    /// Numbers of the records that states are kept behind, rising; whether they can be used shows when one is taken.
    public var sequences: [SequenceNumber] { places.map(\.sequence) }

    // MARK: Taking

    /// The last kept state at or before a record; `nil` where there is none that can be used.
    ///
    /// - Parameter follows: the state's cursor goes on with what a recorder writes meanwhile.
    public func nearest(
        atOrBefore sequence: SequenceNumber,
        follows: Bool = false
    ) -> KeptState? {
        nearest(notPast: { number, _ in number > sequence }, follows: follows)
    }

    /// The last kept state that is not past a position; `nil` where there is none that can be used.
    public func nearest(
        notPast isPast: (SequenceNumber, Timestamp) -> Bool,
        follows: Bool = false
    ) -> KeptState? {
        while let index = places.lastIndex(where: { !isPast($0.sequence, $0.time) }) {
            let place = places[index]
            if place.sequence <= recording.last, place.sequence >= recording.first,
                let state = take(place, follows)
            {
                begin(behind: place.sequence)
                return state
            }
            // Made again by the next one that passes.
            places.remove(at: index)
        }
        return nil
    }

    private func take(_ place: CheckpointFolder.Place, _ follows: Bool) -> KeptState? {
        let file: KeptFile
        do throws(SystemFailure) {
            guard let read = KeptFile(try folder.read(place)), read.sequence == place.sequence
            else {
                note(place, "it is not what was written")
                return nil
            }
            file = read
        } catch {
            note(place, error.words)
            return nil
        }
        guard file.identity == identity else { return nil }
        do {
            let cursor = try recording.cursor(from: .sequence(place.sequence), follows: follows)
            guard let record = try cursor.next(), record.sequence == file.sequence,
                record.time == file.time, Mix.hash(record.payload) == file.payloadHash
            else { return nil }
            let checkpoint = try SegmentCheckpoint(
                file.state,
                registry: registry,
                parser: parser,
                at: place.sequence.next
            )
            return KeptState(
                sequence: file.sequence,
                time: file.time,
                start: checkpoint.start,
                engine: checkpoint.engine,
                facts: try CanonicalDecoder().decode(AccountFacts.self, from: file.facts),
                cursor: cursor
            )
        } catch {
            note(place, "\(error)")
            return nil
        }
    }

    private func note(_ place: CheckpointFolder.Place, _ what: String) {
        notes.append("\(folder.path)/\(place.name) is passed over and made anew: \(what)")
    }

    // MARK: Leaving

    /// A walk begins behind this record: the next state is due at the next multiple of the interval.
    func begin(behind sequence: SequenceNumber) { due = following(sequence.value) }

    /// Whether the state behind this input is to be kept.
    func isDue(_ sequence: SequenceNumber) -> Bool { mayWrite && sequence.value >= due }

    private func following(_ number: UInt64) -> UInt64 {
        // Two thousand for each doubling: a long recording has no more of them than can lie in one folder.
        var step = interval
        while number / 2_048 >= step * 2 { step *= 2 }
        return (number / step + 1) * step
    }

    /// Keeps the state behind a record; what fails is a note, since nothing depends on it.
    func keep(
        _ engine: Engine,
        _ facts: AccountFacts,
        _ start: SessionStart,
        behind record: Record
    ) {
        let place = CheckpointFolder.Place(sequence: record.sequence, time: record.time)
        due = following(record.sequence.value)
        guard !places.contains(place) else { return }
        do {
            if writer == nil {
                writer = try folder.openForWriting()
                // Another process is at it.
                guard writer != nil else {
                    mayWrite = false
                    return
                }
            }
            let file = KeptFile(
                sequence: record.sequence,
                time: record.time,
                payloadHash: Mix.hash(record.payload),
                identity: identity,
                facts: try CanonicalEncoder().checkpoint(facts),
                state: try SegmentCheckpoint.encode(start, engine)
            )
            try writer?.write(file.bytes, as: place.name)
            let index = places.firstIndex { $0.sequence > place.sequence } ?? places.count
            places.insert(place, at: index)
        } catch {
            mayWrite = false
            let words = (error as? SystemFailure)?.words ?? "\(error)"
            notes.append(
                "states could not be kept in \(folder.path), so positions take as long as a whole read: \(words)"
            )
        }
    }
}

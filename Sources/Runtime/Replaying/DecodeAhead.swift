import Bybit
import Glibc
import Journal
import Market
import Synchronization

/// A thread that reads and decodes ahead of the engine, so that a replay, or a walk, takes two cores.
///
/// Decoding is a pure function of one record and the engine takes the records in their order, so that results are the
/// same to the byte, whichever of the two threads decodes. ``depth`` batches bound what lies between them.
///
/// `@unchecked Sendable`: the cursor and decoder are the thread's alone; batches pass through `rows`.
final class DecodeAhead: @unchecked Sendable {
    private struct Rows {
        var free: [DecodedBatch] = []
        var ready: [DecodedBatch] = []
        var isEnding = false
        var hasEnded = false
    }

    /// What of a batch is left to who takes it.
    enum Left: CaseIterable {
        case nothing
        /// All but pushes of order books: what those mean is small, and what others mean one core has to fetch from the other.
        case others
        case all
    }

    /// What is done with a stream's records: an object, since its route would be copied else for each of them.
    private final class Lane {
        /// `nil`: its records are not decoded.
        let route: StreamRoute?
        let keepsPayload: Bool
        let isBook: Bool

        init(_ name: StreamName, keepsOutputs: Bool) {
            let kind = name.kind
            route = kind.isOutput || kind.isEvidence ? nil : StreamRoute(name)
            keepsPayload = kind == .sessionStart || (keepsOutputs && kind.isOutput)
            isBook = route?.isBook ?? false
        }
    }

    private static let depth = 6
    /// With fewer batches ready the engine's thread is the faster one, and decodes a part of the next batch itself.
    private static let near = 3
    /// Looks at the other side before sleeping: waking a thread takes longer than a batch.
    private static let looks = 200

    private let rows = Mutex(Rows())
    private let hasReady = Atomic<Int>(0)
    private let hasFree = Atomic<Int>(DecodeAhead.depth)
    private let cursor: Cursor
    private let keepsOutputs: Bool
    private let sharesDecoding: Bool
    private let always: Left?
    private let isPast: @Sendable (SequenceNumber, Timestamp) -> Bool
    private var thread = pthread_t()

    /// - Parameters:
    ///   - keepsOutputs: payloads of outputs go along, for who compares them.
    ///   - sharesDecoding: who takes the batches decodes records that come without their event.
    ///   - always: that much is left to him; nil: as the two threads' paces have it.
    init(
        _ cursor: sending Cursor,
        keepsOutputs: Bool = true,
        sharesDecoding: Bool = false,
        always: Left? = nil,
        isPast: @escaping @Sendable (SequenceNumber, Timestamp) -> Bool
    ) {
        self.cursor = cursor
        self.keepsOutputs = keepsOutputs
        self.sharesDecoding = sharesDecoding
        self.always = always
        self.isPast = isPast
        rows.withLock { rows in
            for _ in 0..<DecodeAhead.depth { rows.free.append(DecodedBatch()) }
        }
    }

    /// - Returns: false where the system gives no thread.
    func begin() -> Bool {
        let own = Unmanaged.passRetained(self)
        let failed = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<DecodeAhead>.fromOpaque(argument).takeRetainedValue().loop()
                return nil
            },
            own.toOpaque()
        )
        if failed != 0 { own.release() }
        return failed == 0
    }

    /// Ends the thread and waits for it.
    func end() {
        rows.withLock { $0.isEnding = true }
        hasFree.add(1, ordering: .releasing)
        pthread_join(thread, nil)
    }

    // MARK: - The engine's side

    /// The next batch, in order.
    func take() -> DecodedBatch {
        while true {
            DecodeAhead.wait(hasReady)
            let batch = rows.withLock { $0.ready.isEmpty ? nil : $0.ready.removeFirst() }
            if let batch { return batch }
        }
    }

    func giveBack(_ batch: DecodedBatch) {
        rows.withLock { $0.free.append(batch) }
        hasFree.add(1, ordering: .releasing)
    }

    // MARK: - The thread

    private func loop() {
        let decoder = MessageDecoder()
        var lanes: [Lane?] = []
        while true {
            DecodeAhead.wait(hasFree)
            let (batch, isEnding) = rows.withLock { rows in
                (rows.isEnding ? nil : rows.free.popLast(), rows.isEnding)
            }
            if isEnding { return }
            guard let batch else { continue }
            fill(batch, decoder, &lanes, left())
            let isLast = batch.isLast
            rows.withLock { $0.ready.append(batch) }
            hasReady.add(1, ordering: .releasing)
            if isLast { return }
        }
    }

    /// What who takes the batches had better do himself: the longer he has to wait, the more.
    private func left() -> Left {
        if let always { return always }
        guard sharesDecoding else { return .nothing }
        switch hasReady.load(ordering: .relaxed) {
        case ...0: return .all
        case ..<DecodeAhead.near: return .others
        default: return .nothing
        }
    }

    private func fill(
        _ batch: DecodedBatch,
        _ decoder: MessageDecoder,
        _ lanes: inout [Lane?],
        _ left: Left
    ) {
        batch.shrink()
        batch.clear()
        while !batch.isFull {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                batch.failure = .journal(error)
                batch.isLast = true
                return
            }
            guard let record, !isPast(record.sequence, record.time) else {
                batch.isLast = true
                return
            }
            let place = Int(record.stream.value)
            while lanes.count <= place { lanes.append(nil) }
            let lane: Lane
            if let known = lanes[place] {
                lane = known
            } else {
                let name = cursor.name(of: record.stream)
                batch.add(stream: record.stream, name)
                lane = Lane(name, keepsOutputs: keepsOutputs)
                lanes[place] = lane
            }
            batch.add(
                record,
                lane.route,
                keepsPayload: lane.keepsPayload,
                isLeft: left == .all || (left == .others && !lane.isBook),
                decoder
            )
        }
    }

    /// Waits until a count is above zero and takes one off.
    private static func wait(_ count: borrowing Atomic<Int>) {
        var looked = 0
        while true {
            let now = count.load(ordering: .acquiring)
            if now > 0 {
                count.subtract(1, ordering: .acquiring)
                return
            }
            looked += 1
            if looked < looks {
                sched_yield()
            } else {
                usleep(50)
            }
        }
    }
}

extension Replay {
    /// As reading one by one does, on two threads.
    func readAhead(
        _ recording: Recording,
        _ session: inout ReplaySession
    ) throws(ReplayError) -> End {
        let ahead = DecodeAhead(
            try Replay.cursor(of: recording),
            sharesDecoding: true,
            always: alwaysLeft,
            isPast: isPast
        )
        guard ahead.begin() else { return try read(Replay.cursor(of: recording), &session) }
        defer { ahead.end() }
        let book = UnsafeMutablePointer<Event>.allocate(capacity: 1)
        book.initialize(to: Event())
        defer {
            book.deinitialize(count: 1)
            book.deallocate()
        }
        while true {
            let batch = ahead.take()
            var found: Divergence?
            for stream in batch.streams { session.register(stream.id, stream.name) }
            try batch.forEach(book: book) { (record, event) throws(ReplayError) in
                found = try session.take(record, decoded: event)
                if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
                return found == nil
            }
            if let found { return End(divergence: found) }
            if let failure = batch.failure { throw failure }
            if batch.isLast {
                let isStopped = session.counts.last < recording.last
                return End(
                    stop: isStopped ? Replay.reached : nil,
                    isComplete: !isStopped
                )
            }
            ahead.giveBack(batch)
        }
    }
}

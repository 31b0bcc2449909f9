import Market

/// What HEAD says: how far the recording is durable, in two slots 4096 bytes apart.
///
/// A torn page takes one slot at most. HEAD may lag and never leads: it is written after a sync.
struct Head: Hashable {
    static let slotDistance: UInt64 = 4096
    static let slotBytes = 88
    private static let magic: UInt64 = 0x3130_4441_4548_4454  // "TDHEAD01"

    /// Counts up with each write; the slot is its parity.
    var generation: UInt64
    var run: UInt64
    /// First number of the segment that was open.
    var segment: SequenceNumber
    /// The last durable number; its record is in the segment below `offset`, or in a tail.
    var durable: SequenceNumber
    /// Below this the segment's bytes are durable.
    var offset: UInt64
    /// Chain value at `offset`.
    var chain: ChainValue

    func encode() -> ByteBuffer {
        var buffer = ByteBuffer(capacity: Head.slotBytes)
        buffer.append(Head.magic)
        buffer.append(generation)
        buffer.append(run)
        buffer.append(segment.value)
        buffer.append(durable.value)
        buffer.append(offset)
        buffer.append(chain.bytes)
        buffer.append(UInt32(0))
        buffer.append(Checksum.crc32c(buffer.bytes))
        return buffer
    }

    /// From one slot; `nil` when it is no slot of ours or fails its checksum.
    init?(slot: UnsafeRawBufferPointer) {
        guard slot.count == Head.slotBytes else { return nil }
        do throws(Malformed) {
            var reader = ByteReader(slot)
            guard try reader.integer(UInt64.self) == Head.magic else { return nil }
            generation = try reader.integer()
            run = try reader.integer()
            segment = SequenceNumber(try reader.integer())
            durable = SequenceNumber(try reader.integer())
            offset = try reader.integer()
            guard let chain = ChainValue(bytes: try reader.take(32)) else { return nil }
            guard segment.isPossible, durable == .none || durable.isPossible else { return nil }
            // One more of each is written: nobody comes that far.
            guard generation < .max, run < UInt64(Int.max) else { return nil }
            self.chain = chain
            _ = try reader.integer(UInt32.self)
            let covered = UnsafeRawBufferPointer(rebasing: slot[..<(Head.slotBytes - 4)])
            guard try reader.integer(UInt32.self) == Checksum.crc32c(covered) else { return nil }
        } catch {
            return nil
        }
    }

    init(
        generation: UInt64,
        run: UInt64,
        segment: SequenceNumber,
        durable: SequenceNumber,
        offset: UInt64,
        chain: ChainValue
    ) {
        self.generation = generation
        self.run = run
        self.segment = segment
        self.durable = durable
        self.offset = offset
        self.chain = chain
    }

    /// The newer of the slots that read well; `nil` when none does.
    static func read(in directory: RecordingDirectory) throws(JournalError) -> Head? {
        guard let bytes = try directory.contents(of: RecordingDirectory.head, limit: 1 << 20) else {
            return nil
        }
        var newest: Head?
        bytes.withUnsafeBytes { all in
            for start in [0, Int(slotDistance)] where start + slotBytes <= all.count {
                let slot = UnsafeRawBufferPointer(rebasing: all[start..<(start + slotBytes)])
                guard let head = Head(slot: slot) else { continue }
                if head.generation > newest?.generation ?? 0 { newest = head }
            }
        }
        return newest
    }
}

/// HEAD as the recorder writes it.
final class HeadFile {
    private let directory: RecordingDirectory
    private let file: OpenFile
    private var generation: UInt64

    /// - Parameter after: the newest generation on disk.
    init(in directory: RecordingDirectory, after generation: UInt64) throws(JournalError) {
        self.directory = directory
        self.generation = generation
        file = try directory.open(RecordingDirectory.head, .readWrite)
        do throws(JournalError) {
            // Both slots have their blocks before the disk can be full.
            let bytes = Head.slotDistance + UInt64(Head.slotBytes)
            try directory.allocate(file, RecordingDirectory.head, bytes: bytes)
        } catch {
            directory.files.close(file)
            throw error
        }
    }

    func close() { directory.files.close(file) }

    /// Writes the slot that is not the newest.
    ///
    /// `head`'s generation is set here.
    func write(_ head: Head) throws(JournalError) {
        generation += 1
        var head = head
        head.generation = generation
        let place = generation % 2 * Head.slotDistance
        let bytes = head.encode()
        try directory.write(file, RecordingDirectory.head, bytes.bytes, at: place)
    }

    func sync() throws(JournalError) { try directory.sync(file, RecordingDirectory.head) }
}

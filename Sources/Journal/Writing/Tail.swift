import Market

/// The write-ahead files of the open chunk, used in turn; the recorder's side.
///
/// An entry is 24 bytes of header and MCAP records, Channels and Messages. Behind the last entry stand 24
/// zero bytes, written with it, so that a clean end can be told from a torn entry.
final class Tails {
    /// One of the two.
    struct Side {
        var file: OpenFile
        var name: String
        /// Where the next entry goes.
        var offset: UInt64 = 0
        /// The last number in it since it was last begun; `none` when nothing.
        var last = SequenceNumber.none
        /// Written since the last sync.
        var isDirty = false
    }

    private let directory: RecordingDirectory
    private let size: UInt64
    private let run: UInt32
    private(set) var sides: [Side]
    private(set) var active = 0
    /// A chunk has gone to the segment since the active side was begun.
    private var hasClosedChunk = false
    /// False after a write or sync failed: the files are not used again.
    private(set) var isUsable = true

    /// Makes both files anew: zeros, synced with the first sync of what is written to them.
    init(in directory: RecordingDirectory, size: Int, run: Int) throws(JournalError) {
        self.directory = directory
        self.size = UInt64(size)
        self.run = UInt32(truncatingIfNeeded: run)
        sides = []
        for name in RecordingDirectory.tails {
            do throws(JournalError) {
                let file = try directory.makeAllocated(name, bytes: UInt64(size))
                sides.append(Side(file: file, name: name))
            } catch {
                for side in sides { directory.files.close(side.file) }
                throw error
            }
        }
    }

    func close() {
        for side in sides { directory.files.close(side.file) }
    }

    /// Whether an entry of this many bytes can be written without a sync of the segment first.
    ///
    /// - Parameter settled: numbers up to this are durable outside the tails.
    func hasRoom(for bytes: Int, settled: SequenceNumber) -> Bool {
        let needed = UInt64(bytes + TailEntry.header)
        if isFree(1 - active, settled), hasClosedChunk { return needed <= size }
        if sides[active].offset + needed <= size { return true }
        return isFree(1 - active, settled) && needed <= size
    }

    /// Writes one entry with one `pwrite`, on the other side when its turn has come.
    ///
    /// - Parameter entry: from ``TailEntry/begin(_:)`` to ``TailEntry/finish(_:run:number:count:)``.
    func write(
        _ entry: borrowing ByteBuffer,
        last: SequenceNumber,
        settled: SequenceNumber
    ) throws(JournalError) {
        let other = 1 - active
        let isFull = sides[active].offset + UInt64(entry.count + TailEntry.header) > size
        if isFull || hasClosedChunk, isFree(other, settled) {
            active = other
            sides[active].offset = 0
            sides[active].last = .none
            hasClosedChunk = false
        }
        let side = sides[active]
        do {
            try directory.write(side.file, side.name, entry.bytes, at: side.offset)
        } catch {
            isUsable = false
            throw error
        }
        // The zeros at the end of the entry are where the next begins.
        sides[active].offset += UInt64(entry.count - TailEntry.header)
        sides[active].last = last
        sides[active].isDirty = true
    }

    /// A chunk is in the segment, so a fresh side holds the next one's records.
    func chunkClosed() { hasClosedChunk = true }

    /// The files written since the last call; they are then clean.
    func takeDirty() -> [Side] {
        // Files that were given up are never synced again; the segment has what they held.
        let dirty = isUsable ? sides.filter(\.isDirty) : []
        for index in sides.indices { sides[index].isDirty = false }
        return dirty
    }

    /// Gives the files up: what they hold is in the segment or lost to a failed sync.
    func abandon() { isUsable = false }

    private func isFree(_ index: Int, _ durable: SequenceNumber) -> Bool {
        sides[index].last <= durable
    }
}

/// The bytes of one tail entry: length, CRC-32C, run, count, first number, records.
enum TailEntry {
    static let header = 24

    static func begin(_ buffer: inout ByteBuffer) {
        buffer.count = 0
        for _ in 0..<3 { buffer.append(UInt64(0)) }
    }

    /// Fills in the header and adds the zeros behind.
    ///
    /// The CRC covers all but itself.
    static func finish(
        _ buffer: inout ByteBuffer,
        run: UInt32,
        number: SequenceNumber,
        count: UInt32
    ) {
        buffer.set(UInt32(buffer.count - header), at: 0)
        buffer.set(run, at: 8)
        buffer.set(count, at: 12)
        buffer.set(number.value, at: 16)
        buffer.set(checksum(buffer.bytes), at: 4)
        for _ in 0..<3 { buffer.append(UInt64(0)) }
    }

    /// Of a whole entry without the zeros behind it.
    static func checksum(_ entry: UnsafeRawBufferPointer) -> UInt32 {
        let length = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: entry[..<4]))
        return Checksum.crc32c(UnsafeRawBufferPointer(rebasing: entry[8...]), from: length)
    }
}

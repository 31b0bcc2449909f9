import Market

/// Blocks that are there when the disk has no more: chunks go here while no segment can be written.
///
/// Its entries are those of a tail (``TailEntry``), each with one Chunk record in it, one behind the other from
/// byte 0. Belongs to the recorder's thread; only syncs of it run elsewhere.
final class Reserve {
    /// Chunks in it never unpack to more, so that a reader can hold all of them.
    static let largestUnpacked = 64 << 20
    /// What a chunk may take more than its records: its own header, the commit, Channels, zstd's frame.
    static let overhead = 64 << 10

    let file: OpenFile
    /// Bytes of entries in it.
    private(set) var offset: UInt64 = 0
    private(set) var isUsable = true
    /// Written since the last sync.
    private(set) var isDirty = false
    /// The last number in it; `none` when it is empty.
    private(set) var last = SequenceNumber.none
    /// The last number in it that a sync has made durable.
    var durable = SequenceNumber.none

    private let directory: RecordingDirectory
    private let size: UInt64
    private let run: UInt32
    private var unpacked = 0
    private var entry = ByteBuffer(capacity: 4096)

    /// Makes the file anew: zeros, with blocks of its own.
    init(in directory: RecordingDirectory, size: Int, run: Int) throws(JournalError) {
        self.directory = directory
        self.size = UInt64(size)
        self.run = UInt32(truncatingIfNeeded: run)
        file = try directory.makeAllocated(RecordingDirectory.reserve, bytes: UInt64(size))
    }

    func close() { directory.files.close(file) }

    /// Whether chunks of this many bytes of records certainly fit.
    func hasRoom(forUnpacked bytes: Int) -> Bool {
        isUsable && unpacked + bytes <= Reserve.largestUnpacked
            && offset + UInt64(bytes + bytes / 128 + Reserve.overhead) <= size
    }

    /// Writes one chunk behind the others; false when it has no room there.
    ///
    /// - Throws: what the disk said; the file is then not used again.
    func append(_ chunk: EncodedChunk) throws(JournalError) -> Bool {
        let needed = UInt64(chunk.buffer.count + 2 * TailEntry.header)
        let records = Int(chunk.entry.uncompressedSize)
        guard isUsable, offset + needed <= size, unpacked + records <= Reserve.largestUnpacked
        else { return false }
        TailEntry.begin(&entry)
        entry.append(chunk.buffer.bytes)
        TailEntry.finish(
            &entry,
            run: run,
            number: chunk.entry.first,
            count: UInt32(
                truncatingIfNeeded: chunk.entry.last.value - chunk.entry.first.value + 1
            )
        )
        do throws(JournalError) {
            try directory.write(file, RecordingDirectory.reserve, entry.bytes, at: offset)
        } catch {
            isUsable = false
            throw error
        }
        offset += UInt64(entry.count - TailEntry.header)
        unpacked += records
        last = chunk.entry.last
        isDirty = true
        entry.shrink(to: 1 << 20)
        return true
    }

    /// The file when it was written since the last call; it is then clean.
    func takeDirty() -> OpenFile? {
        defer { isDirty = false }
        return isDirty && isUsable ? file : nil
    }

    /// After a failed sync.
    func abandon() { isUsable = false }

    /// All of it is durable in a segment.
    func empty() {
        guard last != .none else { return }
        offset = 0
        unpacked = 0
        last = .none
        durable = .none
        isDirty = false
        // Stale entries would do no harm, but the next to open would unpack them.
        TailEntry.begin(&entry)
        do throws(JournalError) {
            try directory.write(file, RecordingDirectory.reserve, entry.bytes, at: 0)
        } catch {
            isUsable = false
        }
    }
}

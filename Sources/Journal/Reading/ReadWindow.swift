/// A stretch of a file in memory that follows its reader.
///
/// It begins small, so that a seek costs no more than what it looks for, and grows while it is read on.
/// Not Sendable: one owner, one thread.
final class ReadWindow {
    static let smallest = 16 << 10
    static let largest = 256 << 10
    /// Nothing larger than this is taken into memory at once.
    static let limit: UInt64 = 128 << 20

    let directory: RecordingDirectory
    let name: String
    /// `nil` while it rests.
    private var file: OpenFile?
    /// Bytes in the file when it was opened or last looked at.
    private(set) var size: UInt64
    private var buffer = ByteBuffer(capacity: ReadWindow.smallest)
    private var start: UInt64 = 0
    private var ahead = ReadWindow.smallest

    init(_ name: String, in directory: RecordingDirectory) throws(JournalError) {
        self.directory = directory
        self.name = name
        guard let file = try directory.openIfThere(name) else {
            throw JournalError(.missing, file: directory.place(name))
        }
        self.file = file
        do throws(JournalError) {
            size = try directory.size(file, name)
        } catch {
            directory.files.close(file)
            throw error
        }
    }

    deinit { if let file { directory.files.close(file) } }

    /// Lets go of file and memory; ``wake()`` comes before the next read.
    func rest() {
        guard let file else { return }
        directory.files.close(file)
        self.file = nil
        buffer.count = 0
        buffer.shrink(to: 0)
    }

    /// Opens the file that has the name now; false where it is of another size.
    func wake() throws(JournalError) -> Bool {
        guard file == nil else { return true }
        guard let again = try directory.openIfThere(name) else {
            throw JournalError(.missing, file: place)
        }
        file = again
        return try directory.size(again, name) == size
    }

    private func opened() throws(JournalError) -> OpenFile {
        guard let file else { throw JournalError(.missing, file: place) }
        return file
    }

    var place: String { directory.place(name) }

    /// The next read is elsewhere: begin with what is wanted there.
    func jump(for count: UInt64 = 0) {
        ahead = min(max(Int(clamping: count), ReadWindow.smallest), ReadWindow.largest)
    }

    /// Gives back all memory but the least.
    func shrink() {
        buffer.count = 0
        buffer.shrink(to: ReadWindow.smallest)
    }

    /// Looks how far the file has grown.
    func refresh() throws(JournalError) { size = max(size, try directory.size(opened(), name)) }

    /// Reads anew next time, where what was read may have been in the middle of a write.
    func forget() { buffer.count = 0 }

    /// Bytes of the file, valid until the next call.
    ///
    /// - Throws: `malformed` where the file is shorter, `tooLarge` above the limit, both before memory is taken.
    func bytes(at offset: UInt64, count: UInt64) throws(JournalError) -> UnsafeRawBufferPointer {
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard !overflow, end <= size else {
            throw JournalError(
                .malformed("the file ends in the middle of a record"),
                file: place,
                offset: offset
            )
        }
        guard count <= ReadWindow.limit else {
            throw JournalError(
                .tooLarge(what: "a record", bytes: count, limit: ReadWindow.limit),
                file: place,
                offset: offset
            )
        }
        if offset < start || end > start + UInt64(buffer.count) {
            let wanted = min(max(count, UInt64(ahead)), size - offset)
            buffer.shrink(to: max(Int(wanted), ReadWindow.largest))
            try directory.read(opened(), name, into: &buffer, count: Int(wanted), at: offset)
            start = offset
            ahead = min(max(ahead, Int(wanted)) * 2, ReadWindow.largest)
            guard UInt64(buffer.count) >= count else {
                throw JournalError(
                    .malformed("the file became shorter while it was read"),
                    file: place,
                    offset: offset
                )
            }
        }
        let inside = Int(offset - start)
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[inside..<(inside + Int(count))])
    }

    /// Opcode and length of the record at `offset`; `nil` at the end of the file.
    func record(at offset: UInt64) throws(JournalError) -> RecordPlace? {
        if offset == size { return nil }
        let header = try bytes(at: offset, count: UInt64(MCAP.recordHeader))
        let length = UInt64(
            littleEndian: header.loadUnaligned(fromByteOffset: 1, as: UInt64.self)
        )
        let place = RecordPlace(opcode: header[0], offset: offset, bodyLength: length)
        guard let end = place.end, end <= size else {
            throw JournalError(
                .malformed("a record of \(length) bytes in a file that ends before"),
                file: self.place,
                offset: offset
            )
        }
        return place
    }

    /// The record at `offset` if all of it is in the file.
    func wholeRecord(at offset: UInt64) throws(JournalError) -> RecordPlace? {
        guard offset < size, size - offset >= UInt64(MCAP.recordHeader) else { return nil }
        let header = try bytes(at: offset, count: UInt64(MCAP.recordHeader))
        let length = header.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
        let place = RecordPlace(opcode: header[0], offset: offset, bodyLength: length)
        guard let end = place.end, end <= size else { return nil }
        return place
    }

    func body(_ record: RecordPlace) throws(JournalError) -> UnsafeRawBufferPointer {
        try bytes(at: record.offset + UInt64(MCAP.recordHeader), count: record.bodyLength)
    }
}

/// Where an MCAP record stands in its file.
struct RecordPlace {
    var opcode: UInt8
    var offset: UInt64
    var bodyLength: UInt64

    /// Behind it; `nil` past 2⁶⁴.
    var end: UInt64? {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(MCAP.recordHeader))
        let (all, more) = end.addingReportingOverflow(bodyLength)
        return overflow || more ? nil : all
    }
}

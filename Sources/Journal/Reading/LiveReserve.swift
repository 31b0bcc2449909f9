import Market

/// The reserve read chunk by chunk while a recorder writes it, for as long as no segment takes chunks.
///
/// It is begun anew after each outage, when all that it held is in a segment. Only an entry whose checksum holds
/// counts, and its own number says what it is. Not Sendable: one owner, one thread.
final class LiveReserve {
    /// Where the next entry is expected.
    private var offset = 0
    /// Number and run of the entry at the front, which change when the file is begun anew.
    private var front: (number: UInt64, run: UInt32) = (0, 0)
    private var window = ByteBuffer(capacity: 4096)

    /// Decodes the chunk that holds the record `next`; false where no whole entry has it.
    ///
    /// - Throws: ``JournalError`` where an entry is whole and its chunk does not read.
    func take(
        _ next: SequenceNumber,
        run: UInt32,
        in directory: RecordingDirectory,
        into chunk: DecodedChunk
    ) throws(JournalError) -> Bool {
        let name = RecordingDirectory.reserve
        // By name each time: the next run makes it anew.
        guard let file = try directory.openIfThere(name) else { return false }
        defer { directory.files.close(file) }
        let size = Int(clamping: try directory.size(file, name))
        try directory.read(file, name, into: &window, count: TailEntry.header, at: 0)
        guard let first = TailHeader(window.bytes, at: 0), first.run == run else { return false }
        if front != (first.number, first.run) {
            front = (first.number, first.run)
            offset = 0
        }
        while true {
            try directory.read(
                file,
                name,
                into: &window,
                count: TailEntry.header,
                at: UInt64(offset)
            )
            guard let header = TailHeader(window.bytes, at: 0), header.run == run,
                header.number <= next.value, header.length <= size - offset - TailEntry.header,
                UInt64(header.length) <= ReadWindow.limit
            else { return false }
            let whole = TailEntry.header + header.length
            let (behind, overflow) = header.number.addingReportingOverflow(UInt64(header.count))
            guard !overflow else { return false }
            if behind <= next.value {
                offset += whole
                continue
            }
            defer { window.shrink(to: 1 << 20) }
            try directory.read(file, name, into: &window, count: whole, at: UInt64(offset))
            guard window.count >= whole else { return false }
            let entry = UnsafeRawBufferPointer(rebasing: window.bytes[..<whole])
            guard TailEntry.checksum(entry) == header.crc else { return false }
            let body = UnsafeRawBufferPointer(
                rebasing: entry[(TailEntry.header + MCAP.recordHeader)...]
            )
            do throws(JournalError.Reason) {
                try chunk.decode(chunk: body, isOurs: true, first: SequenceNumber(header.number))
            } catch {
                throw JournalError(
                    error,
                    file: directory.place(name),
                    offset: UInt64(offset),
                    sequence: next.previous
                )
            }
            return chunk.first <= next && chunk.last >= next
        }
    }
}

import Market

/// One tail file read entry by entry while a recorder writes it.
///
/// The recorder begins the file anew whenever its turn comes. What is read may therefore be old, torn or
/// overwritten meanwhile; only an entry whose checksum holds counts, and its own number says what it is.
/// Not Sendable: one owner, one thread.
final class LiveTail {
    private let name: String
    /// Where the next entry is expected.
    private var offset = 0
    /// Number and run of the entry at the front of the file, which change when the file is begun anew.
    private var front: (number: UInt64, run: UInt32) = (0, 0)
    private var window = ByteBuffer(capacity: 4096)

    /// Entries are read together up to this; a larger one alone.
    private static let ahead = 64 << 10

    init(_ name: String) { self.name = name }

    /// Appends the records from `next` on that stand here to `records`.
    ///
    /// - Returns: the number of the first record appended, at or below `next`; `nil` when the file has no
    ///   whole entry with it.
    func take(
        from next: SequenceNumber,
        run: UInt32,
        in directory: RecordingDirectory,
        into records: inout ByteBuffer
    ) throws(JournalError) -> SequenceNumber? {
        // By name each time: the next run makes the files anew.
        guard let file = try directory.openIfThere(name) else { return nil }
        defer { directory.files.close(file) }
        let size = Int(clamping: try directory.size(file, name))
        try directory.read(file, name, into: &window, count: TailEntry.header, at: 0)
        guard let first = TailHeader(window.bytes, at: 0), first.run == run else { return nil }
        if front != (first.number, first.run) {
            front = (first.number, first.run)
            offset = 0
        }
        var start: SequenceNumber?
        var wanted = next.value
        while records.count < LiveTail.ahead {
            try directory.read(file, name, into: &window, count: LiveTail.ahead, at: UInt64(offset))
            guard let header = TailHeader(window.bytes, at: 0),
                header.length <= size - offset - TailEntry.header
            else { return start }
            if TailEntry.header + header.length > window.count {
                let whole = TailEntry.header + header.length
                guard UInt64(whole) <= ReadWindow.limit else { return start }
                try directory.read(file, name, into: &window, count: whole, at: UInt64(offset))
            }
            let taken = takeEntries(run, &wanted, &start, into: &records)
            window.shrink(to: LiveTail.ahead)
            guard taken > 0 else { return start }
            offset += taken
        }
        return start
    }

    /// Goes over the whole entries in the window and says how many bytes they are.
    private func takeEntries(
        _ run: UInt32,
        _ wanted: inout UInt64,
        _ start: inout SequenceNumber?,
        into records: inout ByteBuffer
    ) -> Int {
        let bytes = window.bytes
        var place = 0
        while let header = TailHeader(bytes, at: place), header.run == run {
            let end = place + TailEntry.header + header.length
            guard end <= bytes.count else { break }
            let entry = UnsafeRawBufferPointer(rebasing: bytes[place..<end])
            guard TailEntry.checksum(entry) == header.crc else { break }
            let (behind, overflow) = header.number.addingReportingOverflow(UInt64(header.count))
            guard !overflow else { break }
            if behind > wanted {
                // What comes before it is in the other file or in the segment.
                guard start == nil ? header.number <= wanted : header.number == wanted else {
                    break
                }
                if start == nil { start = SequenceNumber(header.number) }
                records.append(UnsafeRawBufferPointer(rebasing: entry[TailEntry.header...]))
                wanted = behind
            }
            place = end
        }
        return place
    }
}

/// The fields before an entry's records.
struct TailHeader {
    var length: Int
    var crc: UInt32
    var run: UInt32
    var count: UInt32
    var number: UInt64

    /// `nil` where there is no room for one, or the zeros behind the last.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count - offset >= TailEntry.header else { return nil }
        func field(_ at: Int) -> UInt32 {
            bytes.loadUnaligned(fromByteOffset: offset + at, as: UInt32.self).littleEndian
        }
        length = Int(field(0))
        guard length > 0 else { return nil }
        crc = field(4)
        run = field(8)
        count = field(12)
        number = bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self).littleEndian
    }
}

import Market

/// What the two tails hold of one run, read whole into memory.
///
/// Tails are read before the segment: what a recorder moves from one to the other meanwhile is then seen
/// twice rather than not at all.
struct TailReader {
    /// One Message in `bytes`, and the Channel records of its entry.
    private struct Place {
        var start: Int
        var end: Int
    }

    /// Both files, one behind the other.
    private let bytes: ByteBufferBox
    /// By number.
    private var messages: [UInt64: Place] = [:]
    /// Every Channel seen, by id: the record's bytes.
    private var channels: [UInt16: Place] = [:]
    /// Bytes behind the last whole entry that are neither the end's zeros nor an entry.
    private(set) var torn: [JournalError] = []
    private(set) var tornBytes: UInt64 = 0

    /// `@unchecked Sendable`: filled by its maker, then only read.
    final class ByteBufferBox: @unchecked Sendable {
        var buffer = ByteBuffer(capacity: 4096)
    }

    /// Larger than any tail that a recorder makes.
    private static let limit: UInt64 = 256 << 20

    init(in directory: RecordingDirectory) throws(JournalError) {
        bytes = ByteBufferBox()
        files = []
        for name in RecordingDirectory.tails {
            guard let file = try directory.openIfThere(name) else { continue }
            defer { directory.files.close(file) }
            let size = min(try directory.size(file, name), TailReader.limit)
            let start = bytes.buffer.count
            bytes.buffer.reserve(Int(size))
            let space = UnsafeMutableRawBufferPointer(
                start: bytes.buffer.base + start,
                count: Int(size)
            )
            bytes.buffer.count += try directory.read(file, name, into: space, at: 0)
            files.append((directory.place(name), start, bytes.buffer.count))
        }
    }

    private var files: [(place: String, start: Int, end: Int)]

    var isEmpty: Bool { messages.isEmpty }

    /// Finds the entries of one run; those of others are not ours to read.
    mutating func select(run: Int) {
        for file in files {
            var offset = file.start
            while file.end - offset >= TailEntry.header {
                guard let end = entry(at: offset, limit: file.end, run: run) else {
                    note(file, offset)
                    break
                }
                offset = end
            }
        }
    }

    /// Takes up the entry at `offset` and says where it ends; `nil` when there is none.
    private mutating func entry(at offset: Int, limit: Int, run: Int) -> Int? {
        let all = bytes.buffer.bytes
        let length = Int(all.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
        guard length > 0, length <= limit - offset - TailEntry.header else { return nil }
        let end = offset + TailEntry.header + length
        let whole = UnsafeRawBufferPointer(rebasing: all[offset..<end])
        let crc = whole.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
        guard TailEntry.checksum(whole) == crc,
            whole.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian
                == UInt32(truncatingIfNeeded: run)
        else { return nil }
        var number = whole.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian
        var place = offset + TailEntry.header
        while end - place >= MCAP.recordHeader {
            let size = all.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            guard size <= UInt64(end - place - MCAP.recordHeader) else { return nil }
            let next = place + MCAP.recordHeader + Int(size)
            if all[place] == MCAP.Opcode.message.rawValue, size >= UInt64(MCAP.messageHeader) {
                messages[number] = Place(start: place, end: next)
                number &+= 1
            } else if all[place] == MCAP.Opcode.channel.rawValue, size >= 2 {
                let id = all.loadUnaligned(
                    fromByteOffset: place + MCAP.recordHeader,
                    as: UInt16.self
                ).littleEndian
                channels[id] = Place(start: place, end: next)
            }
            place = next
        }
        return end
    }

    /// The place where entries end: zeros when the last write was whole.
    private mutating func note(_ file: (place: String, start: Int, end: Int), _ offset: Int) {
        let rest = bytes.buffer.bytes[offset..<min(file.end, offset + TailEntry.header)]
        guard rest.contains(where: { $0 != 0 }) else { return }
        // Another run's entries begin at the front of the file and are whole.
        if offset == file.start, isEntryOfAnyRun(at: offset, limit: file.end) { return }
        tornBytes += UInt64(rest.count)
        torn.append(
            JournalError(
                .damaged("bytes behind the last record form none"),
                file: file.place,
                offset: UInt64(offset - file.start)
            )
        )
    }

    private func isEntryOfAnyRun(at offset: Int, limit: Int) -> Bool {
        let all = bytes.buffer.bytes
        let length = Int(all.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
        guard length > 0, length <= limit - offset - TailEntry.header else { return false }
        let whole = UnsafeRawBufferPointer(
            rebasing: all[offset..<(offset + TailEntry.header + length)]
        )
        let crc = whole.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
        return TailEntry.checksum(whole) == crc
    }

    /// The Message record with this number; `nil` when no entry has it.
    func message(_ number: SequenceNumber) -> UnsafeRawBufferPointer? {
        guard let place = messages[number.value] else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes.buffer.bytes[place.start..<place.end])
    }

    /// The Channel record with this id.
    func channel(_ id: UInt16) -> UnsafeRawBufferPointer? {
        guard let place = channels[id] else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes.buffer.bytes[place.start..<place.end])
    }
}

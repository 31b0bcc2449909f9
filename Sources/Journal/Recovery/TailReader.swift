import Market

/// What the two tails and the reserve hold of one run, read whole into memory.
///
/// They are read before the segment: what a recorder moves from one to the other meanwhile is then seen
/// twice rather than not at all.
struct TailReader {
    /// One Message in `bytes`, and the Channel records of its entry.
    private struct Place {
        var start: Int
        var end: Int
        /// In `unpacked` instead of `bytes`.
        var isUnpacked: Bool
    }

    /// The files, one behind the other.
    private let bytes: ByteBufferBox
    /// What the reserve's chunks hold.
    private let unpacked: ByteBufferBox
    private let chunk = DecodedChunk()
    /// By number.
    private var messages: [UInt64: Place] = [:]
    /// Their numbers in order.
    private var order: [UInt64] = []
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
        unpacked = ByteBufferBox()
        files = []
        for name in RecordingDirectory.writeAhead {
            guard let file = try directory.openIfThere(name) else { continue }
            defer { directory.files.close(file) }
            let size = min(try directory.size(file, name), TailReader.limit)
            let start = bytes.buffer.count
            try readEntries(directory, file, name, size, from: start)
            files.append((directory.place(name), start, bytes.buffer.count))
        }
    }

    private var files: [(place: String, start: Int, end: Int)]

    private static let step: UInt64 = 256 << 10

    /// Takes the file's bytes up to the zeros behind its last entry, all of them where an entry has no sensible length.
    ///
    /// What lies behind the zeros is older, and mostly nothing: the reserve of most recordings begins with them.
    private func readEntries(
        _ directory: RecordingDirectory,
        _ file: OpenFile,
        _ name: String,
        _ size: UInt64,
        from start: Int
    ) throws(JournalError) {
        var place: UInt64 = 0
        var have = min(size, UInt64(TailEntry.header))
        try read(directory, file, name, upTo: have, from: start)
        while true {
            let known = UInt64(bytes.buffer.count - start)
            // Shorter than it was a moment ago: there is no more.
            guard known >= have else { return }
            while known - place >= UInt64(TailEntry.header) {
                let at = start + Int(place)
                let header = bytes.buffer.bytes[at..<(at + TailEntry.header)]
                guard header.contains(where: { $0 != 0 }) else { return }
                let length = bytes.buffer.bytes.loadUnaligned(
                    fromByteOffset: at,
                    as: UInt32.self
                ).littleEndian
                let end = place + UInt64(TailEntry.header) + UInt64(length)
                guard length > 0, end <= size else {
                    return try read(directory, file, name, upTo: size, from: start)
                }
                if end > known { break }
                place = end
            }
            guard have < size else { return }
            have = min(size, have + TailReader.step)
            try read(directory, file, name, upTo: have, from: start)
        }
    }

    /// Takes the file's bytes behind those that are there already.
    private func read(
        _ directory: RecordingDirectory,
        _ file: OpenFile,
        _ name: String,
        upTo size: UInt64,
        from start: Int
    ) throws(JournalError) {
        let have = bytes.buffer.count - start
        guard Int(size) > have else { return }
        bytes.buffer.reserve(Int(size) - have)
        let space = UnsafeMutableRawBufferPointer(
            start: bytes.buffer.base + bytes.buffer.count,
            count: Int(size) - have
        )
        bytes.buffer.count += try directory.read(file, name, into: space, at: UInt64(have))
    }

    var isEmpty: Bool { messages.isEmpty }

    /// Finds the entries of one run; those of others are not ours to read.
    mutating func select(run: Int) {
        for file in files {
            var offset = file.start
            var isNoted = false
            while file.end - offset >= TailEntry.header {
                if let end = entry(at: offset, limit: file.end, run: run) {
                    offset = end
                    continue
                }
                if !isNoted { note(file, offset) }
                isNoted = true
                // An older run's files are whole, and none of ours.
                if offset == file.start, isEntry(at: offset, limit: file.end) { break }
                // One that has changed hides no other.
                guard let next = nextEntry(behind: offset, limit: file.end, run: run) else { break }
                offset = next
            }
        }
        order = messages.keys.sorted()
    }

    /// Where the entry at `offset` ends by its own word; `nil` where none can stand there.
    private func end(ofEntryAt offset: Int, limit: Int) -> Int? {
        guard offset <= limit - TailEntry.header else { return nil }
        let all = bytes.buffer.bytes
        let length = Int(all.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
        guard length > 0, length <= limit - offset - TailEntry.header else { return nil }
        return offset + TailEntry.header + length
    }

    /// Whether a whole entry stands there, of one run or, without one, of any.
    private func isEntry(at offset: Int, limit: Int, run: Int? = nil) -> Bool {
        guard let end = end(ofEntryAt: offset, limit: limit) else { return false }
        let whole = UnsafeRawBufferPointer(rebasing: bytes.buffer.bytes[offset..<end])
        guard
            TailEntry.checksum(whole)
                == whole.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
        else { return false }
        let own = whole.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian
        return run.map { own == UInt32(truncatingIfNeeded: $0) } ?? true
    }

    /// Behind bytes that are no entry: where the next one of the run begins.
    ///
    /// Older entries may stand behind the end of the newest. Their numbers are in a chunk by then, byte for byte.
    private func nextEntry(behind offset: Int, limit: Int, run: Int) -> Int? {
        let all = bytes.buffer.bytes
        let wanted = UInt32(truncatingIfNeeded: run)
        // The last write was whole: nothing of ours is behind its zeros.
        guard all[offset..<min(limit, offset + TailEntry.header)].contains(where: { $0 != 0 })
        else { return nil }
        var place = offset + 1
        while limit - place > TailEntry.header {
            defer { place += 1 }
            guard
                all.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self).littleEndian
                    == wanted
            else { continue }
            if isEntry(at: place, limit: limit, run: run) { return place }
        }
        return nil
    }

    /// Takes up the entry at `offset` and says where it ends; `nil` when there is none.
    private mutating func entry(at offset: Int, limit: Int, run: Int) -> Int? {
        guard isEntry(at: offset, limit: limit, run: run),
            let end = end(ofEntryAt: offset, limit: limit)
        else { return nil }
        let all = bytes.buffer.bytes
        let whole = UnsafeRawBufferPointer(rebasing: all[offset..<end])
        var number = whole.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian
        guard SequenceNumber(number).isPossible else { return nil }
        var place = offset + TailEntry.header
        if all[place] == MCAP.Opcode.chunk.rawValue {
            return unpack(all, place, end, SequenceNumber(number)) ? end : nil
        }
        while end - place >= MCAP.recordHeader {
            let size = all.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            guard size <= UInt64(end - place - MCAP.recordHeader) else { return nil }
            let next = place + MCAP.recordHeader + Int(size)
            if all[place] == MCAP.Opcode.message.rawValue, size >= UInt64(MCAP.messageHeader) {
                messages[number] = Place(start: place, end: next, isUnpacked: false)
                number &+= 1
            } else if all[place] == MCAP.Opcode.channel.rawValue, size >= 2 {
                let id = all.loadUnaligned(
                    fromByteOffset: place + MCAP.recordHeader,
                    as: UInt16.self
                ).littleEndian
                channels[id] = Place(start: place, end: next, isUnpacked: false)
            }
            place = next
        }
        return end
    }

    /// Takes up an entry of the reserve: one Chunk record; false where it is none that reads.
    private mutating func unpack(
        _ all: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int,
        _ first: SequenceNumber
    ) -> Bool {
        let size = end - start - MCAP.recordHeader
        guard size >= 0,
            all.loadUnaligned(fromByteOffset: start + 1, as: UInt64.self).littleEndian
                == UInt64(size)
        else { return false }
        let body = UnsafeRawBufferPointer(
            rebasing: all[(start + MCAP.recordHeader)..<end]
        )
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: first)
        } catch {
            return false
        }
        guard chunk.first == first,
            unpacked.buffer.count + chunk.records.count <= Reserve.largestUnpacked
        else { return false }
        let shift = unpacked.buffer.count
        unpacked.buffer.append(chunk.records.bytes)
        var place = 0
        var number = first.value
        while place < chunk.records.count {
            let records = chunk.records.bytes
            let length = Int(
                records.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            )
            let next = place + MCAP.recordHeader + length
            let here = Place(start: shift + place, end: shift + next, isUnpacked: true)
            let id = records.loadUnaligned(
                fromByteOffset: place + MCAP.recordHeader,
                as: UInt16.self
            ).littleEndian
            switch records[place] {
            case MCAP.Opcode.channel.rawValue: channels[id] = here
            case MCAP.Opcode.message.rawValue where id != StreamTable.commitID.value:
                messages[number] = here
                number &+= 1
            default: break
            }
            place = next
        }
        return true
    }

    /// The place where entries end: zeros when the last write was whole.
    private mutating func note(_ file: (place: String, start: Int, end: Int), _ offset: Int) {
        let rest = bytes.buffer.bytes[offset..<min(file.end, offset + TailEntry.header)]
        guard rest.contains(where: { $0 != 0 }) else { return }
        // Another run's entries begin at the front of the file and are whole.
        if offset == file.start, isEntry(at: offset, limit: file.end) { return }
        tornBytes += UInt64(rest.count)
        torn.append(
            JournalError(
                .damaged("bytes behind the last record form none"),
                file: file.place,
                offset: UInt64(offset - file.start)
            )
        )
    }

    /// The Message record with this number; `nil` when no entry has it.
    func message(_ number: SequenceNumber) -> UnsafeRawBufferPointer? {
        messages[number.value].map(bytes(of:))
    }

    /// The lowest number behind this one that an entry has; `nil` where there is none.
    func next(behind number: SequenceNumber) -> SequenceNumber? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if order[middle] > number.value { high = middle } else { low = middle + 1 }
        }
        return low < order.count ? SequenceNumber(order[low]) : nil
    }

    /// The Channel record with this id.
    func channel(_ id: UInt16) -> UnsafeRawBufferPointer? {
        channels[id].map(bytes(of:))
    }

    /// Every Channel that stands in an entry, in the order of ids.
    var allChannels: [MCAP.Channel] {
        channels.keys.sorted().compactMap { id in
            channel(id).flatMap { record in
                try? MCAP.channel(
                    UnsafeRawBufferPointer(rebasing: record[MCAP.recordHeader...])
                )
            }
        }
    }

    private func bytes(of place: Place) -> UnsafeRawBufferPointer {
        let all = place.isUnpacked ? unpacked.buffer.bytes : bytes.buffer.bytes
        return UnsafeRawBufferPointer(rebasing: all[place.start..<place.end])
    }
}

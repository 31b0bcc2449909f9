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
    /// Bytes checked and unpacked for what looked like an entry of the run and was none.
    private(set) var spentInVain: UInt64 = 0

    /// `@unchecked Sendable`: filled by its maker, then only read.
    final class ByteBufferBox: @unchecked Sendable {
        var buffer = ByteBuffer(capacity: 4096)
    }

    private struct File {
        var place: String
        var start: Int
        var end: Int
        /// There is more of it, and too much before that proves nothing.
        var isCut: Bool
    }

    private var files: [File]

    /// Bytes taken of a tail behind those that prove themselves: eight times a whole one.
    ///
    /// What options make larger is read to its end, as long as its entries prove themselves and none is larger than this.
    static let tailLimit: UInt64 = 32 << 20
    /// The same of the reserve: more than its chunks may unpack to, in whichever options.
    static let reserveLimit = UInt64(Reserve.largestUnpacked) + (8 << 20)
    /// Of no file is more taken than this.
    private static let largest: UInt64 = 256 << 20

    private static let step: UInt64 = 256 << 10

    /// - Parameter limit: of each file, in place of its own; tests make it small.
    init(in directory: RecordingDirectory, limit: UInt64? = nil) throws(JournalError) {
        bytes = ByteBufferBox()
        unpacked = ByteBufferBox()
        files = []
        for name in RecordingDirectory.writeAhead {
            guard let file = try directory.openIfThere(name) else { continue }
            defer { directory.files.close(file) }
            let start = bytes.buffer.count
            let own =
                name == RecordingDirectory.reserve
                ? TailReader.reserveLimit : TailReader.tailLimit
            let isCut = try readEntries(directory, file, name, from: start, limit: limit ?? own)
            files.append(
                File(
                    place: directory.place(name),
                    start: start,
                    end: bytes.buffer.count,
                    isCut: isCut
                )
            )
        }
    }

    /// Takes the file's bytes up to the zeros behind its last entry, all of them where an entry has no sensible length.
    ///
    /// What lies behind the zeros is older, and mostly nothing: the reserve of most recordings begins with them.
    ///
    /// - Returns: whether the limit kept it from the file's end.
    private func readEntries(
        _ directory: RecordingDirectory,
        _ file: OpenFile,
        _ name: String,
        from start: Int,
        limit: UInt64
    ) throws(JournalError) -> Bool {
        let size = try directory.size(file, name)
        var place: UInt64 = 0
        // Entries before it have proven themselves: asked only where the limit would be passed.
        var proven: UInt64 = 0
        var have = min(size, UInt64(TailEntry.header))
        try read(directory, file, name, upTo: have, from: start)
        while true {
            let known = UInt64(bytes.buffer.count - start)
            // Shorter than it was a moment ago: there is no more.
            guard known >= have else { return false }
            var wanted = min(size, have + TailReader.step)
            while known - place >= UInt64(TailEntry.header) {
                let at = start + Int(place)
                let header = bytes.buffer.bytes[at..<(at + TailEntry.header)]
                guard header.contains(where: { $0 != 0 }) else { return false }
                let length = bytes.buffer.bytes.loadUnaligned(
                    fromByteOffset: at,
                    as: UInt32.self
                ).littleEndian
                let end = place + UInt64(TailEntry.header) + UInt64(length)
                guard length > 0, end <= size else {
                    wanted = size
                    break
                }
                if end > known { break }
                place = end
            }
            guard have < size else { return false }
            if wanted > proven + limit { proven = provenEnd(proven, place, from: start) }
            wanted = min(wanted, proven + limit, TailReader.largest)
            guard wanted > have else { return true }
            have = wanted
            try read(directory, file, name, upTo: have, from: start)
        }
    }

    /// Where the last of the entries between two places ends whose checksums hold, one behind the other.
    private func provenEnd(_ first: UInt64, _ last: UInt64, from start: Int) -> UInt64 {
        var place = start + Int(first)
        let limit = start + Int(last)
        while let next = end(ofEntryAt: place, limit: limit), checksumHolds(place..<next) {
            place = next
        }
        return UInt64(place - start)
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
            var budget = TailBudget(file.end - file.start)
            var offset = file.start
            var isNoted = false
            var isEnded = false
            while file.end - offset >= TailEntry.header {
                if let end = entry(at: offset, limit: file.end, run: run, &budget) {
                    offset = end
                    continue
                }
                // The last write was whole: nothing of ours is behind its zeros. An older run's files are whole, and
                // none of ours.
                let rest = bytes.buffer.bytes[offset..<(offset + TailEntry.header)]
                isEnded =
                    !rest.contains(where: { $0 != 0 })
                    || offset == file.start && isEntry(at: offset, limit: file.end, &budget)
                if isEnded { break }
                if !isNoted { note(file, offset) }
                isNoted = true
                // One that has changed hides no other.
                guard let next = nextEntry(behind: offset, limit: file.end, run: run, &budget)
                else { break }
                offset = next
            }
            spentInVain += budget.spent
            if budget.isExhausted {
                tell(
                    "what is behind was not searched for records to its end: too much of it looks like records and is none",
                    file,
                    offset
                )
            } else if file.isCut, !isEnded {
                tell(
                    "bytes from here on were not read: too many before them form no record",
                    file,
                    file.end
                )
            }
        }
        order = messages.keys.sorted()
    }

    private mutating func tell(_ what: String, _ file: File, _ offset: Int) {
        torn.append(
            JournalError(
                .damaged(what),
                file: file.place,
                offset: UInt64(offset - file.start)
            )
        )
    }

    /// Where the entry at `offset` ends by its own word; `nil` where none can stand there.
    private func end(ofEntryAt offset: Int, limit: Int) -> Int? {
        guard offset <= limit - TailEntry.header else { return nil }
        let all = bytes.buffer.bytes
        let length = Int(all.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
        guard length > 0, length <= limit - offset - TailEntry.header else { return nil }
        return offset + TailEntry.header + length
    }

    private func checksumHolds(_ entry: Range<Int>) -> Bool {
        let whole = UnsafeRawBufferPointer(rebasing: bytes.buffer.bytes[entry])
        return TailEntry.checksum(whole)
            == whole.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
    }

    /// Whether a whole entry stands there, of one run or, without one, of any.
    private func isEntry(
        at offset: Int,
        limit: Int,
        run: Int? = nil,
        _ budget: inout TailBudget
    ) -> Bool {
        guard let end = end(ofEntryAt: offset, limit: limit) else { return false }
        let own = bytes.buffer.bytes.loadUnaligned(
            fromByteOffset: offset + 8,
            as: UInt32.self
        ).littleEndian
        if let run, own != UInt32(truncatingIfNeeded: run) { return false }
        let cost = UInt64(end - offset)
        guard budget.allows(cost) else { return false }
        let holds = checksumHolds(offset..<end)
        if !holds { budget.charge(cost) }
        return holds
    }

    /// Behind bytes that are no entry: where the next one of the run begins.
    ///
    /// Older entries may stand behind the end of the newest. Their numbers are in a chunk by then, byte for byte.
    private func nextEntry(
        behind offset: Int,
        limit: Int,
        run: Int,
        _ budget: inout TailBudget
    ) -> Int? {
        let all = bytes.buffer.bytes
        let wanted = UInt32(truncatingIfNeeded: run)
        var place = offset + 1
        while limit - place > TailEntry.header, !budget.isExhausted {
            defer { place += 1 }
            guard
                all.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self).littleEndian
                    == wanted
            else { continue }
            if isEntry(at: place, limit: limit, run: run, &budget) { return place }
        }
        return nil
    }

    /// Takes up the entry at `offset` and says where it ends; `nil` when there is none.
    private mutating func entry(
        at offset: Int,
        limit: Int,
        run: Int,
        _ budget: inout TailBudget
    ) -> Int? {
        guard isEntry(at: offset, limit: limit, run: run, &budget),
            let end = end(ofEntryAt: offset, limit: limit)
        else { return nil }
        if take(offset, end, &budget) { return end }
        // A checksum can be made to hold, one inside the other.
        budget.charge(UInt64(end - offset))
        return nil
    }

    /// Takes up what stands in a whole entry; false where it is none that a recorder writes.
    private mutating func take(_ offset: Int, _ end: Int, _ budget: inout TailBudget) -> Bool {
        let all = bytes.buffer.bytes
        let whole = UnsafeRawBufferPointer(rebasing: all[offset..<end])
        var number = whole.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian
        guard SequenceNumber(number).isPossible else { return false }
        var place = offset + TailEntry.header
        if all[place] == MCAP.Opcode.chunk.rawValue {
            return unpack(all, place, end, SequenceNumber(number), &budget)
        }
        while end - place >= MCAP.recordHeader {
            let size = all.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            guard size <= UInt64(end - place - MCAP.recordHeader) else { return false }
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
        return true
    }

    /// Takes up an entry of the reserve: one Chunk record; false where it is none that reads.
    private mutating func unpack(
        _ all: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int,
        _ first: SequenceNumber,
        _ budget: inout TailBudget
    ) -> Bool {
        let size = end - start - MCAP.recordHeader
        guard size >= 0,
            all.loadUnaligned(fromByteOffset: start + 1, as: UInt64.self).littleEndian
                == UInt64(size)
        else { return false }
        let body = UnsafeRawBufferPointer(
            rebasing: all[(start + MCAP.recordHeader)..<end]
        )
        // Before it is unpacked: all of them together are no more.
        guard let claimed = try? MCAP.chunk(body).header.uncompressedSize,
            claimed <= UInt64(Reserve.largestUnpacked - unpacked.buffer.count)
        else { return false }
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: first)
        } catch {
            budget.charge(claimed)
            return false
        }
        guard chunk.first == first else {
            budget.charge(claimed)
            return false
        }
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

    /// The place where entries end, and not with the zeros of a whole write.
    private mutating func note(_ file: File, _ offset: Int) {
        tornBytes += UInt64(TailEntry.header)
        tell("bytes behind the last record form none", file, offset)
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

/// How much of one file may be checked for what looks like an entry and is none.
///
/// The run stands in clear in each entry, and its length may be any: a file made of such headers would otherwise be
/// checked with work that grows with the square of its size. Behind the bound nothing more of the file is searched, and
/// who reads is told. A torn entry is charged once, and text has hardly anything that looks like one.
struct TailBudget {
    static let base: UInt64 = 16 << 20
    static let perByte: UInt64 = 8

    let limit: UInt64
    /// Bytes checked and unpacked in vain: above the limit by no more than one chunk of the reserve.
    private(set) var spent: UInt64 = 0
    /// Something was not tried.
    private(set) var isExhausted = false

    init(_ size: Int) { limit = TailBudget.base + TailBudget.perByte * UInt64(size) }

    /// Whether something that costs so much may be tried; the first that may not ends it.
    mutating func allows(_ cost: UInt64) -> Bool {
        if spent > limit || cost > limit - spent { isExhausted = true }
        return !isExhausted
    }

    mutating func charge(_ cost: UInt64) { spent += cost }
}

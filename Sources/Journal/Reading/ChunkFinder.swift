import Market

/// Finds chunks that prove themselves behind bytes that are no record.
///
/// A length that has changed hides where the next record begins; every chunk of ours carries its own checksum, numbers
/// and links, so that one that is found byte by byte can be believed. What it and its owner read in vain is bounded by
/// ``ChunkBudget``. Not Sendable: one owner, one thread.
final class ChunkFinder {
    private let chunk = DecodedChunk()

    /// A Chunk's compression stands at a fixed place behind its opcode.
    private static let mark: [UInt8] = [4, 0, 0, 0] + Array("zstd".utf8)
    private static let distance = UInt64(MCAP.recordHeader + 8 + 8 + 8 + 4)
    private static let stretch: UInt64 = 64 << 10

    /// A chunk and what its commit says.
    struct Found {
        var place: RecordPlace
        var first: SequenceNumber
        /// Chain value before it.
        var previous: ChainValue
        /// `log_time` of its first Message.
        var time: UInt64
    }

    /// The last search, so that a file with a hole behind each record is not read once for each of them.
    private weak var searched: ReadWindow?
    private var result = Result()
    /// Of the file in hand.
    private(set) var budget = ChunkBudget()
    private weak var budgeted: ReadWindow?

    private struct Result {
        var behind: UInt64 = 0
        var end: UInt64 = 0
        var found: Found?
        /// Places before `found` that look like chunks and were not tried.
        var untried = 0
    }

    /// Places that look like chunks and that the last search did not try, since too many before them were none.
    var untried: Int { result.untried }

    /// The next chunk that begins behind `offset` and ends at `end` or before; `nil` where there is none.
    func next(
        in window: ReadWindow,
        behind offset: UInt64,
        before end: UInt64
    ) throws(JournalError) -> Found? {
        let end = min(end, window.size)
        if searched === window, result.end == end, result.behind <= offset,
            result.found.map({ $0.place.offset > offset }) ?? true
        {
            return result.found
        }
        var fresh = Result(behind: offset, end: end)
        fresh.found = try search(window, behind: offset, before: end, &fresh.untried)
        searched = window
        result = fresh
        return fresh.found
    }

    private func search(
        _ window: ReadWindow,
        behind offset: UInt64,
        before end: UInt64,
        _ untried: inout Int
    ) throws(JournalError) -> Found? {
        var start = offset + 1 + ChunkFinder.distance
        while start < end {
            let count = min(ChunkFinder.stretch, end - start)
            let bytes = Array(try window.bytes(at: start, count: count))
            for candidate in ChunkFinder.places(bytes) {
                let place = start + UInt64(candidate) - ChunkFinder.distance
                guard let record = try? window.record(at: place), let next = record.end,
                    record.opcode == MCAP.Opcode.chunk.rawValue, next <= end,
                    looksLikeChunk(record, in: window)
                else { continue }
                guard admits(record, in: window) else {
                    untried += 1
                    continue
                }
                guard let body = try? window.body(record), chunk.proves(body),
                    let commit = chunk.commits.first
                else {
                    failed(record, in: window)
                    continue
                }
                return Found(
                    place: record,
                    first: chunk.first,
                    previous: commit.previous,
                    time: chunk.startTime
                )
            }
            guard count > UInt64(ChunkFinder.mark.count) else { break }
            // A mark may lie across two stretches.
            start += count - UInt64(ChunkFinder.mark.count - 1)
        }
        return nil
    }

    /// Where reading goes on behind a record that does not read: at its end, or at a chunk before it that proves itself.
    ///
    /// Its length may be what has changed.
    func resume(
        in window: ReadWindow,
        behind offset: UInt64,
        end: UInt64,
        before limit: UInt64
    ) throws(JournalError) -> UInt64 {
        min(end, try next(in: window, behind: offset, before: limit)?.place.offset ?? end)
    }

    // MARK: What is read in vain

    /// Whether the record may be read whole: as long as nothing failed, always.
    func admits(_ record: RecordPlace, in window: ReadWindow) -> Bool {
        guard budgeted === window, budget.isTouched else { return true }
        return budget.allows(cost(of: record, in: window), at: record.offset)
    }

    /// Notes that the record was read and is not what it says.
    func failed(_ record: RecordPlace, in window: ReadWindow) {
        if budgeted !== window {
            budgeted = window
            budget = ChunkBudget()
        }
        budget.charge(cost(of: record, in: window), at: record.offset)
    }

    /// What is thrown in place of reading a record that is not admitted.
    static func refusal(_ record: RecordPlace) -> JournalError.Reason {
        .damaged(
            "a record of \(record.bodyLength) bytes was not tried: too much before it looks like records and is none"
        )
    }

    /// The same error, which says too what the search behind it did not try.
    func explain(_ error: JournalError) -> JournalError {
        guard untried > 0 else { return error }
        var error = error
        error.reason = .damaged("\(error.what); \(ChunkFinder.words(untried))")
        return error
    }

    static func words(_ untried: Int) -> String {
        "\(untried) places behind it that look like chunks were not tried, since too many before them were none"
    }

    private func cost(of record: RecordPlace, in window: ReadWindow) -> UInt64 {
        guard record.opcode == MCAP.Opcode.chunk.rawValue,
            let claimed = peek(record, in: window)?.uncompressedSize,
            // Above the limit nothing is decompressed.
            claimed <= ReadWindow.limit
        else { return record.bodyLength }
        return record.bodyLength.addingReportingOverflow(claimed).partialValue
    }

    /// Whether the lengths of a Chunk's header fit each other, and what is compressed says that it has that length.
    private func looksLikeChunk(_ record: RecordPlace, in window: ReadWindow) -> Bool {
        guard let header = peek(record, in: window), header.uncompressedSize <= ReadWindow.limit,
            header.startTime <= header.endTime
        else { return false }
        let before =
            ChunkFinder.distance - UInt64(MCAP.recordHeader) + UInt64(ChunkFinder.mark.count) + 8
        guard record.bodyLength >= before, header.recordsLength == record.bodyLength - before
        else { return false }
        let start = record.offset + UInt64(MCAP.recordHeader) + before
        let count = min(header.recordsLength, Decompressor.largestHeader)
        guard let frame = try? window.bytes(at: start, count: count) else { return false }
        return Decompressor.mayHold(header.uncompressedSize, frame)
    }

    private func peek(_ record: RecordPlace, in window: ReadWindow) -> MCAP.ChunkHeader? {
        let count = min(record.bodyLength, 64)
        guard
            let bytes = try? window.bytes(
                at: record.offset + UInt64(MCAP.recordHeader),
                count: count
            )
        else { return nil }
        return try? MCAP.chunk(bytes).header
    }

    private static func places(_ bytes: [UInt8]) -> [Int] {
        guard bytes.count >= mark.count else { return [] }
        var places: [Int] = []
        bytes.withUnsafeBytes { bytes in
            let word = mark.withUnsafeBytes { $0.load(as: UInt64.self) }
            for place in 0...(bytes.count - mark.count)
            where bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) == word {
                places.append(place)
            }
        }
        return places
    }
}

extension DecodedChunk {
    /// Decodes a Chunk record's body; true where its checksum, numbers and links hold.
    func proves(_ body: UnsafeRawBufferPointer) -> Bool {
        do throws(JournalError.Reason) {
            try decode(chunk: body, isOurs: true, first: .none)
        } catch {
            return false
        }
        let hasher = ChainHasher()
        var links = commits[...]
        var holds = true
        if let first = links.first { hasher.begin(after: first.previous) }
        forEachRecord { record, header in
            guard header.channel == StreamTable.commitID.value else { return hasher.update(record) }
            guard let link = links.popFirst() else { return }
            if hasher.finish() != link.chain { holds = false }
            if let next = links.first {
                if next.previous != link.chain { holds = false }
                hasher.begin(after: next.previous)
            }
        }
        return holds
    }
}

extension RecordPlace {
    /// Whether the data of a segment of ours may have such a record behind its head.
    var belongs: Bool {
        switch MCAP.Opcode(rawValue: opcode) {
        case .chunk, .attachment, .metadata: true
        // Nothing but a checksum: one of another length is another record whose opcode has changed.
        case .dataEnd: bodyLength == 4
        default: false
        }
    }
}

extension SegmentFile {
    /// Told of a segment whose records are served although its head does not read.
    var presumption: JournalError? {
        headFailure.map { failure in
            var failure = failure
            let first = head?.first ?? SequenceNumber.none
            failure.reason = .damaged(
                "\(failure.what); its records from \(first) on are read from its chunks, "
                    + "and no replay can begin there"
            )
            return failure
        }
    }
}

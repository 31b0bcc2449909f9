import Journal
import Market

/// Which records stand where in a recording's files, and so what one changed byte may cost.
///
/// A chunk's records are those that are missing when its checksum is wrong and no tail has them. That no two chunks
/// share one, and that all of a segment's chunks have all of its records, is checked too.
struct Extents {
    private struct Chunk {
        var bytes: Range<Int>
        var records: ClosedRange<Int>
    }

    private struct Segment {
        var chunks: [Chunk]
        /// All that its chunks hold.
        var records: ClosedRange<Int>?
    }

    private var segments: [String: Segment] = [:]
    /// Behind the last record that is in a chunk of a segment.
    private var firstInTails = 1
    private let last: Int

    init(_ witness: Witness) throws(JournalError) {
        last = witness.records.count
        var bare = witness.image
        for name in ["tail-a", "tail-b", "reserve"] { bare.files[name] = nil }
        let inTails = witness.look(at: bare).missing
        let names = bare.files.keys.filter { $0.hasSuffix(".mcap") }.sorted()
        for name in names {
            var chunks: [Chunk] = []
            for bytes in Extents.chunks(bare.files[name] ?? []) {
                var image = bare
                // The CRC of the records: behind the record's header, two times and a size.
                image.files[name]?[bytes.lowerBound + 9 + 24] ^= 1
                let outcome = witness.look(at: image)
                let last = firstInTails + outcome.missing - inTails - 1
                guard let first = outcome.firstMissing, first == firstInTails, last >= first else {
                    let text =
                        "a bad chunk at \(bytes.lowerBound) of \(name), whose first record is"
                        + " \(firstInTails), costs \(outcome.missing - inTails) records from"
                        + " \(outcome.firstMissing ?? 0) on"
                    throw JournalError(.failed(text), file: name)
                }
                chunks.append(Chunk(bytes: bytes, records: first...last))
                firstInTails = last + 1
            }
            let records = chunks.first.map { $0.records.lowerBound...(firstInTails - 1) }
            segments[name] = Segment(chunks: chunks, records: records)
        }
        guard firstInTails + inTails == last + 1 else {
            let text = "chunks hold records up to \(firstInTails - 1), tails \(inTails) of \(last)"
            throw JournalError(.failed(text), file: MemoryDisk.path)
        }
    }

    /// Where the Chunk records of a file stand.
    private static func chunks(_ bytes: [UInt8]) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var offset = 8
        while offset + 9 <= bytes.count {
            let length = bytes[(offset + 1)..<(offset + 9)].reversed().reduce(0) {
                $0 << 8 | Int($1)
            }
            let end = offset + 9 + length
            if bytes[offset] == 0x06 { chunks.append(offset..<end) }
            // DataEnd: what follows is the summary.
            if bytes[offset] == 0x0f { break }
            offset = end
        }
        return chunks
    }

    /// What is wrong with what is missing after a change; `nil` where it is no more than it must be, and named.
    func complaint(_ change: Flip.Change, _ outcome: Witness.Outcome) -> String? {
        guard let first = outcome.firstMissing, let last = outcome.lastMissing else { return nil }
        let missing = "records \(first) to \(last) are missing"
        guard let allowed = cost(of: change) else { return missing + ", which stand elsewhere" }
        guard allowed.contains(first), allowed.contains(last) else {
            return "\(missing), of which only \(allowed) stand there"
        }
        let isNamed = outcome.words.contains { word in
            word.file.hasSuffix("/" + change.name)
                || word.sequence.map { (UInt64(first - 1)...UInt64(last)).contains($0.value) }
                    ?? false
        }
        return isNamed ? nil : "the bad range is not named: \(missing)"
    }

    /// The records that a change may cost; `nil` for none.
    private func cost(of change: Flip.Change) -> ClosedRange<Int>? {
        if change.name.hasPrefix("tail-") || change.name == "reserve" {
            return firstInTails <= last ? firstInTails...last : nil
        }
        guard let segment = segments[change.name], let records = segment.records else { return nil }
        let offset = change.offset
        guard let place = segment.chunks.firstIndex(where: { offset < $0.bytes.upperBound }) else {
            return nil
        }
        let chunk = segment.chunks[place]
        // Behind a cut there is nothing; a head that does not read is presumed.
        if change.isCut { return chunk.records.lowerBound...records.upperBound }
        return offset < chunk.bytes.lowerBound ? nil : chunk.records
    }
}

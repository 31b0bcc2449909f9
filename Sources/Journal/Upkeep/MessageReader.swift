import Market

/// Every Message record of a segment as its bytes, commits included, one chunk in memory at a time.
///
/// Not Sendable: one owner, one thread.
final class MessageReader {
    let segment: SegmentFile
    /// The chunk in hand.
    let chunk = DecodedChunk()
    private(set) var place: RecordPlace?
    private let limit: UInt64
    private var offset: UInt64
    private var position = 0

    /// - Parameter limit: what lies behind does not count.
    init(_ segment: SegmentFile, limit: UInt64) {
        self.segment = segment
        self.limit = limit
        offset = segment.dataStart
    }

    /// Makes the next chunk the one in hand; false at the end of the data.
    ///
    /// - Throws: where a record or chunk does not read.
    func nextChunk() throws(JournalError) -> Bool {
        position = 0
        while offset < limit, let record = try segment.window.record(at: offset),
            let next = record.end
        {
            if record.opcode == MCAP.Opcode.dataEnd.rawValue { break }
            offset = next
            guard record.opcode == MCAP.Opcode.chunk.rawValue else { continue }
            let body = try segment.window.body(record)
            do throws(JournalError.Reason) {
                try chunk.decode(chunk: body, isOurs: true, first: .none)
            } catch {
                throw segment.error(error, at: record.offset)
            }
            place = record
            return true
        }
        offset = limit
        position = chunk.records.count
        return false
    }

    /// The next Message record of all, opcode and length included; `nil` at the end.
    func next() throws(JournalError) -> UnsafeRawBufferPointer? {
        while true {
            let bytes = chunk.records.bytes
            while position < bytes.count, place != nil {
                let length = bytes.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self)
                    .littleEndian
                let start = position
                position += MCAP.recordHeader + Int(length)
                guard bytes[start] == MCAP.Opcode.message.rawValue else { continue }
                return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
            }
            guard try nextChunk() else { return nil }
        }
    }
}

import Market

/// Where the chunks of a segment are and what they hold: the Attachment `tapedeck.index`.
struct SegmentIndex {
    static let name = "tapedeck.index"
    private static let version: UInt16 = 1

    /// One chunk.
    struct Entry: Hashable {
        /// Of the Chunk record in the file.
        var offset: UInt64
        /// Of the whole record, opcode and length included.
        var length: UInt64
        var first: SequenceNumber
        var last: SequenceNumber
        var startTime: UInt64
        var endTime: UInt64
        var uncompressedSize: UInt64
        var compressedSize: UInt64
        /// Channel ids in it.
        var channels: [UInt16]
    }

    var entries: [Entry] = []
    /// Chain value after the last chunk.
    var chain: ChainValue

    func encode() -> [UInt8] {
        var buffer = ByteBuffer(capacity: 64 + entries.count * 80)
        buffer.append(SegmentIndex.version)
        buffer.append(chain.bytes)
        buffer.append(UInt32(entries.count))
        for entry in entries {
            buffer.append(entry.offset)
            buffer.append(entry.length)
            buffer.append(entry.first.value)
            buffer.append(entry.last.value)
            buffer.append(entry.startTime)
            buffer.append(entry.endTime)
            buffer.append(entry.uncompressedSize)
            buffer.append(entry.compressedSize)
            buffer.append(UInt16(entry.channels.count))
            for channel in entry.channels { buffer.append(channel) }
        }
        return buffer.array
    }

    init(chain: ChainValue) { self.chain = chain }

    init(_ bytes: UnsafeRawBufferPointer) throws(Malformed) {
        var reader = ByteReader(bytes)
        guard try reader.integer(UInt16.self) == SegmentIndex.version else {
            throw Malformed("an index of another version", at: 0)
        }
        guard let chain = ChainValue(bytes: try reader.take(32)) else {
            throw Malformed("an index without chain value", at: 2)
        }
        self.chain = chain
        let count = try reader.integer(UInt32.self)
        // An entry takes 66 bytes at least: a count that cannot be true takes no memory.
        guard UInt64(count) * 66 <= UInt64(reader.remaining) else {
            throw Malformed("an index of \(count) chunks in \(reader.remaining) bytes", at: 34)
        }
        entries.reserveCapacity(Int(count))
        for _ in 0..<count {
            var entry = Entry(
                offset: try reader.integer(),
                length: try reader.integer(),
                first: SequenceNumber(try reader.integer()),
                last: SequenceNumber(try reader.integer()),
                startTime: try reader.integer(),
                endTime: try reader.integer(),
                uncompressedSize: try reader.integer(),
                compressedSize: try reader.integer(),
                channels: []
            )
            let channels = try reader.take(2 * Int(try reader.integer(UInt16.self)))
            entry.channels = Array(unsafeUninitializedCapacity: channels.count / 2) { room, count in
                for place in 0..<(channels.count / 2) {
                    let id = channels.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self)
                    room.initializeElement(at: place, to: id.littleEndian)
                }
                count = channels.count / 2
            }
            guard entry.first.isPossible, entry.last.isPossible else {
                throw Malformed("an index of records that cannot be", at: reader.offset)
            }
            entries.append(entry)
        }
    }

    /// The first entry for which `isBefore` is false; entries are in the order of numbers and times.
    func firstEntry(notBefore isBefore: (Entry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

import Market

/// Gathers Message records until they are a Chunk, and forges the chain's next link over them.
struct ChunkBuilder: ~Copyable {
    /// MCAP bytes: Channels at their first use in this chunk, Messages.
    private(set) var records: ByteBuffer
    private var marks: ChannelMarks
    private let hasher = ChainHasher()
    /// Where in `records` the bytes begin that the hasher has not seen; they end before a Channel.
    private var unhashed = 0

    private(set) var first = SequenceNumber.none
    private(set) var last = SequenceNumber.none
    private(set) var startTime: UInt64 = 0
    private(set) var endTime: UInt64 = 0
    /// When its first record came, in monotonic nanoseconds.
    var opened: Int64 = 0
    /// Chain value before its first record.
    private(set) var previous: ChainValue
    private let size: Int

    init(size: Int, table: StreamTable, chain: ChainValue) {
        records = ByteBuffer(capacity: size + 16_384)
        marks = ChannelMarks(table)
        previous = chain
        self.size = size
        hasher.begin(after: chain)
    }

    var isEmpty: Bool { first == .none }
    var isFull: Bool { records.count >= size }
    /// Ids of the channels in it, in order of first use.
    var channels: [UInt16] { marks.used }
    /// How many Messages of each of `channels`.
    var counts: [UInt64] { marks.usedCounts }

    /// Adds one Message record, opcode and length included.
    @inline(__always)
    mutating func add(
        _ message: UnsafeRawBufferPointer,
        _ header: MessageHeader,
        _ number: SequenceNumber
    ) {
        if let channel = marks.missing(header.channel) { announce(channel) }
        if first == .none {
            first = number
            startTime = header.time
        }
        last = number
        endTime = header.time
        records.append(message)
    }

    @inline(never)
    private mutating func announce(_ channel: [UInt8]) {
        hashUpToHere()
        records.append(channel)
        unhashed = records.count
    }

    private mutating func hashUpToHere() {
        hasher.update(UnsafeRawBufferPointer(rebasing: records.bytes[unhashed...]))
        unhashed = records.count
    }

    /// Ends the chunk with its commit.
    mutating func commit() -> Commit {
        hashUpToHere()
        let commit = Commit(first: first, last: last, previous: previous, chain: hasher.finish())
        if let channel = marks.missing(StreamTable.commitID.value) { records.append(channel) }
        commit.payload().withUnsafeBytes {
            records.message(
                channel: StreamTable.commitID.value,
                sequence: UInt32(truncatingIfNeeded: last.value),
                time: endTime,
                payload: $0
            )
        }
        return commit
    }

    /// Begins the next chunk, behind the link that `commit` closed.
    mutating func begin(after chain: ChainValue) {
        records.count = 0
        records.shrink(to: size * 4 + 16_384)
        marks.beginUnit()
        unhashed = 0
        first = .none
        last = .none
        previous = chain
        hasher.begin(after: chain)
    }
}

/// The fields at the front of a Message record that the journal looks at.
struct MessageHeader {
    var channel: UInt16
    var sequence: UInt32
    var time: UInt64

    /// - Parameter record: at least opcode, length and the header's 22 bytes.
    @inline(__always)
    init(record: UnsafeRawPointer) {
        channel = UInt16(littleEndian: record.loadUnaligned(fromByteOffset: 9, as: UInt16.self))
        sequence = UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 11, as: UInt32.self))
        time = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 15, as: UInt64.self))
    }
}

import Glibc
public import Market

/// The records of one MCAP file as they come out of a pipe, without seeking.
///
/// Memory grows with the bytes that have come and with what they unpack to, never with a length that the file claims,
/// and no record above 128 MiB is taken. Each chunk's CRC is checked before its first record is given. One cursor belongs to one
/// thread at a time.
public final class PipeCursor {
    private let descriptor: Int32
    /// What errors call the file.
    private let file: String
    private let filter: (@Sendable (StreamName) -> Bool)?
    private var buffer = ByteBuffer(capacity: 64 << 10)
    /// What has been used of the buffer.
    private var start = 0
    /// Of the first unused byte in the file.
    private var offset: UInt64 = 0
    /// Of the record in hand, opcode included: where errors say it is.
    private var recordOffset: UInt64 = 0
    private var isOurs = false
    private var isDone = false

    private let chunk = DecodedChunk()
    private var streams: [UInt16: (name: StreamName, passes: Bool)] = [:]
    private var place = 0
    private var number: UInt64 = 1
    private var expected = SequenceNumber.none

    private static let step = 256 << 10
    private static let namesLimit = 8 << 20
    private var nameBytes = 0

    /// Reads the file's beginning.
    ///
    /// - Parameters:
    ///   - descriptor: open for reading; stays open.
    ///   - file: its name in errors.
    ///   - filter: asked once for each stream; `nil` passes all.
    /// - Throws: ``JournalError`` where it does not begin as MCAP does.
    public init(
        _ descriptor: Int32,
        file: String = "stdin",
        streams filter: (@Sendable (StreamName) -> Bool)? = nil
    ) throws(JournalError) {
        self.descriptor = descriptor
        self.file = file
        self.filter = filter
        guard try fill(MCAP.magic.count), unused.prefix(MCAP.magic.count).elementsEqual(MCAP.magic)
        else { throw error(.malformed("the file does not begin as MCAP does")) }
        use(MCAP.magic.count)
        guard let header = try record(), header.opcode == MCAP.Opcode.header.rawValue else {
            throw error(.malformed("the file has no MCAP header"))
        }
        let body = try body(header)
        let profile = try parse { () throws(Malformed) in
            var reader = ByteReader(body)
            return try reader.string()
        }
        isOurs = profile == SegmentHead.profile
        use(body.count)
    }

    /// The next record, or `nil` at the end; its payload is valid until the next call.
    ///
    /// - Throws: ``JournalError`` with file, offset and number. The next call goes on behind what did not read,
    ///   where that can be known.
    public func next() throws(JournalError) -> Record? {
        while true {
            let records = chunk.records.bytes
            while place < records.count, let base = records.baseAddress {
                let record = base + place
                let length = Int(
                    record.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
                )
                place += MCAP.recordHeader + length
                guard record.load(as: UInt8.self) == MCAP.Opcode.message.rawValue else { continue }
                let header = MessageHeader(record: record)
                if isOurs, header.channel == StreamTable.commitID.value { continue }
                let sequence = SequenceNumber(number)
                number &+= 1
                guard streams[header.channel]?.passes ?? (filter == nil) else { continue }
                return Record(
                    sequence: sequence,
                    time: Timestamp(nanoseconds: Int64(bitPattern: header.time)),
                    stream: StreamID(header.channel),
                    payload: UnsafeRawBufferPointer(
                        start: record + MCAP.recordHeader + MCAP.messageHeader,
                        count: length - MCAP.messageHeader
                    )
                )
            }
            guard try advance() else { return nil }
        }
    }

    /// The name of a stream that this cursor has met; of any other, an empty one.
    public func name(of stream: StreamID) -> StreamName {
        streams[stream.value]?.name ?? StreamName("")
    }

    // MARK: Record after record

    private func advance() throws(JournalError) -> Bool {
        place = chunk.records.count
        while !isDone {
            guard let record = try record() else { return false }
            switch MCAP.Opcode(rawValue: record.opcode) {
            case .chunk:
                let body = try body(record)
                defer { use(body.count) }
                try decode { () throws(JournalError.Reason) in
                    try chunk.decode(
                        chunk: body,
                        isOurs: isOurs,
                        first: SequenceNumber(max(number, 1))
                    )
                }
                try begin()
                return true
            case .message where !isOurs:
                // With its opcode and length, which are still in front of the body.
                let body = try body(record)
                defer { use(body.count) }
                var whole = ByteBuffer(capacity: MCAP.recordHeader + body.count)
                whole.append(record.opcode)
                whole.append(UInt64(body.count))
                whole.append(body)
                try decode { () throws(JournalError.Reason) in
                    try chunk.decode(
                        records: whole.bytes,
                        isOurs: false,
                        first: SequenceNumber(number)
                    )
                }
                try begin()
                return true
            case .channel where !isOurs:
                let body = try body(record)
                defer { use(body.count) }
                try register(parse { () throws(Malformed) in try MCAP.channel(body) })
            case .dataEnd, .footer:
                isDone = true
            default:
                try skip(record.length)
            }
        }
        return false
    }

    private func begin() throws(JournalError) {
        var failure: JournalError?
        for channel in chunk.newChannels {
            do throws(JournalError) {
                try register(channel)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        place = 0
        number = chunk.first.value
        let wanted = expected
        expected = chunk.last.next
        if isOurs, wanted != .none, chunk.first != wanted {
            throw error(
                .damaged("records \(wanted) to \(chunk.first.previous) are missing"),
                sequence: wanted.previous
            )
        }
    }

    private func decode(_ body: () throws(JournalError.Reason) -> Void) throws(JournalError) {
        // What does not decode has left something in the chunk all the same, of which nothing may be given out.
        place = .max
        do throws(JournalError.Reason) {
            try body()
        } catch {
            throw self.error(error, sequence: expected.previous)
        }
    }

    private func register(_ channel: MCAP.Channel) throws(JournalError) {
        if let known = streams[channel.id] {
            guard known.name.text != channel.topic else { return }
            nameBytes -= known.name.text.utf8.count
        }
        nameBytes += channel.topic.utf8.count
        guard nameBytes <= PipeCursor.namesLimit else {
            throw error(
                .tooLarge(
                    what: "the names of all streams",
                    bytes: UInt64(nameBytes),
                    limit: UInt64(PipeCursor.namesLimit)
                )
            )
        }
        let name = StreamName(channel.topic)
        streams[channel.id] = (name, filter.map { $0(name) } ?? true)
    }

    // MARK: Bytes

    private var unused: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])
    }

    private func use(_ count: Int) {
        start += count
        offset += UInt64(count)
    }

    /// Opcode and length of the next record, used up; `nil` where the pipe ends between two records.
    private func record() throws(JournalError) -> (opcode: UInt8, length: UInt64)? {
        recordOffset = offset
        guard try fill(MCAP.recordHeader) else {
            isDone = true
            guard unused.isEmpty else { throw ending() }
            return nil
        }
        let header = unused
        let length = header.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
        defer { use(MCAP.recordHeader) }
        return (header[0], length)
    }

    /// A record's body, to be used up by the caller.
    private func body(
        _ record: (opcode: UInt8, length: UInt64)
    ) throws(JournalError) -> UnsafeRawBufferPointer {
        guard record.length <= ReadWindow.limit else {
            isDone = true
            throw error(
                .tooLarge(what: "a record", bytes: record.length, limit: ReadWindow.limit)
            )
        }
        let count = Int(record.length)
        guard try fill(count) else {
            isDone = true
            throw ending()
        }
        return UnsafeRawBufferPointer(rebasing: unused[..<count])
    }

    private func skip(_ length: UInt64) throws(JournalError) {
        var rest = length
        while rest > 0 {
            guard try fill(1) else {
                isDone = true
                throw ending()
            }
            let part = Int(min(rest, UInt64(unused.count)))
            use(part)
            rest -= UInt64(part)
        }
    }

    /// Reads until `count` bytes are unused; false where the pipe ends before.
    private func fill(_ count: Int) throws(JournalError) -> Bool {
        while buffer.count - start < count {
            if start > 0 {
                let rest = buffer.count - start
                memmove(buffer.base, buffer.base + start, rest)
                buffer.count = rest
                start = 0
                buffer.shrink(to: max(rest, PipeCursor.step))
            }
            buffer.reserve(PipeCursor.step)
            let got = read(descriptor, buffer.base + buffer.count, PipeCursor.step)
            if got == 0 { return false }
            guard got > 0 else {
                if errno == EINTR { continue }
                throw error(.system(call: "read", code: errno))
            }
            buffer.count += got
        }
        return true
    }

    private func parse<Value>(
        _ body: () throws(Malformed) -> Value
    ) throws(JournalError) -> Value {
        do throws(Malformed) {
            return try body()
        } catch {
            throw self.error(error.reason(isOurs: isOurs))
        }
    }

    private func ending() -> JournalError {
        error(.malformed("the file ends in the middle of a record"))
    }

    private func error(
        _ reason: JournalError.Reason,
        sequence: SequenceNumber? = nil
    ) -> JournalError {
        JournalError(reason, file: file, offset: recordOffset, sequence: sequence)
    }
}

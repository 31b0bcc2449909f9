import Market
import Synchronization

/// What a segment says of itself at its front: MCAP Header, a `Metadata` record, two Attachments.
struct SegmentHead {
    static let profile = "tapedeck"
    static let library = "tapedeck journal 1"
    static let format = 1
    static let metadataName = "tapedeck.segment"
    static let streamsName = "tapedeck.streams"
    static let checkpointName = "tapedeck.checkpoint"

    /// Where the segment before this one ends; what lies behind that place in it does not count.
    struct Previous: Hashable {
        var name: String
        var end: UInt64
    }

    /// Records that were given up: `first` to `last`, none where `last` is below `first`.
    struct Lost: Hashable {
        var first: SequenceNumber
        var last: SequenceNumber
    }

    var id: String
    var run: Int
    var first: SequenceNumber
    /// Chain value before `first`.
    var chain: ChainValue
    /// `log_time` of the record before `first`.
    var time: Timestamp
    var previous: Previous?
    /// How many of its first records were recovered from tails of the run before.
    var recovered: UInt64
    /// Records before it that recovery could not read; empty where only the link was broken.
    var lost: Lost?
    var labels: [Label]
    /// Every stream of the recording so far, ids from 1 without holes.
    var streams: [ChannelAnnouncement]
    /// The owner's state before `first`; empty when it gave none.
    var checkpoint: [UInt8]

    /// The bytes from the magic to the last of the head, and where its indexed records stand.
    func encode() -> Encoded {
        var buffer = ByteBuffer(capacity: 4096 + checkpoint.count)
        buffer.append(MCAP.magic)
        buffer.header(profile: SegmentHead.profile, library: SegmentHead.library)
        let metadata = buffer.count
        buffer.metadata(MCAP.Metadata(name: SegmentHead.metadataName, values: values))
        // The last value is the checksum of all before it; nothing else guards these bytes until the seal.
        let text = SegmentHead.hex(
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<(buffer.count - 8)]))
        )
        for (index, byte) in text.utf8.enumerated() {
            buffer.set(byte, at: buffer.count - 8 + index)
        }
        let streams = buffer.count
        let streamsAttachment = MCAP.Attachment(
            time: UInt64(bitPattern: time.nanoseconds),
            name: SegmentHead.streamsName,
            mediaType: "application/json",
            data: streamsJSON()
        )
        buffer.attachment(streamsAttachment)
        let checkpointStart = buffer.count
        let checkpointAttachment = MCAP.Attachment(
            time: UInt64(bitPattern: time.nanoseconds),
            name: SegmentHead.checkpointName,
            mediaType: "application/octet-stream",
            data: checkpoint
        )
        buffer.attachment(checkpointAttachment)
        return Encoded(
            bytes: buffer.array,
            metadata: metadata,
            streams: streams,
            checkpoint: checkpointStart
        )
    }

    struct Encoded {
        var bytes: [UInt8]
        var metadata: Int
        var streams: Int
        var checkpoint: Int
    }

    private var values: [Label] {
        var values = [
            Label("format", String(SegmentHead.format)),
            Label("recording", id),
            Label("run", String(run)),
            Label("first", String(first.value)),
            Label("chain", chain.description),
            Label("time", String(time.nanoseconds)),
            Label("recovered", String(recovered)),
        ]
        if let previous {
            values.append(Label("previous", previous.name))
            values.append(Label("previous.end", String(previous.end)))
        }
        if let lost {
            values.append(Label("lost.first", String(lost.first.value)))
            values.append(Label("lost.last", String(lost.last.value)))
        }
        values += labels.map { Label("label." + $0.key, $0.value) }
        values.append(Label("crc32c", "00000000"))
        return values
    }

    private func streamsJSON() -> [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for stream in streams { list.raw(stream.payload()) }
        }
        return writer.bytes
    }

    static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

extension SegmentHead {
    /// Of the first segment of a new recording.
    ///
    /// - Parameters:
    ///   - id: the recording's.
    ///   - time: `log_time` of the record before, in the recording that it follows.
    init(
        beginning id: String,
        _ options: RecorderOptions,
        behind link: RowLink?,
        time: Timestamp,
        checkpoint: [UInt8]
    ) {
        self.init(
            id: id,
            run: 1,
            first: link?.first ?? .first,
            chain: link?.beginning(id: id) ?? ChainHasher.genesis(id: id),
            time: time,
            previous: nil,
            recovered: 0,
            labels: options.labels,
            streams: [],
            checkpoint: checkpoint
        )
    }

    /// From the fields of the `Metadata` record; streams and checkpoint are in Attachments of their own.
    init(_ metadata: MCAP.Metadata) throws(JournalError.Reason) {
        guard let format = metadata["format"].flatMap({ Int($0) }) else {
            throw .damaged("the segment's head has no format")
        }
        guard format <= SegmentHead.format else { throw .newer(format: String(format)) }
        guard let id = metadata["recording"],
            let run = metadata["run"].flatMap({ Int($0) }), run > 0, run < .max,
            let first = metadata["first"].flatMap({ UInt64($0) }),
            SequenceNumber(first).isPossible,
            let chain = metadata["chain"].flatMap({ ChainValue(hex: $0) }),
            let time = metadata["time"].flatMap({ Int64($0) }),
            let recovered = metadata["recovered"].flatMap({ UInt64($0) })
        else { throw .damaged("the segment's head lacks a field") }
        var previous: Previous?
        if let name = metadata["previous"] {
            guard let end = metadata["previous.end"].flatMap({ UInt64($0) }) else {
                throw .damaged("the segment's head lacks a field")
            }
            previous = Previous(name: name, end: end)
        }
        self.init(
            id: id,
            run: run,
            first: SequenceNumber(first),
            chain: chain,
            time: Timestamp(nanoseconds: time),
            previous: previous,
            recovered: recovered,
            lost: metadata["lost.first"].flatMap { UInt64($0) }.flatMap { first in
                metadata["lost.last"].flatMap { UInt64($0) }.map { last in
                    Lost(first: SequenceNumber(first), last: SequenceNumber(last))
                }
            },
            labels: metadata.values.compactMap { label in
                label.key.hasPrefix("label.")
                    ? Label(String(label.key.dropFirst(6)), label.value) : nil
            },
            streams: [],
            checkpoint: []
        )
    }

    /// The list that was read last: the segments of a recording mostly have the same.
    private static let known = Mutex((json: [UInt8](), streams: [ChannelAnnouncement]()))

    /// The streams of a `tapedeck.streams` Attachment; `nil` where it does not list ids 1, 2, 3 ….
    static func streams(_ json: [UInt8]) -> [ChannelAnnouncement]? {
        if let streams = known.withLock({ $0.json == json ? $0.streams : nil }) { return streams }
        guard let streams = parse(json) else { return nil }
        if !streams.isEmpty { known.withLock { $0 = (json, streams) } }
        return streams
    }

    private static func parse(_ json: [UInt8]) -> [ChannelAnnouncement]? {
        guard let list = FlatJSON.parse(json) else { return nil }
        var streams: [ChannelAnnouncement] = []
        for item in list.items {
            guard let number = item["id"]?.number, number == streams.count + 1,
                let id = UInt16(exactly: number), let name = item["stream"]?.text,
                let origin = item["origin"]?.text
            else { return nil }
            streams.append(
                ChannelAnnouncement(id: StreamID(id), name: StreamName(name), origin: origin)
            )
        }
        return streams
    }
}

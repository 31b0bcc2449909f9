import Market
import Synchronization

/// The streams of a recording by id; ids are given in order and never change.
///
/// Shared by the appending thread, which adds, and the recorder's, which looks up what it has not seen.
final class StreamTable: Sendable {
    /// The recorder's own streams, in every recording.
    static let startID = StreamID(1)
    static let channelID = StreamID(2)
    static let commitID = StreamID(3)
    static let own = [
        ChannelAnnouncement(id: startID, name: StreamName(SessionRecords.start), origin: ""),
        ChannelAnnouncement(id: channelID, name: StreamName(SessionRecords.channel), origin: ""),
        ChannelAnnouncement(id: commitID, name: StreamName(SessionRecords.commit), origin: ""),
    ]
    static let largestName = 1024

    private struct Known {
        /// Index `n` is id `n + 1`.
        var streams: [ChannelAnnouncement] = []
        var ids: [String: StreamID] = [:]
    }

    private let known: Mutex<Known>

    /// - Parameter streams: those of earlier runs, ids from 1 without holes; empty for a new recording.
    init(_ streams: [ChannelAnnouncement]) {
        var all = Known()
        // A run may have ended in the middle of announcing the recorder's own.
        for stream in streams + StreamTable.own.dropFirst(streams.count) {
            all.streams.append(stream)
            all.ids[stream.name.text] = stream.id
        }
        known = Mutex(all)
    }

    var streams: [ChannelAnnouncement] { known.withLock { $0.streams } }

    /// The stream's id, given now when it is new.
    func id(named name: String, origin: String) throws(JournalError.Reason) -> StreamID {
        let isPrintable = name.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard isPrintable, (1...StreamTable.largestName).contains(name.utf8.count) else {
            throw .streamName(String(name.prefix(64)))
        }
        let id = known.withLock { known -> StreamID? in
            if let id = known.ids[name] { return id }
            guard let next = UInt16(exactly: known.streams.count + 1) else { return nil }
            let id = StreamID(next)
            known.streams.append(
                ChannelAnnouncement(id: id, name: StreamName(name), origin: origin)
            )
            known.ids[name] = id
            return id
        }
        guard let id else { throw .tooManyStreams }
        return id
    }

    func announcement(of id: StreamID) -> ChannelAnnouncement? {
        known.withLock { known in
            let index = Int(id.value) - 1
            return known.streams.indices.contains(index) ? known.streams[index] : nil
        }
    }
}

extension JournalError.Reason: Error {}

/// Channel records as bytes, and in which unit (a chunk, a tail's life) each was written last.
///
/// A chunk and a tail repeat the Channels they use, so that each can be read with all others lost.
struct ChannelMarks {
    private let table: StreamTable
    private var encoded: [[UInt8]] = []
    private var lastUnit: [UInt64] = []
    private var counts: [UInt64] = []
    private var unit: UInt64 = 1
    /// Ids used in this unit, in order of first use.
    private(set) var used: [UInt16] = []

    init(_ table: StreamTable) { self.table = table }

    mutating func beginUnit() {
        unit += 1
        used.removeAll(keepingCapacity: true)
    }

    /// How many Messages of each of `used` this unit has.
    var usedCounts: [UInt64] { used.map { counts[Int($0)] } }

    /// Counts a Message, and gives the Channel record's bytes when this unit does not have it yet.
    @inline(__always)
    mutating func missing(_ id: UInt16) -> [UInt8]? {
        let index = Int(id)
        if index < lastUnit.count, lastUnit[index] == unit {
            counts[index] &+= 1
            return nil
        }
        return add(index)
    }

    @inline(never)
    private mutating func add(_ index: Int) -> [UInt8] {
        while encoded.count <= index {
            let id = StreamID(UInt16(truncatingIfNeeded: encoded.count))
            var bytes: [UInt8] = []
            if let stream = table.announcement(of: id) {
                var buffer = ByteBuffer(capacity: 256)
                buffer.channel(stream.channel)
                bytes = buffer.array
            }
            encoded.append(bytes)
            lastUnit.append(0)
            counts.append(0)
        }
        lastUnit[index] = unit
        counts[index] = 1
        used.append(UInt16(truncatingIfNeeded: index))
        return encoded[index]
    }
}

extension ChannelAnnouncement {
    var channel: MCAP.Channel {
        MCAP.Channel(id: id.value, topic: name.text, messageEncoding: name.kind.messageEncoding)
    }
}

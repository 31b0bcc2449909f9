import Bybit
import Gateway
import Journal
import Market

/// The journal's streams by the ways in which a live session meets them, looked up once each.
struct StreamTable {
    /// A stream with all that is needed for a record of it.
    struct Entry {
        var id: StreamID
        var name: StreamName
        var route: StreamRoute
    }

    private let recorder: Recorder
    private let origin: String
    private var byName: [String: Entry] = [:]
    /// Topics of each socket by their hash; the topic's bytes are compared, a hash may be shared.
    private var byTopic: [[UInt64: (topic: [UInt8], entry: Entry)]] = []

    init(recorder: Recorder, origin: String) {
        self.recorder = recorder
        self.origin = origin
    }

    mutating func entry(named name: String) throws(JournalError) -> Entry {
        if let known = byName[name] { return known }
        let stream = StreamName(name)
        let entry = Entry(
            id: try recorder.stream(named: name, origin: origin),
            name: stream,
            route: StreamRoute(stream)
        )
        byName[name] = entry
        return entry
    }

    /// The stream of a frame: by the hash of its topic, without making a name of it.
    mutating func entry(
        of frame: UnsafeRawBufferPointer,
        from slot: SocketSlot,
        number: Int
    ) throws(JournalError) -> Entry {
        while byTopic.count <= number { byTopic.append([:]) }
        let topic = StreamNaming.topic(of: frame)
        let hash = StreamNaming.hash(topic)
        if let known = byTopic[number][hash],
            topic.map({ $0.elementsEqual(known.topic) }) ?? known.topic.isEmpty
        {
            return known.entry
        }
        let name = StreamNaming.name(slot.name, topic: topic, slot: slot.slot)
        let entry = try entry(named: name.text)
        byTopic[number][hash] = (topic.map(Array.init) ?? [], entry)
        return entry
    }
}

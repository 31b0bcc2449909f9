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
    private var byTopic: [[UInt64: (topic: [UInt8], entry: Entry, place: Int)]] = []
    /// Who is told of what was heard; `nil`: nobody.
    private let hearing: TopicHearing?

    init(recorder: Recorder, origin: String, hearing: TopicHearing? = nil) {
        self.recorder = recorder
        self.origin = origin
        self.hearing = hearing
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
    ///
    /// - Parameter time: when it came, by the session's clock.
    mutating func entry(
        of frame: UnsafeRawBufferPointer,
        from slot: SocketSlot,
        number: Int,
        at time: Timestamp
    ) throws(JournalError) -> Entry {
        while byTopic.count <= number { byTopic.append([:]) }
        let topic = StreamNaming.topic(of: frame)
        let hash = StreamNaming.hash(topic)
        if let known = byTopic[number][hash],
            topic.map({ $0.elementsEqual(known.topic) }) ?? known.topic.isEmpty
        {
            if known.place >= 0 { hearing?.note(known.place, at: time.nanoseconds) }
            return known.entry
        }
        let name = StreamNaming.name(slot.name, topic: topic, slot: slot.slot)
        let entry = try entry(named: name.text)
        let bytes = topic.map(Array.init) ?? []
        let place = hearing?.place(of: bytes, number: number) ?? -1
        if place >= 0 { hearing?.note(place, at: time.nanoseconds) }
        byTopic[number][hash] = (bytes, entry, place)
        return entry
    }
}

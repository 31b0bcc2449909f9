import Market

/// The streams that a cursor has met, by channel id.
extension Cursor {
    /// Takes up the chunk's new Channels, all of them, also where one contradicts what was known.
    func registerNew(_ segment: SegmentFile) throws(JournalError) {
        var failure: JournalError?
        for channel in chunk.newChannels {
            do throws(JournalError) {
                try register(channel, segment)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    func register(_ channel: MCAP.Channel, _ segment: SegmentFile) throws(JournalError) {
        let id = Int(channel.id)
        if layout.isOurs, id < names.count, let known = names[id], known.text != channel.topic {
            throw segment.error(
                .damaged("channel \(id) is `\(channel.topic)` here and `\(known.text)` before")
            )
        }
        do throws(JournalError.Reason) {
            try add(channel)
        } catch {
            throw segment.error(error)
        }
    }

    func makeRoom(_ id: Int) {
        while names.count <= id {
            names.append(nil)
            isNamed.append(false)
            // Without a Channel a Message has no name, and passes no filter.
            accepts.append(filter == nil ? 1 : 0)
        }
    }

    func add(_ channel: MCAP.Channel) throws(JournalError.Reason) {
        let id = Int(channel.id)
        makeRoom(id)
        guard names[id]?.text != channel.topic else { return }
        nameBytes += channel.topic.utf8.count - (names[id]?.text.utf8.count ?? 0)
        guard nameBytes <= Cursor.nameBytesLimit else {
            throw .tooLarge(
                what: "the names of all streams",
                bytes: UInt64(nameBytes),
                limit: UInt64(Cursor.nameBytesLimit)
            )
        }
        let name = StreamName(channel.topic)
        names[id] = name
        isNamed[id] = true
        accepts[id] = filter.map { $0(name) ? 1 : 0 } ?? 1
    }

    private static let nameBytesLimit = 8 << 20
}

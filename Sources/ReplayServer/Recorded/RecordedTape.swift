import Journal
import Market

/// What came to a bot, read as it is needed: each delivery with its moment, in recorded order.
final class RecordedTape {
    enum Content {
        /// A frame for the bot's socket at this place of ``RecordedSession/sockets``; −1 where the recording has no bot.
        case frame([UInt8], socket: Int, topic: String, socketPath: SocketPath)
        /// The answer to the REST request that this record says.
        case reply(RecordedExchange)
        /// The exchange ended this socket.
        case end(socket: Int)
    }

    struct Item {
        var sequence: SequenceNumber
        var time: Timestamp
        var content: Content

        /// The socket that it goes to; −1 is none.
        var socket: Int {
            switch content {
            case .frame(_, let socket, _, _), .end(let socket): socket
            case .reply: -1
            }
        }
    }

    private let recording: Recording
    private var cursor: Cursor?
    private let session: RecordedSession
    private var opened = 0
    private var current: [String: Int] = [:]
    private var paths: [StreamID: (name: String, path: SocketPath, topic: String)] = [:]
    /// The next delivery; `nil` at the end.
    private(set) var next: Item?
    /// Why the recording reads no further; `nil` while it does.
    private(set) var failure: JournalError?

    init(_ recording: Recording, _ session: RecordedSession) {
        self.recording = recording
        self.session = session
        advance()
    }

    /// The REST exchange that a record says, wherever it stands.
    func exchange(at sequence: SequenceNumber) -> RecordedExchange? {
        do throws(JournalError) {
            let cursor = try recording.cursor(from: .sequence(sequence))
            guard let record = try cursor.next() else { return nil }
            return RecordedExchange(record.payload)
        } catch {
            failure = error
            return nil
        }
    }

    func advance() {
        do throws(JournalError) {
            if cursor == nil { cursor = try recording.cursor() }
            guard let cursor else { return }
            while let record = try cursor.next() {
                if let item = item(record, cursor.name(of: record.stream)) {
                    next = item
                    return
                }
            }
        } catch {
            failure = error
        }
        next = nil
    }

    private func item(_ record: Record, _ name: StreamName) -> Item? {
        let suffix = name.slot > 1 ? "@\(name.slot)" : ""
        switch name.kind {
        case .link:
            guard let link = RecordedLink(record.payload), link.isBot else { return nil }
            if link.change == "connected", link.path != nil {
                current[link.socket] = opened
                opened += 1
            } else if link.change == "disconnected",
                let socket = current.removeValue(forKey: link.socket), link.isByExchange
            {
                return item(record, .end(socket: socket))
            }
            return nil
        case .rest:
            guard session.hasBot, let exchange = RecordedExchange(record.payload), exchange.isBot
            else { return nil }
            return item(record, .reply(exchange))
        case .publicTopic(let category, let topic):
            return frame(record, "public/" + category.name + suffix, .publicData(category), topic)
        case .publicOther(let category):
            return frame(record, "public/" + category.name + suffix, .publicData(category), "")
        case .privateTopic(let account, let topic):
            return frame(record, "private/" + account + suffix, .privateData, topic)
        case .privateOther(let account):
            return frame(record, "private/" + account + suffix, .privateData, "")
        case .trade(let account):
            return frame(record, "trade/" + account + suffix, .trade, "")
        default: return nil
        }
    }

    private func item(_ record: Record, _ content: Content) -> Item {
        Item(sequence: record.sequence, time: record.time, content: content)
    }

    private func frame(
        _ record: Record,
        _ name: String,
        _ path: SocketPath,
        _ topic: String
    ) -> Item? {
        if session.hasBot {
            guard let socket = current[name], !isPong(record.payload, topic) else { return nil }
            return item(
                record,
                .frame(Array(record.payload), socket: socket, topic: topic, socketPath: path)
            )
        }
        guard !topic.isEmpty, StreamName(name).slot == 1 else { return nil }
        return item(
            record,
            .frame(Array(record.payload), socket: -1, topic: topic, socketPath: path)
        )
    }

    /// Pings are the server's to answer, whenever they come.
    private func isPong(_ payload: UnsafeRawBufferPointer, _ topic: String) -> Bool {
        guard topic.isEmpty, payload.count < 512 else { return false }
        let text = String(decoding: payload, as: UTF8.self)
        return text.contains(#""pong""#)
    }
}

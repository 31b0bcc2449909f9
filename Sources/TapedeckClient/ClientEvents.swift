/// The events of one subscription, in the order they happened.
///
/// It begins with the call that made it, and ends when its task is cancelled, the loop over it is left, the client is
/// closed, or the exchange refuses it, which is thrown. A topic is unsubscribed when its last sequence has ended.
/// Meant for one reader: several share the events between them.
///
/// Up to ``ClientConfiguration/buffer`` events wait for a reader, beside at most 64 that are on their way to it. Beyond
/// that the oldest leave, and the reader is told their count in their place: ``ClientEvent/Content/missed(_:)``.
public struct ClientEvents: AsyncSequence, Sendable {
    public typealias Element = ClientEvent
    public typealias Failure = ClientError

    let registration: Registration

    public func makeAsyncIterator() -> Iterator { Iterator(registration: registration) }

    public struct Iterator: AsyncIteratorProtocol {
        public typealias Failure = ClientError

        let registration: Registration
        private var batch: ArraySlice<ClientEvent> = []
        private var isOver = false

        init(registration: Registration) { self.registration = registration }

        public mutating func next() async throws(ClientError) -> ClientEvent? {
            try await next(isolation: #isolation)
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> ClientEvent? {
            if Task.isCancelled {
                registration.leave()
                batch = []
                return nil
            }
            if let event = batch.popFirst() { return event }
            guard !isOver else { return nil }
            switch await registration.take(isolation: actor) {
            case .events(let events): batch = events[...]
            case .end(let error):
                isOver = true
                guard let error else { return nil }
                throw error
            }
            return batch.popFirst()
        }
    }
}

/// A reader's place in the client; when the last that holds it lets go, the reader has left.
final class Registration: Sendable {
    private let id: UInt64
    private let lifetime: Lifetime

    init(_ lifetime: Lifetime, topics: [TopicKey]?, limit: Int) {
        self.lifetime = lifetime
        let id = lifetime.makeID()
        self.id = id
        lifetime.hop.run { $0.join(id, topics, limit: limit) }
    }

    func take(isolation: isolated (any Actor)?) async -> Mailbox.Batch {
        let id = id
        let hop = lifetime.hop
        return await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                hop.run { $0.take(id, taker) }
            }
        } onCancel: {
            hop.run { $0.leave(id) }
        }
    }

    func leave() {
        let id = id
        lifetime.hop.run { $0.leave(id) }
    }

    deinit { leave() }
}

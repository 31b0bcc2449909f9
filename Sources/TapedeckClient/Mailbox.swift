import NIOCore

/// What waits for one reader: bounded, the oldest leave first, and how many left is told.
///
/// Confined to the client's loop.
final class Mailbox {
    enum Batch: Sendable {
        /// At least one.
        case events([ClientEvent])
        case end(ClientError?)
    }

    typealias Taker = CheckedContinuation<Batch, Never>

    /// Most events handed over at once: one hop between threads for many of them.
    static let batchMax = 64

    let topics: [TopicKey]
    private let limit: Int
    private var waiting = CircularBuffer<ClientEvent>()
    private var missed: (count: Int, time: Timestamp)?
    private var takers = CircularBuffer<Taker>()
    private var end: Batch?

    init(topics: [TopicKey], limit: Int) {
        self.topics = topics
        self.limit = max(1, limit)
    }

    /// True once all has been taken that will ever be there.
    var isSpent: Bool { end != nil && waiting.isEmpty && missed == nil }

    func put(_ event: ClientEvent) {
        guard end == nil else { return }
        if let taker = takers.popFirst() {
            taker.resume(returning: .events([event]))
            return
        }
        if waiting.count >= limit, let oldest = waiting.popFirst() {
            missed = ((missed?.count ?? 0) + 1, oldest.time)
        }
        waiting.append(event)
    }

    func take(_ taker: Taker) {
        var batch: [ClientEvent] = []
        if let lost = missed {
            batch.append(ClientEvent(.missed(lost.count), time: lost.time))
            missed = nil
        }
        while batch.count < Mailbox.batchMax, let event = waiting.popFirst() { batch.append(event) }
        if !batch.isEmpty {
            taker.resume(returning: .events(batch))
        } else if let end {
            taker.resume(returning: end)
        } else {
            takers.append(taker)
        }
    }

    /// Nothing comes any more; what waits is still to be taken.
    func finish(_ error: ClientError?) {
        guard end == nil else { return }
        end = .end(error)
        while let taker = takers.popFirst() { taker.resume(returning: .end(error)) }
    }

    /// The reader has gone.
    func abandon() {
        waiting.removeAll()
        missed = nil
        finish(nil)
    }
}

import NIOCore
import Trading

/// What comes from the sockets.
extension ClientLoop {
    func happened(_ message: GatewayMessage) {
        switch message.content {
        case .received(let bytes):
            bytes.withUnsafeReadableBytes { received($0, message.socket, message.time) }
        // The socket has told the limiter, which REST asks too.
        case .sent, .shutOut: break
        case .link(let event): linked(event, message.socket, message.time)
        }
    }

    private func received(_ frame: UnsafeRawBufferPointer, _ number: Int, _ time: Timestamp) {
        confirm(number)
        guard !sockets[number].settings.slot.isPrivate || !scanner.finds(in: frame) else {
            var clean = Array(frame)
            _ = scanner.blank(&clean)
            return clean.withUnsafeBytes { data($0, number, time) }
        }
        data(frame, number, time)
    }

    private func data(_ frame: UnsafeRawBufferPointer, _ number: Int, _ time: Timestamp) {
        guard let topic = StreamNaming.topic(of: frame) else {
            switch ControlFrame(frame) {
            case .answer, .pong: break
            case .other, nil:
                tell(ClientEvent(.unknown(Array(frame)), time: time), socket: number)
            }
            // An answer, which the connection takes in after this; what it confirms is told before the next frame.
            unconfirmed.insert(number)
            loop.assumeIsolated().execute { [weak self] in self?.confirm(number) }
            return
        }
        // A push on its way while its topic was unsubscribed has no reader.
        guard let feed = feed(topic, number) else { return }
        decoder.decode(feed.route, frame, into: &event)
        if event.kind == .unknown {
            return tell(happening(.unknown(Array(frame)), feed, time), feed)
        }
        let effect = feed.take(event, at: time)
        if let content = effect.content { tell(happening(content, feed, time), feed) }
        if effect.isGap { resubscribe(feed) }
    }

    private func feed(_ topic: UnsafeRawBufferPointer, _ number: Int) -> TopicFeed? {
        if let feed = feedsByHash[number][StreamNaming.hash(topic)], feed.isNamed(topic) {
            return feed
        }
        let category: Category?
        switch sockets[number].settings.slot.name {
        case .publicData(let its): category = its
        case .privateData, .trade: category = nil
        }
        return feeds[TopicKey(category: category, name: String(decoding: topic, as: UTF8.self))]
    }

    /// The event that was decoded, as its readers are told it.
    private func happening(
        _ content: ClientEvent.Content,
        _ feed: TopicFeed,
        _ time: Timestamp
    ) -> ClientEvent {
        ClientEvent(
            content,
            category: feed.key.category,
            topic: feed.key.name,
            time: time,
            exchangeMilliseconds: event.exchangeMilliseconds,
            findings: event.findings
        )
    }

    private func tell(_ content: ClientEvent.Content, _ feed: TopicFeed, _ time: Timestamp) {
        tell(
            ClientEvent(content, category: feed.key.category, topic: feed.key.name, time: time),
            feed
        )
    }

    /// Tells which topics the exchange has confirmed since it was last looked at.
    private func confirm(_ number: Int) {
        guard unconfirmed.remove(number) != nil, !isClosed else { return }
        let confirmed = Set(sockets[number].state.subscribed)
        let time = clock.now()
        for feed in feeds(on: number) {
            let isConfirmed = confirmed.contains(feed.key.name)
            guard isConfirmed != feed.isConfirmed else { continue }
            feed.isConfirmed = isConfirmed
            guard isConfirmed else { continue }
            if feed.book?.freshness != .live { feed.book?.expectSnapshot(from: time) }
            tell(.subscribed, feed, time)
        }
    }

    // MARK: - Books and tickers that wait

    private func resubscribe(_ feed: TopicFeed) {
        // Depth 1 sends nothing but snapshots: the next one comes without asking.
        guard let socket = feed.socket, feed.book?.depth != 1 else { return }
        feed.expectSnapshot(from: clock.now())
        sockets[socket].resubscribe(feed.key.name)
    }

    /// Asks again for snapshots that have not come.
    func askForSnapshots() {
        let now = clock.now()
        for key in order {
            guard let feed = feeds[key], feed.isConfirmed, feed.isSnapshotOverdue(at: now)
            else { continue }
            resubscribe(feed)
        }
    }

    // MARK: - Connections

    private func linked(_ event: LinkEvent, _ number: Int, _ time: Timestamp) {
        guard !isClosed else { return }
        var event = event
        event.reason = clean(event.reason)
        if event.change == .failed || event.change == .disconnected {
            failures[number] = event.reason
        }
        tell(ClientEvent(.connection(event), time: time), socket: number)
        switch event.change {
        case .disconnected:
            for feed in feeds(on: number) where feed.lose() {
                tell(.stale(reason: "disconnected: \(event.reason)"), feed, time)
            }
        case .failed: endRefused(number)
        default: break
        }
    }

    /// Ends the sequences of what the exchange does not give.
    private func endRefused(_ number: Int) {
        let socket = sockets[number]
        if let refusal = socket.state.authenticationRefusal {
            let error = ClientError.authenticationRefused(reason: clean(refusal))
            for feed in feeds(on: number) { fail(feed.key, error) }
            // A key does not become right by being shown again.
            socket.stop(reason: "the exchange does not take the key")
            return
        }
        for feed in feeds(on: number) {
            guard let reason = socket.state.refused[feed.key.name] else { continue }
            fail(feed.key, .topicRefused(topic: feed.key.name, reason: clean(reason)))
        }
    }

    /// Text of the exchange without a key or signature of ours.
    private func clean(_ text: String) -> String {
        var text = text
        _ = scanner.blank(&text)
        return text
    }
}

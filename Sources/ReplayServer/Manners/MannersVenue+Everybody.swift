import Market
import Simulation

/// What is done to sockets at once, and to everybody.
extension MannersVenue {
    var isClosed: Bool { closedUntil.map { now < $0 } ?? false }

    func beginMaintenance(_ milliseconds: Int, cause: String) {
        closedUntil = now.advanced(nanoseconds: Int64(max(0, milliseconds)) * 1_000_000)
        manners.note(.maintenance, at: now, cause: cause) {
            $0.field("milliseconds", milliseconds)
            $0.field("sockets", clients.count)
        }
        for client in sockets { client.disconnect() }
    }

    func setClockOffset(_ milliseconds: Int, cause: String) {
        manners.note(.clockOffset, at: now, cause: cause) { $0.field("milliseconds", milliseconds) }
        exchange.driver.clockOffset = Int64(milliseconds) * 1_000_000
    }

    /// Carries an order out at once on every socket that it is meant for; how many there were.
    func carryOut(_ order: MannerOrder) -> Int {
        let cause = "order \(order.number)"
        switch order.manner {
        case .maintenance:
            beginMaintenance(order.milliseconds, cause: cause)
            return 1
        case .clockOffset:
            setClockOffset(order.milliseconds, cause: cause)
            return 1
        default: break
        }
        var count = 0
        var restarted: Set<String> = []
        for client in sockets {
            let isMeant = order.target.takes(
                client: client.number,
                account: alias(of: client),
                path: client.path.text,
                topic: order.target.topic
            )
            guard isMeant else { continue }
            switch order.manner {
            case .disconnect:
                noteSocket(.disconnect, cause, client)
                client.disconnect()
                count += 1
            case .halfOpen:
                noteSocket(.halfOpen, cause, client)
                filters[client.number]?.mute()
                count += 1
            case .nodeRestart:
                guard client.path == .trade else { continue }
                noteSocket(.nodeRestart, cause, client)
                beginRestart(of: client, order.milliseconds, cause)
                count += 1
            default:
                let topics = client.topics.filter {
                    $0.hasPrefix("orderbook.")
                        && (order.target.topic.isEmpty
                            || TextPattern.matches(order.target.topic, $0))
                }
                for topic in topics {
                    noteSocket(order.manner, cause, client, topic: topic)
                    if order.manner == .snapshot {
                        sendSnapshot(of: topic, to: client)
                        count += 1
                    } else if !restarted.insert(client.path.text + " " + topic).inserted
                        || restart(topic, on: client.path)
                    {
                        // One restart is everybody's who hears the book.
                        count += 1
                    }
                }
                client.flush()
            }
        }
        return count
    }

    /// - Parameter milliseconds: until the socket is dropped; 0 leaves that to the client.
    private func beginRestart(of client: Client, _ milliseconds: Int, _ cause: String) {
        filters[client.number]?.restarting = cause
        guard milliseconds > 0 else { return }
        client.schedule(milliseconds) { [weak self, weak client] in
            guard let self, let client else { return }
            noteSocket(.disconnect, cause, client)
            client.disconnect()
        }
    }

    /// The state that the topic's next delta continues from, once more.
    func sendSnapshot(of topic: String, to client: Client) {
        if let tape = exchange.driver.tape { return tape.sendFirst(of: topic, to: client) }
        guard let feed = PublicTopic(topic, on: client.path)?.feed else { return }
        exchange.sendFirst(of: feed, to: client)
    }

    /// Begins `u` again for everybody who subscribes to that book.
    func restart(_ topic: String, on path: SocketPath) -> Bool {
        // Update ids of a recorded book are the recording's.
        guard exchange.driver.tape == nil,
            let feed = PublicTopic(topic, on: path)?.feed, case .stream(let stream) = feed,
            exchange.driver.withExchange({ $0.restartUpdateIDs(of: stream) })
        else { return false }
        for client in sockets where client.path == path && client.topics.contains(topic) {
            exchange.sendFirst(of: feed, to: client)
            client.flush()
        }
        return true
    }

    private func noteSocket(
        _ manner: Manner,
        _ cause: String,
        _ client: Client,
        topic: String? = nil
    ) {
        manners.note(manner, at: now, cause: cause) {
            $0.field("client", Int(client.number))
            let account = alias(of: client)
            if !account.isEmpty { $0.field("account", account) }
            $0.field("path", client.path.text)
            if let topic { $0.field("topic", topic) }
        }
    }
}

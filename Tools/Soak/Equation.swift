/// sent = recorded + named gaps, by connection and topic.
struct Equation {
    /// Pushes that the exchange made for the recorder's sockets.
    private(set) var sent = 0
    private(set) var recorded = 0
    /// Not recorded, of connections whose end is on record.
    private(set) var inDisconnects = 0
    /// Not recorded, and counted in a record.
    private(set) var inShed = 0
    private(set) var topics = 0
    private(set) var connections = 0
    private(set) var problems: [String] = []

    /// - Parameter ending: the reason that the session's own end gives its sockets.
    init(_ exchange: SentCounts, _ row: RecordedCounts, ending: String) {
        var missing: [String: Int] = [:]
        var unseen = exchange.sockets.filter { $0.value.pushes > 0 }
        for connection in row.connections {
            guard let client = connection.client, let socket = exchange.sockets[client] else {
                if !connection.topics.isEmpty {
                    problems.append(
                        "\(connection.socket) is a connection that the exchange has not"
                    )
                }
                continue
            }
            connections += 1
            unseen[client] = nil
            if !socket.fault.isEmpty {
                problems.append("the exchange gave up \(connection.socket): \(socket.fault)")
            }
            let total = socket.topics.values.reduce(0, +)
            if total != socket.pushes {
                problems.append("the exchange counts \(socket.pushes) pushes and \(total) by topic")
            }
            for topic in Set(socket.topics.keys).union(connection.topics.keys).sorted() {
                let (made, kept) = (socket.topics[topic] ?? 0, connection.topics[topic] ?? 0)
                topics += 1
                sent += made
                recorded += kept
                guard made != kept else { continue }
                if made > kept, let end = connection.end, end != ending {
                    inDisconnects += made - kept
                } else if made > kept {
                    missing[connection.socket, default: 0] += made - kept
                } else {
                    problems.append("\(connection.socket) \(topic): \(made) sent, \(kept) recorded")
                }
            }
        }
        for (client, socket) in unseen.sorted(by: { $0.key < $1.key }) {
            problems.append(
                "\(socket.pushes) pushes to socket \(client), \(socket.path), are in no record"
            )
        }
        for socket in Set(missing.keys).union(row.shed.keys).sorted() {
            let (lost, told) = (missing[socket] ?? 0, row.shed[socket] ?? 0)
            inShed += told
            if lost != told {
                problems.append("\(socket): \(lost) missing, \(told) told of as not kept")
            }
        }
    }

    var holds: Bool { problems.isEmpty && sent == recorded + inDisconnects + inShed }
}

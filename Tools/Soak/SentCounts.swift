import JSON

/// What the exchange sent, as its own journal tells: the pushes of each topic, socket by socket.
struct SentCounts {
    struct Socket {
        var path: String
        var pushes: Int
        var topics: [String: Int]
        /// Why the exchange gave it up; empty where it did not.
        var fault: String
    }

    /// By the exchange's number.
    private(set) var sockets: [Int: Socket] = [:]
    private(set) var listed = 0
    private(set) var delivered = 0
    private(set) var notListed = 0

    /// The topics that were sent most, with their numbers.
    var busiest: [String] {
        var sums: [String: Int] = [:]
        for socket in sockets.values {
            for (topic, count) in socket.topics {
                let name = topic.split(separator: ".").dropLast().joined(separator: ".")
                let path = socket.path.split(separator: "/").last ?? ""
                sums["\(path) \(name.isEmpty ? topic : name)", default: 0] += count
            }
        }
        let sorted = sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return sorted.prefix(12).map { "\($0.key) \($0.value)" }
    }

    init(journal path: String) throws {
        let parser = JSONParser()
        for line in Files.bytes(of: path).split(separator: UInt8(ascii: "\n")) {
            try parser.read(Array(line)) { root in
                switch root["what"]?.string {
                case "listed": listed += 1
                case "delivered": delivered += 1
                case "not-listed": notListed += 1
                case "closed":
                    guard let client = root["client"]?.int64 else { return }
                    var topics: [String: Int] = [:]
                    if let counts = root["topics"]?.elements {
                        for count in counts { topics[count.key] = count.int }
                    }
                    sockets[Int(client)] = Socket(
                        path: root["path"]?.string ?? "",
                        pushes: Int(root["pushes"]?.int64 ?? 0),
                        topics: topics,
                        fault: root["reason"]?.string ?? ""
                    )
                default: break
                }
            }
        }
    }
}

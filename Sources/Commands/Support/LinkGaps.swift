import Foundation
import Journal
import Market

/// What a recording says it lacks: times without a connection and messages that were shed, by connection.
struct LinkGaps {
    struct Row {
        /// Times from a lost connection to the next one that is subscribed again.
        var interruptions = 0
        var nanoseconds: Int64 = 0
        var shed: Int64 = 0
    }

    /// By connection, such as `public/linear`.
    private(set) var rows: [String: Row] = [:]
    /// By source, which a merged recording has several of, and connection.
    private var lostAt: [Place: Timestamp] = [:]
    private var source = ""

    private struct Place: Hashable {
        var source: String
        var link: String
    }

    private struct Origin: Decodable { var recording: String }

    private struct Payload: Decodable {
        var change: String
        var count: Int64?
        var from: String?
        var to: String?
    }

    /// Takes up a record of a `link/…` stream; others are passed over.
    mutating func take(_ record: borrowing Record, _ name: StreamName) {
        if name.text == "session/origin",
            let origin = try? JSONDecoder().decode(Origin.self, from: Data(record.payload))
        {
            source = origin.recording
        }
        guard name.text.hasPrefix("link/"),
            let payload = try? JSONDecoder().decode(Payload.self, from: Data(record.payload)),
            let change = LinkEvent.Change(rawValue: payload.change)
        else { return }
        let link = String(name.text.dropFirst(5))
        let place = Place(source: source, link: link)
        switch change {
        case .disconnected:
            if lostAt[place] == nil { lostAt[place] = record.time }
        case .ready:
            // The last loss of a session is its end, and is no gap.
            guard let lost = lostAt.removeValue(forKey: place) else { return }
            rows[link, default: Row()].interruptions += 1
            rows[link, default: Row()].nanoseconds += record.time.nanoseconds - lost.nanoseconds
        case .shed:
            rows[link, default: Row()].shed += payload.count ?? 0
        // A refused subscription interrupts nothing else.
        case .connected, .failed, .rules: break
        case .absent:
            guard let from = payload.from.flatMap({ Int64($0) }),
                let to = payload.to.flatMap({ Int64($0) })
            else { return }
            rows[link, default: Row()].interruptions += 1
            rows[link, default: Row()].nanoseconds += max(0, to - from)
        }
    }

    /// One line for each connection that was interrupted or shed.
    var words: [String] {
        rows.keys.sorted().map { link in
            let row = rows[link] ?? Row()
            var parts: [String] = []
            if row.interruptions > 0 {
                parts.append(
                    "\(Columns.count(row.interruptions, "interruption")), "
                        + "\(Columns.duration(row.nanoseconds)) without data"
                )
            }
            if row.shed > 0 { parts.append("\(Columns.count(Int(row.shed), "message")) shed") }
            return "\(link): " + parts.joined(separator: ", ")
        }
    }
}

import Foundation
import Journal
import Market

/// What operators asked of a session, as its records of `desk/operator` say; what the session asked of itself has no
/// user, and of that marks alone are shown.
struct OperatorNotes {
    struct Note {
        var sequence: SequenceNumber
        var time: Timestamp
        var verb: String
        /// `nil`: a signal, or the session itself.
        var uid: Int64?
        var reason: String
        /// The note of a mark.
        var text: String
    }

    /// The first ones; of the others there is only the count.
    private(set) var notes: [Note] = []
    private(set) var count = 0
    static let shown = 100

    private struct Payload: Decodable {
        var verb: String
        var reason: String?
        var uid: Int64?
        var arguments: [String: String]?
    }

    /// Takes up a record of `desk/operator`; others are passed over.
    mutating func take(_ record: borrowing Record, _ name: StreamName) {
        guard name.text == "desk/operator",
            let payload = try? JSONDecoder().decode(Payload.self, from: Data(record.payload)),
            payload.uid != nil || payload.verb == "mark" || payload.verb == "reload"
        else { return }
        count += 1
        guard notes.count < OperatorNotes.shown else { return }
        notes.append(
            Note(
                sequence: record.sequence,
                time: record.time,
                verb: payload.verb,
                uid: payload.uid,
                reason: payload.reason ?? "",
                text: payload.arguments?[OperatorRequest.text] ?? ""
            )
        )
    }

    /// One line for each.
    var words: [String] {
        var lines = notes.map { note in
            var line = "record \(note.sequence), \(note.time): \(note.verb)"
            if !note.text.isEmpty { line += " \"\(note.text)\"" }
            if !note.reason.isEmpty { line += ", \(note.reason)" }
            return line + (note.uid.map { " (uid \($0))" } ?? "")
        }
        if count > notes.count { lines.append("and \(count - notes.count) more") }
        return lines
    }

    func write(into json: inout JSONWriter) {
        for note in notes {
            json.object {
                $0.field("sequence", note.sequence)
                $0.field("time", note.time.description)
                $0.field("verb", note.verb)
                if let uid = note.uid { $0.field("uid", uid) }
                $0.field("reason", note.reason)
                $0.field("text", note.text)
            }
        }
    }
}

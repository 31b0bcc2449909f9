/// A command that cannot go on: what happened, where, what to do; one status.
struct Failure: Error, CustomStringConvertible {
    var status: ExitStatus
    var what: String
    /// File, offset, sequence number, line: empty when there is no place.
    var place: String
    var todo: String

    init(_ status: ExitStatus, _ what: String, at place: String = "", do todo: String = "") {
        self.status = status
        self.what = what
        self.place = place
        self.todo = todo
    }

    var description: String {
        var text = place.isEmpty ? what : "\(place): \(what)"
        if let last = text.last, !".!?".contains(last) { text += "." }
        return todo.isEmpty ? text : text + " " + todo
    }
}

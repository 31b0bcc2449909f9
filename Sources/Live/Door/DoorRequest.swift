import JSON
import Market

/// A request through the operator's door, as its line says.
///
/// The page `Door` of this module has every request and answer.
struct DoorRequest {
    /// Longest line, bytes.
    static let lineMax = 16_384
    static let reasonMax = 1_024
    static let argumentsMax = 16
    static let valueMax = 4_096

    var verb = ""
    /// Comes back in the answer; empty for none.
    var id = ""
    var reason = ""
    var arguments: [OperatorRequest.Argument] = []
    /// Of the process that asks, as the kernel says.
    var uid: UInt32 = 0

    init(_ line: [UInt8], uid: UInt32, parser: JSONParser) throws(RequestRefusal) {
        self.uid = uid
        let refusal: RequestRefusal?
        do {
            refusal = try parser.read(line) { root in read(root) }
        } catch {
            throw .usage("the line \((error as? JSONError)?.reason.description ?? "\(error)")")
        }
        if let refusal { throw refusal }
    }

    private mutating func read(_ root: JSONValue) -> RequestRefusal? {
        guard root.isObject else { return .usage("the line is no object") }
        for member in root.elements {
            switch member.key {
            case "arguments":
                guard member.isObject, member.count <= DoorRequest.argumentsMax else {
                    return .usage(
                        "arguments is no object of at most \(DoorRequest.argumentsMax) texts"
                    )
                }
                for argument in member.elements {
                    guard let value = argument.string, value.utf8.count <= DoorRequest.valueMax,
                        argument.key.utf8.count <= 64
                    else {
                        return .usage(
                            "an argument is no text of at most \(DoorRequest.valueMax) bytes"
                        )
                    }
                    arguments.append(.init(argument.key, value))
                }
            case "verb", "reason", "id":
                guard let text = member.string, text.utf8.count <= DoorRequest.reasonMax else {
                    return .usage(
                        "\(member.key) is no text of at most \(DoorRequest.reasonMax) bytes"
                    )
                }
                switch member.key {
                case "verb": verb = text
                case "reason": reason = text
                default: id = text
                }
            default:
                return .usage("there is no \(member.key.prefix(64)) in a request")
            }
        }
        return verb.isEmpty ? .usage("verb is missing") : nil
    }

    subscript(name: String) -> String? { arguments.first { $0.name == name }?.value }

    /// The first argument that is none of these, refused.
    func checkArguments(_ known: [String]) throws(RequestRefusal) {
        guard let other = arguments.first(where: { !known.contains($0.name) }) else { return }
        throw .usage("\(verb) has no argument \(other.name)")
    }
}

/// Why what an operator asked for was not done; nothing was changed.
public struct RequestRefusal: Error, Hashable, Sendable {
    /// A word of the command line's exit statuses: `usage`, `session-file`, `refused`, `unavailable`, `busy`, `disk`.
    public var code: String
    public var what: String
    /// File, line and column where there is such a place.
    public var place: String
    public var todo: String

    public init(_ code: String, _ what: String, at place: String = "", do todo: String = "") {
        self.code = code
        self.what = what
        self.place = place
        self.todo = todo
    }

    static func usage(_ what: String) -> RequestRefusal {
        RequestRefusal(
            "usage",
            what,
            do: #"Write one object to a line: {"verb":"status"}; verbs are "#
                + SessionLoop.doorVerbs.joined(separator: ", ") + "."
        )
    }

    func write(into writer: inout JSONWriter) {
        writer.field("code", code)
        writer.field("what", what)
        writer.field("where", place)
        writer.field("todo", todo)
    }
}

extension RequestRefusal: CustomStringConvertible {
    public var description: String {
        var text = place.isEmpty ? what : "\(place): \(what)"
        if let last = text.last, !".!?".contains(last) { text += "." }
        return todo.isEmpty ? text : text + " " + todo
    }
}

/// What a request came to.
enum DoorAnswer {
    /// It was done; what there is to say of it.
    case done((inout JSONWriter) -> Void)
    case refused(RequestRefusal)

    static let schema = "tapedeck.desk/1"

    /// The line that answers a request; `nil` where its line could not be read.
    func line(to request: DoorRequest?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("schema", DoorAnswer.schema)
            if let request {
                $0.field("verb", request.verb)
                if !request.id.isEmpty { $0.field("id", request.id) }
            }
            switch self {
            case .done(let body):
                $0.field("done", true)
                body(&$0)
            case .refused(let refusal):
                $0.field("done", false)
                $0.field("error", object: { refusal.write(into: &$0) })
            }
        }
        writer.newline()
        return writer.bytes
    }
}

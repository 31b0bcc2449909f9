import JSON
public import Market
public import Trading

/// The first record at which a replay and its recording part.
public struct Divergence: Hashable, Sendable {
    /// One field of the two outputs that is not the same; `nil` where one side has no such field.
    public struct Field: Hashable, Sendable {
        public var path: String
        public var recorded: String?
        public var replayed: String?
    }

    /// The recorded output that differs, or the input whose outputs lack or exceed the recorded ones.
    public var sequence: SequenceNumber
    public var time: Timestamp
    /// The input that both answer.
    public var cause: SequenceNumber
    /// Stream of that input, such as `public/linear/orderbook.50.BTCUSDT`.
    public var causeStream: String
    /// Stream and payload of the recorded output; `nil` when nothing was recorded.
    public var recorded: String?
    /// Stream and payload of the replayed output; `nil` when nothing was said.
    public var replayed: String?
    public var fields: [Field]
    /// Payload of the input, cut at 4 KiB; empty where it was not looked up.
    public var event = ""
    /// Components of the state that differed in a report before.
    public var components: [String] = []
    /// Fields in which the state behind the input differs, `left` recorded: known where the recorded state could be made
    /// again, as where parameters were changed.
    public var state: [FieldDifference] = []

    init(
        sequence: SequenceNumber,
        time: Timestamp,
        cause: RecordHeader,
        recorded: (stream: String, bytes: [UInt8])?,
        replayed: (stream: String, bytes: [UInt8])?,
        parser: JSONParser
    ) {
        self.sequence = sequence
        self.time = time
        self.cause = cause.sequence
        self.causeStream = cause.stream.text
        self.recorded = recorded.map { $0.stream + " " + String(decoding: $0.bytes, as: UTF8.self) }
        self.replayed = replayed.map { $0.stream + " " + String(decoding: $0.bytes, as: UTF8.self) }
        self.fields = []
        guard let recorded, let replayed else { return }
        self.fields = Divergence.differences(
            Divergence.leaves(of: recorded.bytes, parser),
            Divergence.leaves(of: replayed.bytes, parser)
        )
    }

    private static func differences(
        _ recorded: [(path: String, text: String)],
        _ replayed: [(path: String, text: String)]
    ) -> [Field] {
        var fields: [Field] = []
        for leaf in recorded {
            let other = replayed.first { $0.path == leaf.path }?.text
            if other != leaf.text {
                fields.append(Field(path: leaf.path, recorded: leaf.text, replayed: other))
            }
        }
        for leaf in replayed where !recorded.contains(where: { $0.path == leaf.path }) {
            fields.append(Field(path: leaf.path, recorded: nil, replayed: leaf.text))
        }
        return fields
    }

    /// Every plain value of an output with its path, in the order of the text.
    private static func leaves(
        of bytes: [UInt8],
        _ parser: JSONParser
    ) -> [(path: String, text: String)] {
        var leaves: [(path: String, text: String)] = []
        do throws(JSONError) {
            try parser.parse(bytes) { root throws(JSONError) in collect(root, "", &leaves) }
        } catch {
            leaves = [("", String(decoding: bytes, as: UTF8.self))]
        }
        return leaves
    }

    private static func collect(
        _ value: JSONValue,
        _ path: String,
        _ leaves: inout [(path: String, text: String)]
    ) {
        if value.isObject {
            for member in value.elements {
                collect(member, path.isEmpty ? member.key : path + "." + member.key, &leaves)
            }
        } else if value.isArray {
            for (place, element) in value.elements.enumerated() {
                collect(element, path + "[\(place)]", &leaves)
            }
        } else {
            leaves.append((path, value.string ?? String(decoding: value.raw, as: UTF8.self)))
        }
    }
}

extension Divergence: CustomStringConvertible {
    public var description: String {
        var text = "replay differs at record \(sequence) (\(time)), in answer to record \(cause) "
        text += "(\(causeStream)):\n"
        text += "  recorded \(recorded ?? "nothing")\n"
        text += "  replayed \(replayed ?? "nothing")"
        for field in fields {
            text += "\n  \(field.path): recorded \(field.recorded ?? "-"),"
            text += " replayed \(field.replayed ?? "-")"
        }
        if !event.isEmpty { text += "\n  event    \(causeStream) \(event)" }
        for name in components { text += "\n  state of \(name) differed before" }
        for field in state {
            text += "\n  state    \(field.path): recorded \(field.left ?? "-"),"
            text += " replayed \(field.right ?? "-")"
        }
        return text
    }
}

import Market

/// The operator's word for a sealed recording: an Ed25519 signature over a statement of its chain values.
///
/// File bytes are not in it, so compaction and pruning leave it true.
public struct Signature: Hashable, Sendable {
    public var key: PublicKey
    /// 64 bytes.
    public var value: [UInt8]
    /// What was signed, as it was signed.
    public var statement: String

    public init(key: PublicKey, value: [UInt8], statement: String) {
        self.key = key
        self.value = value
        self.statement = statement
    }

    /// Signs what the manifest says of the chain.
    init(_ manifest: Manifest, with key: SigningKey) {
        statement = Statement(manifest).text
        self.key = key.publicKey
        value = key.sign(Array(statement.utf8))
    }

    /// Whether the key it names made it.
    public var isGenuine: Bool { key.verifies(value, of: Array(statement.utf8)) }
}

extension Signature {
    private static let keyName = "signature.key"
    private static let valueName = "signature.value"
    private static let statementName = "signature.statement"

    /// As values of the seal.
    var labels: [Label] {
        [
            Label(Signature.keyName, key.description),
            Label(Signature.valueName, Hexadecimal.text(value)),
            Label(Signature.statementName, statement),
        ]
    }

    /// From the seal; `nil` where it has none, or none that reads.
    init?(seal: MCAP.Metadata?) {
        self.init(
            key: seal?[Signature.keyName],
            value: seal?[Signature.valueName],
            statement: seal?[Signature.statementName]
        )
    }

    init?(key: String?, value: String?, statement: String?) {
        guard let key = key.flatMap({ PublicKey(hex: $0) }),
            let value = value.flatMap({ Hexadecimal.bytes($0) }), let statement
        else { return nil }
        self.init(key: key, value: value, statement: statement)
    }
}

/// What a signature is made over: text, one line each for recording, first, last and every segment.
struct Statement: Hashable {
    static let title = "tapedeck.signature/1"

    struct Segment: Hashable {
        var first: SequenceNumber
        /// Below `first` where the segment holds no record.
        var last: SequenceNumber
        var chainFirst: ChainValue
        var chainLast: ChainValue
    }

    var id: String
    var first: SequenceNumber
    var last: SequenceNumber
    var segments: [Segment]

    init(_ manifest: Manifest) {
        id = manifest.id
        first = manifest.first
        last = manifest.last
        segments = manifest.segments.map {
            Segment(
                first: $0.first,
                last: $0.last,
                chainFirst: $0.chainFirst,
                chainLast: $0.chainLast
            )
        }
    }

    var text: String {
        var lines = [Statement.title, "recording \(id)", "first \(first)", "last \(last)"]
        for segment in segments {
            lines.append(
                "segment \(segment.first) \(segment.last) \(segment.chainFirst) \(segment.chainLast)"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// From the text; `nil` for any other than ``text`` writes.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 5, lines[0] == Statement.title, lines.last == "",
            lines[1].hasPrefix("recording "),
            let first = Statement.number(lines[2], "first "),
            let last = Statement.number(lines[3], "last ")
        else { return nil }
        id = String(lines[1].dropFirst(10))
        self.first = first
        self.last = last
        segments = []
        for line in lines[4..<(lines.count - 1)] {
            let words = line.split(separator: " ")
            guard words.count == 5, words[0] == "segment", let first = UInt64(words[1]),
                let last = UInt64(words[2]), let chainFirst = ChainValue(hex: words[3]),
                let chainLast = ChainValue(hex: words[4])
            else { return nil }
            segments.append(
                Segment(
                    first: SequenceNumber(first),
                    last: SequenceNumber(last),
                    chainFirst: chainFirst,
                    chainLast: chainLast
                )
            )
        }
    }

    private static func number(_ line: Substring, _ name: String) -> SequenceNumber? {
        guard line.hasPrefix(name) else { return nil }
        return UInt64(line.dropFirst(name.count)).map { SequenceNumber($0) }
    }
}

import Market

extension Manifest {
    static let schema = "tapedeck.manifest/1"

    /// The file's text: one object, a segment to a line.
    public func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("schema", Manifest.schema)
            $0.field("recording", id)
            $0.field("state", state.rawValue)
            $0.field("runs", runs)
            $0.field("first", first)
            $0.field("last", last)
            $0.field("started", started.description)
            $0.field("started_ns", String(started.nanoseconds))
            $0.field("ended", ended.description)
            $0.field("ended_ns", String(ended.nanoseconds))
            $0.field(
                "labels",
                object: { object in
                    for label in labels { object.field(label.key, label.value) }
                }
            )
            if let previous = row?.previous {
                $0.field(
                    "previous",
                    object: {
                        $0.field("recording", previous.recording)
                        $0.field("last", previous.last)
                        $0.field("chain", previous.chain.description)
                    }
                )
            }
            if let signature {
                $0.field(
                    "signature",
                    object: {
                        $0.field("key", signature.key.description)
                        $0.field("value", Hexadecimal.text(signature.value))
                        $0.field("statement", signature.statement)
                    }
                )
            }
            $0.field(
                "segments",
                array: { array in
                    for segment in segments {
                        array.object {
                            $0.field("name", segment.name)
                            $0.field("first", segment.first)
                            $0.field("last", segment.last)
                            $0.field("chain_first", segment.chainFirst.description)
                            $0.field("chain_last", segment.chainLast.description)
                        }
                    }
                }
            )
        }
        return writer.bytes + [0x0a]
    }

    /// From the file's text; `nil` when it is none of ours.
    public init?(json bytes: [UInt8]) {
        guard let json = FlatJSON.parse(bytes), json["schema"]?.text == Manifest.schema,
            let id = json["recording"]?.text,
            let state = json["state"]?.text.flatMap({ State(rawValue: $0) }),
            let runs = json["runs"]?.number, let first = json["first"]?.sequence,
            let last = json["last"]?.sequence,
            let started = json["started_ns"]?.text.flatMap({ Int64($0) }),
            let ended = json["ended_ns"]?.text.flatMap({ Int64($0) }),
            let list = json["segments"]
        else { return nil }
        var labels: [Label] = []
        if case .object(let members)? = json["labels"] {
            for member in members {
                guard let value = member.value.text else { return nil }
                labels.append(Label(member.key, value))
            }
        }
        var signature: Signature?
        if let object = json["signature"] {
            signature = Signature(
                key: object["key"]?.text,
                value: object["value"]?.text,
                statement: object["statement"]?.text
            )
            guard signature != nil else { return nil }
        }
        var segments: [Segment] = []
        for item in list.items {
            guard let name = item["name"]?.text, let first = item["first"]?.sequence,
                let last = item["last"]?.sequence,
                let chainFirst = item["chain_first"]?.text.flatMap({ ChainValue(hex: $0) }),
                let chainLast = item["chain_last"]?.text.flatMap({ ChainValue(hex: $0) })
            else { return nil }
            segments.append(
                Segment(
                    name: name,
                    first: first,
                    last: last,
                    chainFirst: chainFirst,
                    chainLast: chainLast
                )
            )
        }
        self.init(
            id: id,
            state: state,
            runs: Int(runs),
            first: first,
            last: last,
            started: Timestamp(nanoseconds: started),
            ended: Timestamp(nanoseconds: ended),
            segments: segments,
            labels: labels,
            signature: signature
        )
    }
}

extension FlatJSON {
    var sequence: SequenceNumber? {
        number.flatMap { UInt64(exactly: $0) }.map { SequenceNumber($0) }
    }
}

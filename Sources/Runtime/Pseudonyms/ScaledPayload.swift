import JSON
import Market

/// Multiplies the amounts of a payload.
struct ScaledPayload {
    let scale: AmountScale
    /// Amounts whose product has no place in a number of ours; they stand as they stood.
    private(set) var unscaled = 0

    init(_ scale: AmountScale) { self.scale = scale }

    mutating func rewritten(_ payload: [UInt8], _ kind: StreamKind) -> [UInt8] {
        guard let fields = AmountFields(kind) else { return payload }
        guard case .rest = kind else { return scaled(payload[...], fields) }
        return exchange(payload, fields) ?? payload
    }

    /// A record of REST: its line says how long both bodies are.
    private mutating func exchange(_ payload: [UInt8], _ fields: AmountFields) -> [UInt8]? {
        guard let end = payload.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = payload[..<end]
        let bodies = payload[(end + 1)...]
        guard let length = ScaledPayload.number("request", in: line), length.value <= bodies.count
        else { return nil }
        let request = scaled(bodies.prefix(length.value), fields)
        let reply = scaled(bodies.dropFirst(length.value), fields)
        var head = Array(line)
        // The later one first: the other's place stays.
        for (name, count) in [("response", reply.count), ("request", request.count)] {
            guard let place = ScaledPayload.number(name, in: head[...]) else { return nil }
            head.replaceSubrange(place.range, with: Array(String(count).utf8))
        }
        return head + [UInt8(ascii: "\n")] + request + reply
    }

    /// A whole number of a line of ours, by its name.
    private static func number(
        _ name: String,
        in line: ArraySlice<UInt8>
    ) -> (value: Int, range: Range<Int>)? {
        let key = Array("\"\(name)\":".utf8)
        var start = line.startIndex
        while start + key.count < line.endIndex {
            guard line[start..<(start + key.count)].elementsEqual(key) else {
                start += 1
                continue
            }
            let first = start + key.count
            var last = first
            while last < line.endIndex, (0x30...0x39).contains(line[last]) { last += 1 }
            guard let value = Int(String(decoding: line[first..<last], as: UTF8.self)) else {
                return nil
            }
            return (value, first..<last)
        }
        return nil
    }

    // MARK: JSON

    /// An object or an array that is open.
    private struct Level {
        var isArray: Bool
        /// The name of the member that it is, or of the array around it.
        var name: String
        /// Items before the present one.
        var column = 0
        /// The name of the object's present member.
        var member = ""
        /// Of a verdict's check that counts orders: its numbers are no amounts.
        var isCount = false
    }

    private mutating func scaled(_ text: ArraySlice<UInt8>, _ fields: AmountFields) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + 64)
        var levels: [Level] = []
        var place = text.startIndex
        while place < text.endIndex {
            let byte = text[place]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let name = levels.last.map { $0.isArray ? $0.name : $0.member } ?? ""
                levels.append(Level(isArray: byte == UInt8(ascii: "["), name: name))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
            case UInt8(ascii: ","): if let last = levels.indices.last { levels[last].column += 1 }
            case UInt8(ascii: "\""):
                let end = ScaledPayload.end(ofString: place, in: text)
                let inside = text[(place + 1)..<max(place + 1, end - 1)]
                let isName = end < text.endIndex && text[end] == UInt8(ascii: ":")
                if isName, let last = levels.indices.last {
                    levels[last].member = String(decoding: inside, as: UTF8.self)
                    out.append(contentsOf: text[place..<end])
                } else {
                    if let last = levels.indices.last, levels[last].member == "limit" {
                        levels[last].isCount = inside.elementsEqual("open_orders".utf8)
                    }
                    out.append(byte)
                    out.append(contentsOf: value(inside, levels.last, fields))
                    out.append(byte)
                }
                place = end
                continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                var end = place
                while end < text.endIndex, ScaledPayload.isOfNumber(text[end]) { end += 1 }
                out.append(contentsOf: value(text[place..<end], levels.last, fields))
                place = end
                continue
            default: break
            }
            out.append(byte)
            place += 1
        }
        return out
    }

    private mutating func value(
        _ text: ArraySlice<UInt8>,
        _ level: Level?,
        _ fields: AmountFields
    ) -> [UInt8] {
        guard let level, !level.isCount,
            fields.has(
                level.isArray ? level.name : level.member,
                in: level.name,
                column: level.isArray ? level.column : nil
            ), !text.isEmpty
        else { return Array(text) }
        guard let product = scale.scaled(text) else {
            if text.contains(where: { (0x31...0x39).contains($0) }) { unscaled += 1 }
            return Array(text)
        }
        return product
    }

    private static func end(ofString start: Int, in text: ArraySlice<UInt8>) -> Int {
        var place = start + 1
        while place < text.endIndex, text[place] != UInt8(ascii: "\"") {
            place += text[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place + 1, text.endIndex)
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

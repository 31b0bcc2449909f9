/// Ids that a client made anew, one to one with the recorded ones; texts as they stand in JSON, quotes included.
struct IdentityMap: Hashable {
    private(set) var seenOf: [String: String] = [:]
    private var recordedOf: [String: String] = [:]
    /// Some id is not the recorded one: frames have to be rewritten.
    private(set) var changes = false

    /// Why the two cannot be one id; `nil` where they can.
    func contradiction(recorded: String, seen: String) -> String? {
        if let other = seenOf[recorded], other != seen {
            return "the recorded \(recorded) was \(other) before"
        }
        if let other = recordedOf[seen], other != recorded {
            return "\(seen) was the recorded \(other) before"
        }
        return nil
    }

    mutating func note(recorded: String, seen: String) {
        guard seenOf.updateValue(seen, forKey: recorded) == nil else { return }
        recordedOf[seen] = recorded
        if recorded != seen { changes = true }
    }
}

/// Puts a client's own ids, and times of its own clock, in the place of the recorded ones.
struct PayloadRewriter {
    var links = IdentityMap()
    /// What is added to each recorded time, nanoseconds; times outside of ``times`` stay as they are.
    var shift: Int64 = 0
    /// Unix milliseconds between which a number of thirteen digits is taken for a time of the session.
    var times: ClosedRange<Int64> = 0...0

    /// - Parameter requests: the request ids of the socket.
    func rewritten(
        _ bytes: UnsafeRawBufferPointer,
        requests: IdentityMap = IdentityMap(),
        isPrivate: Bool
    ) -> [UInt8] {
        let mayHaveIDs = isPrivate && (links.changes || requests.changes) || requests.changes
        guard mayHaveIDs || shift != 0 else { return Array(bytes) }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + 64)
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            let start = place
            if byte == UInt8(ascii: "\"") {
                place += 1
                while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
                    place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
                }
                place = min(place + 1, bytes.count)
            } else if byte.isDigit {
                while place < bytes.count, bytes[place].isDigit { place += 1 }
                // A fraction or an exponent is no id and no time.
                let next = place < bytes.count ? bytes[place] : 0
                let before = start > 0 ? bytes[start - 1] : 0
                if next == UInt8(ascii: ".") || before == UInt8(ascii: ".") {
                    out.append(contentsOf: bytes[start..<place])
                    continue
                }
            } else {
                out.append(byte)
                place += 1
                continue
            }
            let token = bytes[start..<place]
            if mayHaveIDs, token.count <= 130 {
                let text = String(decoding: token, as: UTF8.self)
                if let other = links.seenOf[text] ?? requests.seenOf[text] {
                    out.append(contentsOf: other.utf8)
                    continue
                }
            }
            if shift != 0, append(shifted: token, to: &out) { continue }
            out.append(contentsOf: token)
        }
        return out
    }

    /// Seconds, milliseconds or nanoseconds since 1970, alone in a string or as a number.
    private func append(
        shifted token: Slice<UnsafeRawBufferPointer>,
        to out: inout [UInt8]
    ) -> Bool {
        var digits = token
        let isText = digits.first == UInt8(ascii: "\"")
        if isText { digits = digits.dropFirst().dropLast() }
        let unit: Int64
        switch digits.count {
        case 10: unit = 1_000_000_000
        case 13: unit = 1_000_000
        case 19: unit = 1
        default: return false
        }
        var value: Int64 = 0
        for byte in digits {
            guard byte.isDigit else { return false }
            let (tenfold, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tenfold.addingReportingOverflow(Int64(byte & 15))
            guard !first, !second else { return false }
            value = sum
        }
        let milliseconds =
            unit >= 1_000_000 ? value * (unit / 1_000_000) : value / (1_000_000 / unit)
        guard times.contains(milliseconds) else { return false }
        if isText { out.append(UInt8(ascii: "\"")) }
        out.append(contentsOf: String(value + shift / unit).utf8)
        if isText { out.append(UInt8(ascii: "\"")) }
        return true
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

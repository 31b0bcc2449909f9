import JSON
import Market

/// One request of a client in the form in which a recorded one and one that comes are compared.
///
/// Two are the same when method, path and parameters are, apart from times and signatures; ids that the client made
/// must map one to one. The order of an object's members and of a query's items says nothing.
struct ClientRequest: Hashable {
    enum Role: Hashable {
        case compared
        /// A moment of the client's clock.
        case time
        /// `reqId`: ties an answer to its question.
        case requestID
        /// An order's id that the client made: `orderLinkId`.
        case orderLink
    }

    /// One plain value: where it stands, its text as it stood (strings in quotes), and how it is compared.
    struct Part: Hashable {
        var path: String
        var text: String
        var role: Role
    }

    /// `POST /v5/order/create`, `subscribe`, `order.create`: what it is, apart from its parameters.
    var name: String
    /// Instruments, coins and categories that it names; order is compared within one name and one subject.
    var subject = ""
    /// By path, ascending.
    var parts: [Part] = []

    /// What is compared in order: requests with one key.
    var key: String { subject.isEmpty ? name : name + " " + subject }

    // MARK: Reading

    /// A REST request; headers, so keys and signatures, are not looked at.
    init(method: String, path: String, query: String, body: some Sequence<UInt8>) {
        name = method + " " + path
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(pair[0])
            let text = pair.count > 1 ? QueryItems(String(item))[key] : ""
            add(key, key, text, isText: true)
        }
        let bytes = Array(body)
        if !bytes.isEmpty {
            do throws(JSONError) {
                try JSONParser().parse(bytes) { root throws(JSONError) in
                    flatten(root, "", "")
                }
            } catch {
                add("body", "body", String(decoding: bytes, as: UTF8.self), isText: false)
            }
        }
        finish()
    }

    /// A frame on a socket; `nil` for a ping, which is no request of the bot's own.
    init?(frame: UnsafeRawBufferPointer) {
        name = "-"
        do throws(JSONError) {
            try JSONParser().parse(Array(frame)) { root throws(JSONError) in
                guard root.isObject else { throw JSONError(.missing, offset: 0) }
                name = root["op"]?.string ?? "-"
                for member in root.elements {
                    switch member.key {
                    case "op": continue
                    case "req_id", "reqId", "id":
                        add("reqId", "reqId", text(of: member), isText: false)
                    // Times, signatures and the window of the receiver.
                    case "header": continue
                    case _ where name == "auth": continue
                    default: flatten(member, member.key, member.key)
                    }
                }
            }
            if name == "ping" || name == "pong" { return nil }
        } catch {
            add("frame", "frame", String(decoding: frame, as: UTF8.self), isText: false)
        }
        finish()
    }

    private mutating func flatten(_ value: JSONValue, _ path: String, _ key: String) {
        if value.isObject, value.count > 0 {
            for member in value.elements {
                flatten(member, path.isEmpty ? member.key : path + "." + member.key, member.key)
            }
        } else if value.isArray, value.count > 0 {
            for (place, element) in value.elements.enumerated() {
                flatten(element, path + "[\(place)]", key)
            }
        } else {
            add(path, key, text(of: value), isText: false)
        }
    }

    private func text(of value: JSONValue) -> String {
        let raw = String(decoding: value.raw, as: UTF8.self)
        return value.isString ? "\"" + raw + "\"" : raw
    }

    private mutating func add(_ path: String, _ key: String, _ text: String, isText: Bool) {
        let quoted = isText ? "\"" + text + "\"" : text
        parts.append(Part(path: path, text: quoted, role: Self.role(key, quoted)))
    }

    private static func role(_ key: String, _ text: String) -> Role {
        if text == "\"\"" { return .compared }
        switch key {
        case "orderLinkId", "origOrderLinkId": return .orderLink
        case "reqId": return .requestID
        case "timestamp", "startTime", "endTime", "start", "end", "expires", "createdTime":
            let digits = text.utf8.filter { $0 != UInt8(ascii: "\"") }
            let isMoment =
                (10...19).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
            return isMoment ? .time : .compared
        default: return .compared
        }
    }

    private mutating func finish() {
        var subjects: [String] = []
        for part in parts {
            let name = part.path.split(separator: ".").last ?? ""
            guard ["symbol", "category", "coin", "baseCoin"].contains(name) else { continue }
            let word = part.text.filter { $0 != "\"" }
            if !subjects.contains(word) { subjects.append(word) }
        }
        subject = subjects.joined(separator: ",")
        parts = parts.enumerated().sorted {
            ($0.element.path, $0.offset) < ($1.element.path, $1.offset)
        }
        .map(\.element)
    }
}

extension ClientRequest: CustomStringConvertible {
    /// `POST /v5/order/create {price: "64000.5", symbol: "BTCUSDT"}`.
    var description: String {
        name + " {" + parts.map { $0.path + ": " + $0.text }.joined(separator: ", ") + "}"
    }
}

extension ClientRequest {
    /// One parameter that is not the same; `nil` on the side that has none.
    struct Difference: Hashable {
        var path: String
        var recorded: String?
        var seen: String?
        /// Why, where the texts alone do not say it.
        var why = ""
    }

    /// The first parameter in which `seen` is not the recorded request; `nil` where they are the same.
    ///
    /// - Parameters:
    ///   - links: what is known of the client's order ids.
    ///   - requests: what is known of its request ids on this socket.
    func difference(
        from seen: ClientRequest,
        _ links: IdentityMap,
        _ requests: IdentityMap
    ) -> Difference? {
        if name != seen.name { return Difference(path: "", recorded: name, seen: seen.name) }
        var own = parts[...]
        var other = seen.parts[...]
        while let left = own.first ?? other.first {
            let mine = own.first
            let theirs = other.first
            guard let mine, let theirs, mine.path == theirs.path else {
                if let mine, theirs.map({ mine.path < $0.path }) ?? true {
                    return Difference(path: mine.path, recorded: mine.text, seen: nil)
                }
                return Difference(
                    path: theirs?.path ?? left.path,
                    recorded: nil,
                    seen: theirs?.text
                )
            }
            own.removeFirst()
            other.removeFirst()
            guard mine.role == theirs.role else {
                return Difference(path: mine.path, recorded: mine.text, seen: theirs.text)
            }
            switch mine.role {
            case .time: continue
            case .compared:
                if mine.text != theirs.text {
                    return Difference(path: mine.path, recorded: mine.text, seen: theirs.text)
                }
            case .orderLink, .requestID:
                let map = mine.role == .orderLink ? links : requests
                if let why = map.contradiction(recorded: mine.text, seen: theirs.text) {
                    return Difference(
                        path: mine.path,
                        recorded: mine.text,
                        seen: theirs.text,
                        why: why
                    )
                }
            }
        }
        return nil
    }

    /// Notes the ids of a request that was found to be the same.
    func learn(
        from seen: ClientRequest,
        _ links: inout IdentityMap,
        _ requests: inout IdentityMap
    ) {
        for (mine, theirs) in zip(parts, seen.parts) {
            switch mine.role {
            case .orderLink: links.note(recorded: mine.text, seen: theirs.text)
            case .requestID: requests.note(recorded: mine.text, seen: theirs.text)
            case .compared, .time: continue
            }
        }
    }
}

package import Foundation
import JSON

/// One message of ../shared/data and what its source says of it.
package struct ConformanceMessage: CustomStringConvertible {
    package enum Shape {
        /// What a client sends.
        case request
        /// A reply of that endpoint; `nil` where the source does not say which.
        case reply(path: String?)
        case push(stream: String)
        /// An acknowledgement or a pong.
        case answer
        /// Not of the sockets and endpoints at all.
        case other(String)
    }

    package var source: String
    package var bytes: [UInt8]
    package var shape: Shape
    package var topic = ""
    package var query = ""
    package var isTrade = false
    /// Of the family that lists topics.
    package var isList = false

    package var description: String {
        "\(source): \(String(decoding: bytes.prefix(150), as: UTF8.self))"
    }

    package static func all(in file: URL) throws -> [ConformanceMessage] {
        let bytes = Array(try Data(contentsOf: file))
        let name = file.lastPathComponent
        let parser = JSONParser()
        var messages: [ConformanceMessage] = []
        if name == "rest_instruments-info_linear.json" {
            return [
                ConformanceMessage(
                    source: name,
                    bytes: bytes,
                    shape: .reply(path: "/v5/market/instruments-info")
                )
            ]
        }
        let path = declaredPath(bytes)
        for text in objects(in: bytes) {
            let message = try parser.read(text) { root -> ConformanceMessage? in
                var source = name
                var payload = text
                if root["t"] != nil {
                    guard let data = root["data"]?.string else { return nil }
                    payload = Array(data.utf8)
                } else if let page = root["path"]?.string, let inner = root["message"] {
                    source = page
                    payload = Array(inner.raw)
                }
                return ConformanceMessage(source: source, bytes: payload, shape: .answer)
            }
            guard var message else { continue }
            try parser.read(message.bytes) { message.classify($0, file: file, declared: path) }
            if case .other("") = message.shape { continue }
            messages.append(message)
        }
        return messages
    }

    private mutating func classify(_ root: JSONValue, file: URL, declared: String?) {
        topic = root["topic"]?.string ?? ""
        let operation = root["op"]?.string ?? ""
        if !topic.isEmpty {
            shape = .push(stream: stream(root, file))
        } else if operation.hasPrefix("order.") || root["reqId"] != nil {
            isTrade = true
            shape = root["retCode"] == nil ? .other("") : .answer
        } else if root["retCode"] != nil {
            if operation.isEmpty {
                let page = ConformancePages.path(source, root)
                shape = .reply(path: declared ?? page.path)
                query = page.query
            } else {
                isTrade = true
            }
        } else if root["type"]?.string == "COMMAND_RESP" {
            isList = true
        } else if root["success"] == nil, root["args"] != nil, operation != "pong" {
            shape = .request
        } else if root["success"] == nil, operation != "pong", operation != "ping" {
            shape = .other("")
        } else if operation == "ping", root["success"] == nil {
            shape = .request
        }
    }

    /// The stream that the source and the topic together name.
    private func stream(_ root: JSONValue, _ file: URL) -> String {
        let head = topic.split(separator: ".").first.map(String.init) ?? ""
        let privates = [
            "order", "execution", "position", "wallet", "greeks", "dcp", "strategy", "spread",
        ]
        if privates.contains(head) { return "private/main/" + topic }
        let last = topic.split(separator: ".").last.map(String.init) ?? ""
        let isOption =
            last.hasSuffix("-C") || last.hasSuffix("-P") || last.hasSuffix("-C-USDT")
            || last.hasSuffix("-P-USDT") || (head == "publicTrade" && last.count <= 4)
        let category =
            last.contains("/")
            ? "spread"
            : isOption ? "option" : file.lastPathComponent == "spot.jsonl" ? "spot" : "linear"
        return "public/\(category)/\(topic)"
    }

    /// Another project's fixture of an endpoint begins with its method and path.
    private static func declaredPath(_ bytes: [UInt8]) -> String? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2)
        guard lines.count == 3 else { return nil }
        let words = lines.prefix(2).map {
            String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
        }
        guard words[0] == "GET" || words[0] == "POST", words[1].hasPrefix("/v5/") else {
            return nil
        }
        return words[1]
    }

    /// The outermost JSON objects of a text, whatever stands between them.
    private static func objects(in bytes: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var depth = 0
        var start = 0
        var isString = false
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            if isString {
                if byte == UInt8(ascii: "\\") { offset += 1 }
                if byte == UInt8(ascii: "\"") { isString = false }
            } else if byte == UInt8(ascii: "\""), depth > 0 {
                isString = true
            } else if byte == UInt8(ascii: "{") {
                if depth == 0 { start = offset }
                depth += 1
            } else if byte == UInt8(ascii: "}"), depth > 0 {
                depth -= 1
                if depth == 0 { found.append(Array(bytes[start...offset])) }
            }
            offset += 1
        }
        return found
    }
}

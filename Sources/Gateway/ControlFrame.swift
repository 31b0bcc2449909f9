/// A frame about the connection itself: the answer to a subscription, an authentication or a ping.
///
/// All families of the protocol: `op` replies (spot, linear, inverse, private), `COMMAND_RESP` (option, spread) and
/// trade (`retCode`). What has a topic is data and is none.
///
/// - Source: protocol reference §2.1 to §2.4.
public enum ControlFrame: Sendable, Equatable {
    case pong
    /// Answer to `auth`, `subscribe` or `unsubscribe`.
    case answer(Answer)
    /// No topic, and nothing that this version knows.
    case other

    public struct Answer: Sendable, Equatable {
        /// `auth`, `subscribe`, `unsubscribe`; empty for `COMMAND_RESP`.
        public var operation = ""
        public var isSuccess = false
        public var message = ""
        /// Empty where the exchange gives none back.
        public var requestID = ""
        /// `COMMAND_RESP` alone.
        public var succeeded: [String] = []
        public var failed: [String] = []

        public init() {}
    }

    private static let dataStart = Array(#"{"topic""#.utf8)

    /// Reads a frame; `nil` for data, which most frames show in their first bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        if bytes.starts(with: ControlFrame.dataStart) { return nil }
        var scanner = FlatJSON(bytes)
        var answer = Answer()
        var type = ""
        var code: String?
        guard scanner.enterObject() else {
            self = .other
            return
        }
        while let key = scanner.nextKey() {
            switch key {
            case "topic": return nil
            case "op": answer.operation = scanner.text()
            case "success": answer.isSuccess = scanner.text() == "true"
            case "ret_msg", "retMsg": answer.message = scanner.text()
            case "req_id", "reqId": answer.requestID = scanner.text()
            case "retCode": code = scanner.text()
            case "type": type = scanner.text()
            case "data": scanner.topics(succeeded: &answer.succeeded, failed: &answer.failed)
            default: scanner.skip()
            }
        }
        if let code {
            // 20001: already authenticated.
            answer.isSuccess = code == "0" || (answer.operation == "auth" && code == "20001")
        }
        switch answer.operation {
        case "pong", "ping": self = .pong
        case "auth", "subscribe", "unsubscribe": self = .answer(answer)
        case "" where type == "COMMAND_RESP":
            answer.isSuccess = answer.isSuccess && answer.failed.isEmpty
            self = .answer(answer)
        default: self = .other
        }
    }
}

/// Reads the keys of one small JSON object in order, and the values asked for.
///
/// Total: bytes that are no JSON end the object. It judges nothing; decoding a record is Bybit's.
struct FlatJSON {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func blank() {
        while let byte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ wanted: Character) -> Bool {
        blank()
        guard byte == wanted.asciiValue else { return false }
        offset += 1
        return true
    }

    mutating func enterObject() -> Bool { take("{") }

    /// The next key of the object that was entered, its colon behind us; `nil` at the end.
    mutating func nextKey() -> String? {
        _ = take(",")
        blank()
        guard byte == UInt8(ascii: "\"") else { return nil }
        let key = string()
        return take(":") ? key : nil
    }

    /// The value as text: a string without quotes, all else as it stands.
    mutating func text() -> String {
        blank()
        if byte == UInt8(ascii: "\"") { return string() }
        let start = offset
        skip()
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// Passes over one value of any kind.
    mutating func skip() {
        blank()
        var depth = 0
        while let byte {
            switch byte {
            case UInt8(ascii: "\""): _ = string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                offset += 1
            case UInt8(ascii: ","):
                if depth == 0 { return }
                offset += 1
            default: offset += 1
            }
            if depth == 0, self.byte == UInt8(ascii: ",") || self.byte == UInt8(ascii: "}") {
                return
            }
        }
    }

    /// The members of an object whose values are strings or numbers; any other value is passed over.
    mutating func members(_ take: (_ key: String, _ value: String) -> Void) {
        blank()
        guard enterObject() else { return skip() }
        while let key = nextKey() { take(key, text()) }
        _ = self.take("}")
    }

    /// `{"failTopics":[…],"successTopics":[…]}`; any other value is passed over.
    mutating func topics(succeeded: inout [String], failed: inout [String]) {
        blank()
        guard byte == UInt8(ascii: "{") else { return skip() }
        offset += 1
        while let key = nextKey() {
            switch key {
            case "successTopics": succeeded = strings()
            case "failTopics": failed = strings()
            default: skip()
            }
        }
        _ = take("}")
    }

    private mutating func strings() -> [String] {
        guard take("[") else {
            skip()
            return []
        }
        var list: [String] = []
        blank()
        while byte == UInt8(ascii: "\"") {
            list.append(string())
            _ = take(",")
            blank()
        }
        _ = take("]")
        return list
    }

    /// The string at the cursor; of escapes only the sign after the backslash is kept, which is enough here.
    private mutating func string() -> String {
        offset += 1
        let start = offset
        var hasEscape = false
        while let byte, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") {
                hasEscape = true
                offset += 1
            }
            offset += 1
        }
        let end = min(offset, bytes.count)
        offset = end + 1
        var text = Array(bytes[start..<max(start, end)])
        if hasEscape { text.removeAll { $0 == UInt8(ascii: "\\") } }
        return String(decoding: text, as: UTF8.self)
    }
}

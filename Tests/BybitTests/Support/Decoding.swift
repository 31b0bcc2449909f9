import Bybit
import Market

/// Decodes one record with a decoder and an event of its own.
func decode(_ stream: String, _ payload: [UInt8]) -> Event {
    MessageDecoder().event(stream, payload)
}

func decode(_ stream: String, _ payload: String) -> Event {
    decode(stream, Array(payload.utf8))
}

extension MessageDecoder {
    /// Decodes one record into an event of its own.
    func event(_ stream: String, _ payload: [UInt8]) -> Event {
        var event = Event()
        decode(stream, payload, into: &event)
        return event
    }

    /// Decodes one record into memory that may be used already, as a session's is.
    func decode(_ stream: String, _ payload: [UInt8], into event: inout Event) {
        payload.withUnsafeBytes { decode(StreamName(stream), $0, into: &event) }
    }
}

/// A REST record around the two bodies, as Gateway writes it.
func record(
    _ path: String,
    method: String = "GET",
    query: String = "",
    request: String = "",
    response: String,
    outcome: String = "answered",
    status: Int = 200
) -> [UInt8] {
    var line = JSONWriter()
    line.object { line in
        line.field("method", method)
        line.field("path", path)
        line.field("query", query)
        line.field("status", status)
        line.field("outcome", outcome)
        line.field("sent", "1767225600000000000")
        line.field("received", "1767225600004000000")
        line.field("after", 7)
        line.field("attempt", 1)
        line.field("limit", "10")
        line.field("limit_status", "9")
        line.field("limit_reset", "1767225600004")
        line.field("request", request.utf8.count)
        line.field("response", response.utf8.count)
    }
    return line.bytes + Array("\n".utf8) + Array(request.utf8) + Array(response.utf8)
}

extension Numeral {
    /// A number that the test's author has written well.
    init(_ text: String) throws { self = try Numeral(text: text) }
}

extension Amount {
    init(_ text: String) throws { self = try Amount(text: text) }
}

extension Symbol {
    static let btc = Symbol("BTCUSDT") ?? .none
}

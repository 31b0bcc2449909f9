public import Bybit
public import Market

/// A request to the exchange's REST interface and how it is to be sent.
public struct RESTCall: Hashable, Sendable {
    public enum Lane: Int, Sendable, CaseIterable {
        /// Orders, amendments, cancels: nothing else may keep them waiting.
        case orders = 0
        /// Look-ups, instruments, the clock.
        case questions = 1
    }

    public var request: RESTRequest
    public var lane: Lane
    /// Requests of one key leave one after the other, each when the one before it has ended; empty: no key.
    ///
    /// The client order id, so that a cancel does not overtake its order.
    public var orderingKey: String
    /// The sequence number last appended before it was sent.
    public var after: SequenceNumber
    /// Counts from 1 when the same thing is asked again.
    public var attempt: Int
    /// Nanoseconds until it counts as timed out.
    public var timeout: Int64

    /// Times that a question is asked which gets no answer, the first included; nothing but questions is asked again.
    public static let attemptsMax = 4

    /// Nanoseconds before the next attempt: a quarter of a second after the first, then twice as long each time.
    public static func pause(after attempt: Int) -> Int64 {
        250_000_000 << Int64(min(max(attempt, 1), 20) - 1)
    }

    /// - Parameter lane: `nil`: a POST is an order, all else is a question.
    public init(
        _ request: RESTRequest,
        lane: Lane? = nil,
        orderingKey: String = "",
        after: SequenceNumber = .none,
        attempt: Int = 1,
        timeout: Int64 = 10_000_000_000
    ) {
        self.request = request
        self.lane = lane ?? (request.method == "POST" ? .orders : .questions)
        self.orderingKey = orderingKey
        self.after = after
        self.attempt = attempt
        self.timeout = timeout
    }
}

extension RESTCall {
    /// Whether it leaves even when nothing can be recorded any more: cancels, and reductions that cannot rest.
    ///
    /// A reduction that rests does not: every open order is cancelled then, and it could leave behind its own cancel.
    var mayLeaveUnrecorded: Bool {
        if urgency == .urgent { return true }
        // As our own writer writes it, without blanks; within a text the quotes would be escaped.
        guard request.endpoint == .createOrder, request.says(#""reduceOnly":true"#) else {
            return false
        }
        return request.says(#""orderType":"Market""#) || request.says(#""timeInForce":"IOC""#)
            || request.says(#""timeInForce":"FOK""#)
    }
}

extension RESTRequest {
    fileprivate func says(_ words: String) -> Bool {
        let words = Array(words.utf8)
        guard body.count >= words.count else { return false }
        return (0...body.count - words.count).contains {
            body[$0..<$0 + words.count].elementsEqual(words)
        }
    }

    /// A path of which nothing can go beyond what it names.
    var isWellFormed: Bool {
        let isPath = path.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || [UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
        }
        let isQuery = query.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }
        return path.hasPrefix("/v5/") && isPath && isQuery
            && ((method == "GET" && body.isEmpty) || (method == "POST" && query.isEmpty))
    }

    /// Answers that hold a key, and requests that move money out, are not for this program.
    var isForbidden: Bool {
        let forbidden = [
            "/v5/user/create-sub", "/v5/user/update-", "/v5/user/delete-", "/v5/user/sub-apikeys",
            "/v5/asset/withdraw", "/v5/asset/transfer", "/v5/asset/convert",
        ]
        return forbidden.contains { path.hasPrefix($0) }
    }
}

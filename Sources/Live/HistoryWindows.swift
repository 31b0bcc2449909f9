import Bybit
import Market

/// A list that reaches back further than the exchange gives at once, asked for in windows.
///
/// Asked without an end, the transaction log gives a day and the other lists a week from the start on, and nothing says
/// that more was left.
///
/// - Source: bybit-v5 §7: `startTime`, `endTime` of `account/transaction-log` (default 24 h, 7 days at most), of
///   `execution/list` and `order/history` (7 days).
enum HistoryWindows {
    private static let day: Int64 = 86_400_000
    /// A minute less than the exchange takes, so that no rounding is beyond it.
    static let longest: Int64 = 7 * day - 60_000

    /// The requests of a question, the oldest window first; one without an end where that reaches to now.
    ///
    /// - Parameter now: of the exchange's clock, Unix milliseconds.
    static func requests(_ question: LookUp, now: Int64) -> [RESTRequest] {
        let request = RESTRequest(question)
        let since: Int64
        let reach: Int64
        switch question {
        case .transactionLog(_, let milliseconds): (since, reach) = (milliseconds, day)
        case .executions(_, let milliseconds), .ordersSince(_, let milliseconds):
            (since, reach) = (milliseconds, longest)
        default: return [request]
        }
        // What comes while the lists are read is told by the private stream.
        let until = now + 60_000
        guard until - since > reach else { return [request] }
        var requests: [RESTRequest] = []
        var start = since
        while start < until {
            let end = min(until, start + longest)
            // The last one has no end where the exchange gives all of it without: whose clock is ahead does not matter then.
            let isOpen = end == until && until - start <= reach
            requests.append(window(request, start, isOpen ? nil : end))
            start = end
        }
        return requests
    }

    private static func window(
        _ request: RESTRequest,
        _ start: Int64,
        _ end: Int64?
    ) -> RESTRequest {
        let bounds = "startTime=\(start)" + (end.map { "&endTime=\($0)" } ?? "")
        let parts = request.query.split(separator: "&").map { part in
            part.hasPrefix("startTime=") ? bounds : String(part)
        }
        return RESTRequest(endpoint: request.endpoint, query: parts.joined(separator: "&"))
    }
}

public import Market

/// A list that reaches back further than the exchange gives at once, asked for in windows.
///
/// Asked without an end, the transaction log gives a day and the other lists a week from the start on, and nothing says
/// that more was left.
///
/// - Source: bybit-v5 §6.5, §6.7, §7.2: `startTime`, `endTime` of `account/transaction-log` (default 24 h, 7 days at
///   most), of `execution/list` and `order/history`, also of combinations (7 days).
public enum HistoryWindows {
    private static let day: Int64 = 86_400_000
    /// A minute less than the exchange takes, so that no rounding is beyond it; milliseconds.
    public static let longest: Int64 = 7 * day - 60_000

    /// From when on the exchange answers: two years, and an hour less, since the oldest window is asked for last; what begins
    /// earlier it refuses.
    ///
    /// - Parameter now: of the exchange's clock, Unix milliseconds.
    public static func oldest(now: Int64) -> Int64 { max(0, now - 2 * 365 * day + 3_600_000) }

    /// The requests of a question, the oldest window first; one without an end where that reaches to now.
    ///
    /// - Parameter now: of the exchange's clock, Unix milliseconds.
    public static func requests(_ question: LookUp, now: Int64) -> [RESTRequest] {
        let request = RESTRequest(question)
        switch question {
        case .transactionLog(_, let since), .executions(_, let since), .ordersSince(_, let since):
            return requests(request, since: since, now: now)
        default: return [request]
        }
    }

    /// The windows of a list, the oldest first; each begins where the one before ends, so that a row of that very
    /// millisecond may come twice.
    ///
    /// - Parameters:
    ///   - request: of the list, with a `startTime`; that of another list is answered as it is.
    ///   - since: where the first window begins, Unix milliseconds.
    ///   - until: where the last one ends, if not now.
    ///   - now: of the exchange's clock, Unix milliseconds.
    public static func requests(
        _ request: RESTRequest,
        since: Int64,
        until: Int64? = nil,
        now: Int64
    ) -> [RESTRequest] {
        guard let reach = reach(request.endpoint) else { return [request] }
        // What comes while the lists are read is told by the private stream.
        let last = now + 60_000
        let end = min(until ?? last, last)
        let isToNow = end == last
        guard !isToNow || last - since > reach else { return [request] }
        var requests: [RESTRequest] = []
        var start = since
        repeat {
            let next = min(end, start + longest)
            // The last one has no end where the exchange gives all of it without: whose clock is ahead does not matter then.
            let isOpen = isToNow && next == end && end - start <= reach
            requests.append(window(request, start, isOpen ? nil : next))
            start = next
        } while start < end
        return requests
    }

    /// Milliseconds that the exchange gives of a list without an end; `nil` for lists that have no windows.
    private static func reach(_ endpoint: Endpoint) -> Int64? {
        switch endpoint {
        case .transactionLog: day
        case .executions, .orderHistory, .spreadExecutions, .spreadOrderHistory: longest
        default: nil
        }
    }

    private static func window(
        _ request: RESTRequest,
        _ start: Int64,
        _ end: Int64?
    ) -> RESTRequest {
        let bounds = "startTime=\(start)" + (end.map { "&endTime=\($0)" } ?? "")
        // An end that the question has already would stand beside the window's.
        let parts = request.query.split(separator: "&").filter { !$0.hasPrefix("endTime=") }
            .map { $0.hasPrefix("startTime=") ? bounds : String($0) }
        return RESTRequest(endpoint: request.endpoint, query: parts.joined(separator: "&"))
    }
}

import Bybit
import Market
import Testing

/// Lists that reach back further than the exchange gives at once.
@Suite struct HistoryWindowsTests {
    private static let day: Int64 = 86_400_000
    private static let now: Int64 = 1_767_225_600_000

    /// `startTime` and `endTime` of each request, `nil` where it has none.
    private func windows(_ question: LookUp) -> [(start: Int64?, end: Int64?)] {
        HistoryWindows.requests(question, now: Self.now).map { request in
            func value(_ name: String) -> Int64? {
                request.query.split(separator: "&").first { $0.hasPrefix(name + "=") }
                    .flatMap { Int64($0.dropFirst(name.count + 1)) }
            }
            return (value("startTime"), value("endTime"))
        }
    }

    private func questions(since: Int64) -> [LookUp] {
        [
            .transactionLog(.linear, sinceMilliseconds: since),
            .executions(.linear, sinceMilliseconds: since),
            .ordersSince(.linear, sinceMilliseconds: since),
        ]
    }

    @Test func `what reaches to now by itself is asked once, without an end`() {
        for question in questions(since: Self.now - Self.day + 120_000) {
            let windows = windows(question)
            #expect(windows.count == 1 && windows[0].end == nil, "\(question)")
        }
    }

    @Test func `the log of two days has an end, without which it would be the first day's`() {
        let since = Self.now - 2 * Self.day
        let windows = windows(.transactionLog(.linear, sinceMilliseconds: since))
        #expect(windows.count == 1)
        #expect(windows[0].start == since && windows[0].end ?? 0 >= Self.now)
        // The others reach over a week.
        for question in questions(since: since).dropFirst() {
            #expect(self.windows(question).first?.end == nil)
        }
    }

    @Test func `a month is asked for in weeks that leave nothing out and that the exchange takes`()
    {
        let since = Self.now - 30 * Self.day
        for question in questions(since: since) {
            let windows = windows(question)
            #expect(windows.count == 5, "\(question)")
            var next = since
            for window in windows {
                #expect(window.start == next)
                // The last one has none where it reaches to now by itself: two days here, of the log one.
                let reach = question == questions(since: since)[0] ? 1 : 7 * Self.day
                let end = window.end ?? (window.start == windows.last?.start ? next + reach : 0)
                #expect(end - next > 0 && end - next <= 7 * Self.day)
                next = end
            }
            #expect(next >= Self.now)
        }
        // All else of the question stays.
        let queries = HistoryWindows.requests(questions(since: since)[0], now: Self.now)
            .map(\.query)
        #expect(queries.allSatisfy { $0.contains("category=linear") && $0.contains("limit=") })
    }

    @Test func `a list with an end of its own is cut up to there, and not beyond now`() {
        let since = Self.now - 10 * Self.day
        let query = "category=linear&startTime=\(since)&limit=50"
        let request = RESTRequest(endpoint: .orderHistory, query: query)
        func texts(until: Int64?) -> [String] {
            HistoryWindows.requests(request, since: since, until: until, now: Self.now)
                .map(\.query)
        }
        let middle = since + HistoryWindows.longest
        let end = Self.now - Self.day
        #expect(
            texts(until: end) == [
                "category=linear&startTime=\(since)&endTime=\(middle)&limit=50",
                "category=linear&startTime=\(middle)&endTime=\(end)&limit=50",
            ]
        )
        // A day is one window, with its end all the same.
        #expect(
            texts(until: since + Self.day) == [
                "category=linear&startTime=\(since)&endTime=\(since + Self.day)&limit=50"
            ]
        )
        // One that the question has already goes.
        let ended = RESTRequest(
            endpoint: .orderHistory,
            query: "endTime=\(Self.now)&category=linear&startTime=\(since)&limit=50&endTime=5"
        )
        #expect(
            HistoryWindows.requests(ended, since: since, until: end, now: Self.now).map(\.query)
                == texts(until: end)
        )
        // An end before the beginning is the exchange's to refuse.
        #expect(texts(until: since - 1).count == 1)
        #expect(texts(until: .max) == texts(until: nil))
        let combinations = RESTRequest(endpoint: .spreadExecutions, query: "startTime=\(since)")
        #expect(
            HistoryWindows.requests(combinations, since: since, now: Self.now).map(\.query) == [
                "startTime=\(since)&endTime=\(middle)", "startTime=\(middle)",
            ]
        )
    }

    @Test func `two years are kept, less a minute, and nothing is before 1970`() {
        #expect(HistoryWindows.oldest(now: Self.now) == Self.now - 730 * Self.day + 3_600_000)
        #expect(HistoryWindows.oldest(now: 5) == 0)
    }

    @Test func `other questions are asked as they are`() {
        for question in [LookUp.wallet, .openOrders(.linear), .serverTime] {
            #expect(HistoryWindows.requests(question, now: Self.now) == [RESTRequest(question)])
        }
    }
}

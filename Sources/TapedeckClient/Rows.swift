/// The rows of a list, of one page or of several.
public struct Rows<Row: Hashable & Sendable>: Sendable {
    public internal(set) var rows: [Row]
    /// Rows and fields that could not be read; all else stands.
    public internal(set) var findings: [DecodeFinding] = []
    /// When the exchange made the last page, Unix milliseconds.
    public internal(set) var exchangeMilliseconds: Int64 = 0
    /// The question for the next page, or for the newest page of the window before; `nil`: these are all.
    public internal(set) var next: RESTRequest?
    /// Why a list of a span of time ends before it is whole.
    ///
    /// ``next`` is the question that failed then. Other lists throw instead.
    public internal(set) var failure: ClientError?
    /// A list of what happened between two moments, whose pages say something one by one.
    var isSpan = false
    /// Windows of time that come after, the oldest first.
    var windows: [RESTRequest] = []
    /// The last page that had rows.
    var tail: [Row] = []
    /// Rows at the end of the window before: what stands on the very edge belongs to both.
    var edge: Set<Row> = []
    let pick: @Sendable (Event) -> [Row]
}

extension BybitClient {
    /// The rows after these, at most so many pages of them; of rows that are all, none.
    ///
    /// Behind a ``Rows/failure`` it begins with the question that failed.
    public func more<Row: Hashable & Sendable>(
        after rows: Rows<Row>,
        pages: Int = 1
    ) async throws(ClientError) -> Rows<Row> {
        var rest = rows
        rest.rows = []
        rest.findings = []
        rest.failure = nil
        try await follow(&rest, pages: pages)
        return rest
    }

    /// Asks for a list page by page.
    func list<Row: Hashable & Sendable>(
        _ request: RESTRequest,
        pages: Int,
        _ pick: @escaping @Sendable (Event) -> [Row]
    ) async throws(ClientError) -> Rows<Row> {
        var rows = Rows(rows: [], next: request, pick: pick)
        try await follow(&rows, pages: pages)
        return rows
    }

    /// Asks for a list of a span of time, the newest window first, each page by page: rows come newest first, as within
    /// a window.
    ///
    /// Without `since` the list begins a week before `until`; without either it is what the exchange gives by itself. One
    /// that begins before what the exchange keeps begins with that: it would refuse the window.
    func list<Row: Hashable & Sendable>(
        _ endpoint: Endpoint,
        _ query: Query,
        since: Int64?,
        until: Int64?,
        pages: Int,
        _ pick: @escaping @Sendable (Event) -> [Row]
    ) async throws(ClientError) -> Rows<Row> {
        guard since != nil || until != nil else {
            return try await list(
                RESTRequest(endpoint: endpoint, query: query.text),
                pages: pages,
                pick
            )
        }
        let now = await exchangeMilliseconds()
        // No arithmetic bears every moment: one before 1970 is 1970, and nothing begins after now.
        let until = until.map { max(0, $0) }
        let end = min(until ?? now, now)
        let oldest = HistoryWindows.oldest(now: now)
        guard end >= oldest else { return Rows(rows: [], pick: pick) }
        let start = min(max(oldest, since ?? end - HistoryWindows.longest), now)
        let request = RESTRequest(endpoint: endpoint, query: query.with("startTime", start).text)
        var windows = HistoryWindows.requests(request, since: start, until: until, now: now)
        let newest = windows.popLast()
        var rows = Rows(rows: [], next: newest, isSpan: true, windows: windows, pick: pick)
        try await follow(&rows, pages: pages)
        return rows
    }

    private func follow<Row: Hashable & Sendable>(
        _ rows: inout Rows<Row>,
        pages: Int
    ) async throws(ClientError) {
        for number in 0..<max(1, pages) {
            guard let request = rows.next else { return }
            let event: Event
            do throws(ClientError) {
                event = try await ask(request)
            } catch {
                // What the pages before it brought stands, and says that it is not all.
                guard rows.isSpan, number > 0 else { throw error }
                rows.failure = error
                return
            }
            let page = rows.pick(event)
            rows.rows += page.filter { !rows.edge.contains($0) }
            rows.findings += event.findings
            rows.exchangeMilliseconds = event.exchangeMilliseconds
            if !page.isEmpty { rows.tail = page }
            let cursor = event.reply.nextPageCursor
            if cursor.isEmpty {
                rows.next = rows.windows.popLast()
                rows.edge = rows.next == nil ? [] : Set(rows.tail)
            } else {
                rows.next = request.page(cursor: cursor)
            }
        }
    }
}

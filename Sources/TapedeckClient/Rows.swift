/// The rows of a list, of one page or of several.
public struct Rows<Row: Sendable>: Sendable {
    public internal(set) var rows: [Row]
    /// Rows and fields that could not be read; all else stands.
    public internal(set) var findings: [DecodeFinding]
    /// When the exchange made the last page, Unix milliseconds.
    public internal(set) var exchangeMilliseconds: Int64
    /// The question for the next page; `nil`: these are all.
    public internal(set) var next: RESTRequest?
    let pick: @Sendable (Event) -> [Row]
}

extension BybitClient {
    /// The rows after these, at most so many pages of them; of rows that are all, none.
    public func more<Row: Sendable>(
        after rows: Rows<Row>,
        pages: Int = 1
    ) async throws(ClientError) -> Rows<Row> {
        guard let next = rows.next else {
            var end = rows
            end.rows = []
            end.findings = []
            return end
        }
        return try await list(next, pages: pages, rows.pick)
    }

    /// Asks for a list page by page.
    func list<Row: Sendable>(
        _ request: RESTRequest,
        pages: Int,
        _ pick: @escaping @Sendable (Event) -> [Row]
    ) async throws(ClientError) -> Rows<Row> {
        var rows = Rows(rows: [], findings: [], exchangeMilliseconds: 0, next: request, pick: pick)
        for _ in 0..<max(1, pages) {
            guard let request = rows.next else { break }
            let event = try await ask(request)
            rows.rows += pick(event)
            rows.findings += event.findings
            rows.exchangeMilliseconds = event.exchangeMilliseconds
            let cursor = event.reply.nextPageCursor
            rows.next = cursor.isEmpty ? nil : request.page(cursor: cursor)
        }
        return rows
    }
}

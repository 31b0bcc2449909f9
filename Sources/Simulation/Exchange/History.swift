public import Market

/// A page of rows, newest first.
public struct Page<Row: Sendable>: Sendable {
    public var rows: [Row]
    /// Cursor of the next page; empty on the last one.
    public var nextCursor: String

    public init(rows: [Row], nextCursor: String) {
        self.rows = rows
        self.nextCursor = nextCursor
    }
}

/// Which rows of an account are asked for; `nil` and empty do not restrict.
public struct RowQuery: Hashable, Sendable {
    public var category: Category?
    public var instrument: InstrumentID?
    public var orderID: String
    public var orderLinkID: String
    /// Of the row's own time (order: last update), Unix milliseconds, both ends included.
    public var sinceMilliseconds: Int64?
    public var untilMilliseconds: Int64?
    /// Rows on a page; at least 1.
    public var limit: Int
    /// ``Page/nextCursor`` of the page before, empty for the first.
    ///
    /// Rows that arrive in between do not shift it.
    public var cursor: String

    public init(
        category: Category? = nil,
        instrument: InstrumentID? = nil,
        orderID: String = "",
        orderLinkID: String = "",
        sinceMilliseconds: Int64? = nil,
        untilMilliseconds: Int64? = nil,
        limit: Int = 50,
        cursor: String = ""
    ) {
        self.category = category
        self.instrument = instrument
        self.orderID = orderID
        self.orderLinkID = orderLinkID
        self.sinceMilliseconds = sinceMilliseconds
        self.untilMilliseconds = untilMilliseconds
        self.limit = limit
        self.cursor = cursor
    }

    func holds(time: Int64) -> Bool {
        if let since = sinceMilliseconds, time < since { return false }
        if let until = untilMilliseconds, time > until { return false }
        return true
    }
}

/// Rows in order of arrival, numbered from 1, of which the oldest are forgotten past a limit.
///
/// A ring: the newest takes the place of the oldest.
struct History<Row: Sendable>: Sendable {
    private var rows: [Row] = []
    /// Place of the oldest row once the ring is full.
    private var first = 0
    private var forgotten = 0
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { rows.count }

    /// Oldest first.
    var all: [Row] { newest(count) }

    /// The newest `wanted` rows, oldest first.
    func newest(_ wanted: Int) -> [Row] {
        let wanted = min(max(0, wanted), rows.count)
        return (rows.count - wanted..<rows.count).map { self[$0] }
    }

    /// By age, the oldest that is kept is 0.
    private subscript(age: Int) -> Row {
        let place = first + age
        return rows[place < rows.count ? place : place - rows.count]
    }

    /// The row that the next one takes the place of.
    var leaving: Row? { rows.count == limit ? rows[first] : nil }

    mutating func append(_ row: Row) {
        guard rows.count == limit else {
            rows.append(row)
            return
        }
        rows[first] = row
        first = first + 1 == limit ? 0 : first + 1
        forgotten += 1
    }

    /// Rows that fit, newest first, from the one before `cursor` on.
    ///
    /// - Parameter newest: only among so many of the newest rows.
    func page(
        limit pageLimit: Int,
        cursor: String,
        newest: Int = .max,
        where fits: (Row) -> Bool
    ) -> Page<Row> {
        var index = rows.count
        if !cursor.isEmpty {
            // A cursor is the number of the last row given; one that is not a number ends the list.
            guard let number = Int(cursor) else { return Page(rows: [], nextCursor: "") }
            index = min(index, max(0, number - forgotten - 1))
        }
        var found: [Row] = []
        var last = 0
        let oldest = max(0, rows.count - min(newest, rows.count))
        while index > oldest {
            index -= 1
            let row = self[index]
            guard fits(row) else { continue }
            if found.count == max(1, pageLimit) {
                return Page(rows: found, nextCursor: String(last))
            }
            found.append(row)
            last = forgotten + index + 1
        }
        return Page(rows: found, nextCursor: "")
    }
}

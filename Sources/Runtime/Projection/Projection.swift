public import Market
public import Projections
import Trading

/// A read model of a user's own: a state that records are folded into, and a table that it is told in.
///
/// ```swift
/// struct Volume: Projection {
///     static let name = "volume"
///     static let columns: [ProjectionColumn] = [.key("symbol"), .text("volume"), .integer("trades")]
///     var sums = OrderedTable<Symbol, Sum>()
///
///     mutating func fold(_ event: Event, of record: ProjectedRecord, into rows: inout ProjectionRows) throws {
///         for trade in event.trades { … rows.set(trade.symbol, sum.volume, sum.trades) }
///     }
/// }
/// ```
///
/// The table is in `derived/NAME.sqlite` of the recording, and the state beside it, always of the same record: a program
/// that was killed goes on from there, and a recording that has grown costs what has grown. The state is `Codable` in the
/// canonical encoding: no `Dictionary`, `Set`, `Double`.
public protocol Projection: Codable, Sendable {
    /// Of table and file: lower-case letters, digits and `_`, a letter first, at most 32.
    static var name: String { get }
    /// Raised when the state, the table or what they mean changes: the table is then made anew.
    static var version: Int { get }
    /// The table's columns; without a key each row is added, with one it replaces the row of the same key.
    static var columns: [ProjectionColumn] { get }

    /// The state before the first record.
    init()

    /// Takes in one record.
    ///
    /// - Parameters:
    ///   - event: what the record means; of outputs and evidence it is of kind `none`.
    ///   - rows: gets what is to be in the table after it.
    mutating func fold(
        _ event: Event,
        of record: ProjectedRecord,
        into rows: inout ProjectionRows
    ) throws
}

extension Projection {
    public static var version: Int { 1 }
}

/// The record in hand.
public struct ProjectedRecord {
    /// Number, time and stream.
    public var header: RecordHeader
    /// The bytes as they came; good within ``Projection/fold(_:of:into:)`` only.
    public var payload: UnsafeRawBufferPointer
}

/// Rows on their way into a user's table.
public struct ProjectionRows {
    private(set) var rows: [[ProjectionCell]] = []
    private let columns: [ProjectionColumn]
    /// The first row that does not fit the table.
    private(set) var problem: String?

    init(_ columns: [ProjectionColumn]) { self.columns = columns }

    /// Adds a row, or replaces that of the same key; values in the order of the columns.
    public mutating func set(_ values: any ProjectionValue...) { set(values) }

    public mutating func set(_ values: [any ProjectionValue]) {
        let row = values.map(\.cell)
        guard problem == nil else { return }
        guard row.count == columns.count else {
            problem = "a row has \(row.count) values, and the table \(columns.count) columns"
            return
        }
        for (cell, column) in zip(row, columns) {
            let fits =
                switch cell {
                case .null: !column.isKey
                case .text: column.kind == .text
                case .integer: column.kind == .integer
                }
            if !fits {
                problem = "column \(column.name) takes \(column.kind.rawValue), and got \(cell)"
                return
            }
        }
        rows.append(row)
    }

    mutating func removeAll() { rows.removeAll(keepingCapacity: true) }
}

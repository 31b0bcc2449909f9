import Glibc
import Market

/// The values of one column of one batch, in Arrow's memory layout.
///
/// Not Sendable: one owner at a time.
final class ColumnBuilder {
    let type: ColumnType
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var nulls: [Int] = []
    /// Whole numbers and times, decimals, floats: the one that the type has.
    @exclusivity(unchecked) private var words = ColumnBuffer<Int64>()
    @exclusivity(unchecked) private var wide = ColumnBuffer<Int128>()
    @exclusivity(unchecked) private var floats = ColumnBuffer<Double>()
    /// Of texts: where each ends, and all of them.
    @exclusivity(unchecked) private var offsets = ColumnBuffer<Int32>()
    @exclusivity(unchecked) private var bytes = ColumnBuffer<UInt8>()
    @exclusivity(unchecked) private var bits = ColumnBuffer<UInt8>()

    init(_ type: ColumnType) {
        self.type = type
        if isText { offsets.append(0) }
    }

    private var isText: Bool { type == .utf8 || type == .binary }

    /// Whole numbers and times.
    @inline(__always)
    func append(_ value: Int64) {
        words.append(value)
        count += 1
    }

    func append(_ value: Bool) {
        if count % 8 == 0 { bits.append(0) }
        if value { bits[count / 8] |= 1 << UInt8(count % 8) }
        count += 1
    }

    func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
        endText()
    }

    @inline(__always)
    func append(_ text: UnsafeRawBufferPointer) {
        text.withMemoryRebound(to: UInt8.self) { bytes.append(contentsOf: $0) }
        endText()
    }

    @inline(__always)
    func append(_ text: [UInt8]) {
        text.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        endText()
    }

    @inline(__always)
    private func endText() {
        // A batch ends before its texts outgrow 32 bits: see `isFull`.
        offsets.append(Int32(bytes.count))
        count += 1
    }

    /// Whether a batch should end here: offsets of text have 32 bits, and a reader should not need all in memory.
    var isFull: Bool { bytes.count >= ColumnBuilder.fullBytes }
    private static let fullBytes = 64 << 20

    /// `mantissa` × 10⁻ᵈᵉᶜⁱᵐᵃˡˢ: always exact as a decimal, the nearest one as a float.
    @inline(__always)
    func append(mantissa: Int64, decimals: Int) {
        if type == .decimal {
            let (high, low) = mantissa.multipliedFullWidth(by: PowerOfTen.int64(18 - decimals))
            wide.append(Int128(high) << 64 | Int128(low))
        } else {
            floats.append(ColumnBuilder.double(mantissa, decimals))
        }
        count += 1
    }

    @inline(__always)
    func append(_ numeral: Numeral) {
        append(mantissa: numeral.mantissa, decimals: Int(numeral.decimals))
    }

    /// Units of 10⁻¹⁸; false, and nothing appended, where they have more than 38 digits.
    func append(_ amount: Amount) -> Bool {
        guard amount.units.magnitude < ColumnBuilder.limit else { return false }
        if type == .decimal {
            wide.append(amount.units)
        } else {
            floats.append(strtod(amount.description, nil))
        }
        count += 1
        return true
    }

    private static let limit = UInt128(PowerOfTen.int128(38))

    /// The nearest double: one rounding, since both parts are exact up to 2⁵³ and 10²².
    private static func double(_ mantissa: Int64, _ decimals: Int) -> Double {
        guard mantissa.magnitude <= 1 << 53 else {
            return strtod(DecimalText.write(Int128(mantissa), decimals: decimals), nil)
        }
        return Double(mantissa) / Double(PowerOfTen.int64(decimals))
    }

    func appendNull() {
        nulls.append(count)
        switch type {
        case .uint64, .int64, .timestamp: append(Int64(0))
        case .bool: append(false)
        case .utf8, .binary: endText()
        case .float64:
            floats.append(0)
            count += 1
        case .decimal:
            wide.append(0)
            count += 1
        }
    }

    // MARK: Out

    var nullCount: Int { nulls.count }

    /// What it takes in memory.
    var memory: Int { data.count + offsetBytes.count + nulls.count * MemoryLayout<Int>.stride }

    /// One bit a row, set where there is a value; empty where all have one.
    func validity() -> [UInt8] {
        guard !nulls.isEmpty else { return [] }
        var bits = [UInt8](repeating: 0xff, count: (count + 7) / 8)
        for row in nulls { bits[row / 8] &= ~(1 << UInt8(row % 8)) }
        return bits
    }

    /// Offsets of text; empty for values of one size.
    ///
    /// Valid until something is appended, as is ``data``.
    var offsetBytes: UnsafeRawBufferPointer { offsets.bytes }

    var data: UnsafeRawBufferPointer {
        switch type {
        case .uint64, .int64, .timestamp: words.bytes
        case .decimal: wide.bytes
        case .float64: floats.bytes
        case .bool: bits.bytes
        case .utf8, .binary: bytes.bytes
        }
    }
}

/// Rows of one table, column by column.
///
/// Not Sendable: one owner at a time.
final class ColumnBatch {
    let table: Int
    let columns: [ColumnBuilder]
    private let held: [Unmanaged<ColumnBuilder>]

    init(_ table: Int, _ specs: [ColumnSpec]) {
        self.table = table
        columns = specs.map { ColumnBuilder($0.type) }
        held = columns.map { Unmanaged.passUnretained($0) }
    }

    /// The columns, held by the batch alone while `body` runs.
    ///
    /// A row of a book has fifty values, and to count who holds the column takes longer than to append one.
    @inline(__always)
    func withHeld<Result>(_ body: (HeldColumns) -> Result) -> Result {
        withExtendedLifetime(self) {
            held.withUnsafeBufferPointer { body(HeldColumns(columns: $0)) }
        }
    }

    var rows: Int { columns.first?.count ?? 0 }
    /// What its columns take in memory.
    var bytes: Int { columns.reduce(0) { $0 + $1.memory } }
    /// Whether it should be written, and another begun.
    var isFull: Bool { columns.contains(where: \.isFull) }
}

/// Columns that somebody else holds: see ``ColumnBatch/withHeld(_:)``.
struct HeldColumns {
    fileprivate let columns: UnsafeBufferPointer<Unmanaged<ColumnBuilder>>

    @inline(__always)
    func with(_ place: Int, _ body: (ColumnBuilder) -> Void) {
        precondition(place >= 0 && place < columns.count, "a column of the table")
        columns[place]._withUnsafeGuaranteedRef(body)
    }
}

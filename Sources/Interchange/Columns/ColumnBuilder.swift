import Glibc
import Market

/// The values of one column of one batch, in Arrow's memory layout.
///
/// Not Sendable: one owner at a time.
final class ColumnBuilder {
    let type: ColumnType
    private(set) var count = 0
    private var nulls: [Int] = []
    private var words: [Int64] = []
    private var wide: [Int128] = []
    private var floats: [Double] = []
    private var offsets: [Int32] = [0]
    private var bytes: [UInt8] = []
    private var bits: [UInt8] = []

    init(_ type: ColumnType) { self.type = type }

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
        bytes.append(contentsOf: text.utf8)
        endText()
    }

    func append(_ text: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: text)
        endText()
    }

    func append(_ text: [UInt8]) {
        bytes.append(contentsOf: text)
        endText()
    }

    private func endText() {
        // A batch is far smaller: records of one block.
        offsets.append(Int32(bytes.count))
        count += 1
    }

    /// Bytes of text so far: a batch ends before they outgrow 32 bits.
    var textBytes: Int { bytes.count }

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

    @inline(__always)
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

    /// One bit a row, set where there is a value; empty where all have one.
    func validity() -> [UInt8] {
        guard !nulls.isEmpty else { return [] }
        var bits = [UInt8](repeating: 0xff, count: (count + 7) / 8)
        for row in nulls { bits[row / 8] &= ~(1 << UInt8(row % 8)) }
        return bits
    }

    var offsetBytes: Int { type == .utf8 || type == .binary ? offsets.count * 4 : 0 }

    var dataBytes: Int {
        switch type {
        case .uint64, .int64, .timestamp: words.count * 8
        case .decimal: wide.count * 16
        case .float64: floats.count * 8
        case .bool: bits.count
        case .utf8, .binary: bytes.count
        }
    }

    func withOffsets(
        _ body: (UnsafeRawBufferPointer) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        try ColumnBuilder.give(offsets, body)
    }

    func withData(
        _ body: (UnsafeRawBufferPointer) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        switch type {
        case .uint64, .int64, .timestamp: try ColumnBuilder.give(words, body)
        case .decimal: try ColumnBuilder.give(wide, body)
        case .float64: try ColumnBuilder.give(floats, body)
        case .bool: try ColumnBuilder.give(bits, body)
        case .utf8, .binary: try ColumnBuilder.give(bytes, body)
        }
    }

    private static func give<Element>(
        _ values: [Element],
        _ body: (UnsafeRawBufferPointer) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        try values.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }
}

/// Rows of one table, column by column.
///
/// Not Sendable: one owner at a time.
final class ColumnBatch {
    let table: Int
    let columns: [ColumnBuilder]

    init(_ table: Int, _ specs: [ColumnSpec]) {
        self.table = table
        columns = specs.map { ColumnBuilder($0.type) }
    }

    var rows: Int { columns.first?.count ?? 0 }
}

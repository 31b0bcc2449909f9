import GRDB
import Market

/// Reads the columns of one row by place; a text that is no number is an error that names table and record.
struct Columns {
    private let row: Row
    private let table: StaticString

    init(_ row: Row, table: StaticString) {
        self.row = row
        self.table = table
    }

    func text(_ index: Int) -> String { row[index] ?? "" }
    func integer(_ index: Int) -> Int64 { row[index] ?? 0 }
    func flag(_ index: Int) -> Bool { integer(index) != 0 }

    func sequence(_ index: Int) -> SequenceNumber {
        SequenceNumber(UInt64(clamping: integer(index)))
    }

    func amount(_ index: Int) throws(ProjectionError) -> Amount {
        do throws(NumberError) {
            return try Amount(text: text(index))
        } catch {
            throw .number(error, subject: subject(index))
        }
    }

    func optionalAmount(_ index: Int) throws(ProjectionError) -> Amount? {
        row.hasNull(atIndex: index) ? nil : try amount(index)
    }

    func numeral(_ index: Int) throws(ProjectionError) -> Numeral {
        do throws(NumberError) {
            return try Numeral(text: text(index))
        } catch {
            throw .number(error, subject: subject(index))
        }
    }

    func optionalNumeral(_ index: Int) throws(ProjectionError) -> Numeral? {
        row.hasNull(atIndex: index) ? nil : try numeral(index)
    }

    func instrument(_ category: Int, _ symbol: Int) throws(ProjectionError) -> InstrumentID {
        guard let category = Category(name: text(category)) else {
            throw .number(.empty, subject: subject(category))
        }
        // A private row may lack its symbol; that is a finding elsewhere and an empty text here.
        return InstrumentID(category, Symbol(text(symbol)) ?? .none)
    }

    func side(_ index: Int) -> Side { Side(name: text(index)) ?? .buy }

    /// Provenance from the columns `sequence`, `time`, `account`.
    func provenance(_ sequence: Int, _ time: Int, account: Int?) -> Provenance {
        Provenance(
            sequence: self.sequence(sequence),
            time: Timestamp(nanoseconds: integer(time)),
            account: account.map { text($0) } ?? ""
        )
    }

    private func subject(_ index: Int) -> String {
        "\(table), column \(Array(row.columnNames)[index])"
    }
}

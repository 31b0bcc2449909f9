import Commands
import Market
import Projections
import Runtime
import Trading

/// What was traded in each instrument, in public trades: a read model of your own in twenty lines.
struct Volume: Projection {
    static let name = "volume"
    static let columns: [ProjectionColumn] = [
        .key("category"), .key("symbol"), .text("volume"), .integer("trades"), .integer("sequence"),
    ]
    struct Sum: Codable {
        var volume = Amount.zero
        var trades = 0
    }
    var sums = OrderedTable<InstrumentID, Sum>()

    mutating func fold(
        _ event: Event,
        of record: ProjectedRecord,
        into rows: inout ProjectionRows
    ) throws {
        for trade in event.trades where event.kind == .publicTrades {
            let instrument = InstrumentID(event.category, trade.symbol)
            var sum = sums[instrument] ?? Sum()
            sum.volume = try sum.volume.adding(Amount(trade.size))
            sum.trades += 1
            sums[instrument] = sum
            let sequence = record.header.sequence
            rows.set(event.category.name, trade.symbol, sum.volume, sum.trades, sequence)
        }
    }
}

// The whole command line, with `tapedeck sql RECORDING "SELECT * FROM volume" --projection volume` beside the rest.
TapedeckMain.run(projections: [Volume.self])

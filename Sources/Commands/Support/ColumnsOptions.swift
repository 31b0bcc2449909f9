import ArgumentParser
import Foundation
import Interchange
import Journal

/// The tables as arguments.
enum TableName: String, ExpressibleByArgument, CaseIterable {
    case trades, book, tickers, klines, records

    var table: ColumnTable {
        switch self {
        case .trades: .trades
        case .book: .book
        case .tickers: .tickers
        case .klines: .klines
        case .records: .records
        }
    }
}

/// Which tables `export --format columns` writes.
struct ColumnsOptions: ParsableArguments {
    @Option(help: "columns: a table to write; by default trades. Repeatable.")
    var table: [TableName] = []

    @Option(help: "columns: levels a side of the book, 1 to 1000; by default 10.")
    var depth: Int?

    @Option(
        help: ArgumentHelp(
            "columns: a row of a book at each multiple of this instead of at each push.",
            valueName: "duration"
        )
    )
    var every: String?

    @Flag(help: "columns: prices and quantities as 64-bit floats instead of exact decimals.")
    var floats = false

    var isGiven: Bool { !table.isEmpty || depth != nil || every != nil || floats }

    func write(
        _ recording: Recording,
        _ selection: RecordSelection,
        output: String?
    ) throws -> ExitStatus {
        let depth = depth ?? 10
        guard (1...1_000).contains(depth) else {
            throw Failure(.usage, "--depth \(depth) is not from 1 to 1000")
        }
        let tables = table.isEmpty ? [ColumnTable.trades] : table.map(\.table)
        guard Set(tables).count == tables.count else {
            throw Failure(.usage, "a table is named twice", do: "Name each once.")
        }
        var options = ColumnsExport.Options(
            tables,
            selection,
            cores: ProcessInfo.processInfo.activeProcessorCount
        )
        options.depth = depth
        options.floats = floats
        if let every {
            options.every = try DurationText.nanoseconds(every)
            guard let nanoseconds = options.every, nanoseconds > 0 else {
                throw Failure(.usage, "--every \(every) is no time", do: "Write 100ms.")
            }
        }
        let all = options
        do {
            let summary = try Blocking.run {
                let sink =
                    try output.map { path throws(InterchangeError) in try ByteSink(path: path) }
                    ?? ByteSink()
                let summary = try await ColumnsExport.write(recording, all, to: sink)
                try sink.finish()
                return summary
            }
            return report(summary)
        } catch let error as InterchangeError {
            if error.reason == .closedPipe { return .yes }
            throw Failure(error)
        }
    }

    private func report(_ summary: ColumnsExport.Summary) -> ExitStatus {
        for finding in summary.firstFindings.prefix(5) {
            let field = finding.field.isEmpty ? "" : " \(finding.field)"
            Printing.note(
                "record \(finding.sequence), \(finding.stream):\(field) \(finding.reason.rawValue)"
            )
        }
        if summary.findings > 5 { Printing.note("\(summary.findings) findings in all") }
        for error in summary.damage.prefix(20) { Printing.note("not read: \(error)") }
        if !summary.damage.allSatisfy(\.isKnownLoss) { return .undecided }
        return summary.findings == 0 && summary.damage.isEmpty ? .yes : .no
    }
}

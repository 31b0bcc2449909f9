import ArgumentParser
import Journal
import Market
import Projections
import Runtime

struct SQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Ask a recording's tables in SQL; nothing can be changed.",
        discussion: """
            Orders and their history, executions, positions over time, round trips, P&L, wallet flows, verdicts, findings \
            and gaps, in derived/desk.sqlite, which is brought up to the recording's end first. Any SQLite tool reads that \
            file too, also while a session writes it. Numbers are exact text; --schema says what each column means.

            At a terminal a table; elsewhere one line a row with tabs between; with --json one object a row.

            Examples: tapedeck sql last "SELECT symbol, status, count(*) FROM orders GROUP BY 1, 2"
                      tapedeck sql last --schema
            """
    )

    @OptionGroup var options: RecordingOptions

    @Argument(help: ArgumentHelp("One statement that reads.", valueName: "query"))
    var query: String?

    @Flag(help: "Print the tables' definitions, with what each column means.")
    var schema = false

    @Flag(help: "Take the tables as they are, without reading the recording.")
    var noUpdate = false

    @Option(
        help: ArgumentHelp(
            "The tables of a projection of this program's own instead of the desk's.",
            valueName: "name"
        )
    )
    var projection: String?

    func validate() throws {
        guard (query == nil) == schema else {
            throw ValidationError(
                schema ? "--schema takes no query" : "name a query, or --schema"
            )
        }
    }

    func run() throws {
        let path: String
        if let projection {
            path = try ProjectionAccess.open(options, named: projection, updating: !noUpdate)
        } else {
            path = try DeskAccess.open(options, updating: !noUpdate).path
        }
        try DeskAccess.reading {
            let query = try ReadOnlyQuery(path: path, sql: query ?? SQLCommand.definitions)
            if schema {
                try printDefinitions(query)
            } else if options.json {
                try printJSON(query)
            } else if Printing.isTerminal {
                try printTable(query)
            } else {
                try printLines(query)
            }
        }
    }

    private static let definitions =
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL ORDER BY name"

    private func printDefinitions(_ query: ReadOnlyQuery) throws {
        while let row = try query.next() {
            guard case .text(let text)? = row.first else { continue }
            if options.json {
                Printing.json(schema: "sql") { $0.field("definition", text) }
            } else {
                Printing.results(text + ";\n")
            }
        }
    }

    // MARK: - Rows

    private func printJSON(_ query: ReadOnlyQuery) throws {
        let names = SQLCommand.distinct(query.columns)
        while let row = try query.next() {
            Printing.json(schema: "sql") {
                $0.field(
                    "row",
                    object: { fields in
                        for (name, cell) in zip(names, row) {
                            switch cell {
                            case .null:
                                fields.key(name)
                                fields.null()
                            case .integer(let number): fields.field(name, number)
                            case .text(let text), .blob(let text): fields.field(name, text)
                            }
                        }
                    }
                )
            }
        }
    }

    /// A name that comes twice would be one key: the second gets `_2`.
    private static func distinct(_ names: [String]) -> [String] {
        var counts: [String: Int] = [:]
        return names.map { name in
            counts[name, default: 0] += 1
            let count = counts[name] ?? 1
            return count == 1 ? name : "\(name)_\(count)"
        }
    }

    private func printLines(_ query: ReadOnlyQuery) throws {
        Printing.result(bytes: line(query.columns))
        while let row = try query.next() {
            Printing.result(bytes: line(row.map(SQLCommand.text)))
        }
    }

    /// Tabs between, and none within, so that other programs can cut the line.
    private func line(_ fields: [String]) -> [UInt8] {
        Array(fields.map { TerminalText.line($0) }.joined(separator: "\t").utf8) + [0x0a]
    }

    /// Rows that the widths of the columns are taken from.
    private static let sample = 500

    private func printTable(_ query: ReadOnlyQuery) throws {
        var rows: [[ReadOnlyQuery.Cell]] = []
        while rows.count < SQLCommand.sample, let row = try query.next() { rows.append(row) }
        var widths = query.columns.map(\.count)
        var isNumber = query.columns.map { _ in !rows.isEmpty }
        for row in rows {
            for (place, cell) in row.enumerated() {
                let text = SQLCommand.text(cell)
                widths[place] = max(widths[place], text.count)
                if case .null = cell { continue }
                if !SQLCommand.isNumber(text) { isNumber[place] = false }
            }
        }
        func show(_ fields: [String]) {
            Printing.result(
                Columns.line(
                    fields.enumerated().map { ($1, isNumber[$0] ? -widths[$0] : widths[$0]) }
                )
            )
        }
        show(query.columns)
        for row in rows { show(row.map(SQLCommand.text)) }
        while let row = try query.next() { show(row.map(SQLCommand.text)) }
    }

    private static func isNumber(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2e }
    }

    private static func text(_ cell: ReadOnlyQuery.Cell) -> String {
        switch cell {
        case .null: ""
        case .integer(let number): String(number)
        case .text(let text), .blob(let text): text
        }
    }
}

import Market

/// The executions that were counted, so that none is counted twice.
///
/// A row can come by push, by reply and again after each reconnect. What is older than all that is remembered
/// counts as seen: look-ups never ask that far back.
struct ExecutionWindow: Sendable, Codable {
    /// Executions that are remembered whatever their age.
    static let kept = 2_048
    /// Age, against the newest, up to which all are remembered: five minutes.
    static let span: Int64 = 300_000

    private var seen = SeenWindow(kept: ExecutionWindow.kept, span: ExecutionWindow.span)
    /// How many have been counted; not part of the state.
    private(set) var counted = 0

    private enum CodingKeys: String, CodingKey { case seen }

    init() {}

    var entries: [SeenWindow.Entry] { seen.entries }
    var newest: Int64 { seen.newest }

    /// True the first time, false for a row that was counted or is too old to tell.
    mutating func insert(_ report: ExecutionReport) -> Bool {
        guard seen.insert(ExecutionWindow.entry(report)) else { return false }
        counted += 1
        return true
    }

    func contains(_ report: ExecutionReport) -> Bool {
        seen.contains(ExecutionWindow.entry(report))
    }

    /// The id is the instrument's.
    private static func entry(_ report: ExecutionReport) -> SeenWindow.Entry {
        SeenWindow.Entry(
            report.executionID,
            seed: Mix.combine(
                report.instrument.symbol.fixedHash,
                UInt64(report.instrument.category.rawValue)
            ),
            milliseconds: report.timeMilliseconds
        )
    }
}

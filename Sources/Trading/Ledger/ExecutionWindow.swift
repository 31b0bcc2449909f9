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
    /// The instrument of the last look-up and what stands for it; not part of the state.
    private var recent = InstrumentID(.linear, .none)
    private(set) var seed = ExecutionWindow.seed(InstrumentID(.linear, .none))

    private enum CodingKeys: String, CodingKey { case seen }

    init() {}

    var entries: [SeenWindow.Entry] { seen.entries }
    var newest: Int64 { seen.newest }

    /// True the first time, false for a row that was counted or is too old to tell.
    mutating func insert(_ report: ExecutionReport) -> Bool {
        if report.instrument != recent {
            recent = report.instrument
            seed = ExecutionWindow.seed(recent)
        }
        guard seen.insert(ExecutionWindow.entry(report, seed)) else { return false }
        counted += 1
        return true
    }

    func contains(_ report: ExecutionReport) -> Bool {
        seen.contains(ExecutionWindow.entry(report, ExecutionWindow.seed(report.instrument)))
    }

    /// The id is the instrument's.
    private static func entry(_ report: ExecutionReport, _ seed: UInt64) -> SeenWindow.Entry {
        SeenWindow.Entry.of(report.executionID, seed: seed, milliseconds: report.timeMilliseconds)
    }

    private static func seed(_ instrument: InstrumentID) -> UInt64 {
        Mix.combine(instrument.symbol.fixedHash, UInt64(instrument.category.rawValue))
    }
}

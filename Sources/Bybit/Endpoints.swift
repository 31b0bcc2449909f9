import Market

/// Every REST endpoint that is spoken.
///
/// - Source: bybit-v5 §6, §7.
public enum Endpoints {
    /// Method and path of each, those of ``Market/Endpoint`` first.
    public static let all: [(method: String, path: String)] =
        Endpoint.table.map { ($0.method, $0.path) }
        + ReplyForm.table.map { ($0.method, $0.path) }

    /// True when replies of that path are understood.
    public static func isSpoken(_ path: String) -> Bool { all.contains { $0.path == path } }
}

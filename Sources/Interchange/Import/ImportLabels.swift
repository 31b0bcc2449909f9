import Journal

/// What a manifest says of a recording that was imported.
public enum ImportLabels {
    /// The label's key.
    public static let key = Manifest.importLabel
    /// Of public history: `log_time` is the exchange's time, and no latency can be told from it.
    public static let arrivalUnknown = Manifest.arrivalUnknown

    /// - Parameter knowsArrivalTimes: what JSON lines say of themselves; of the other formats it is known.
    static func labels(
        _ format: Import.Format,
        files: [String],
        knowsArrivalTimes: Bool
    ) -> [Label] {
        let names = files.map { String($0.split(separator: "/").last ?? "") }
        var list = names.prefix(8).joined(separator: ", ")
        if names.count > 8 { list += " and \(names.count - 8) more" }
        switch format {
        case .jsonLines where knowsArrivalTimes:
            return [Label(key, "JSON lines"), Label("imported.files", list)]
        case .jsonLines:
            return [
                Label(key, arrivalUnknown),
                Label("imported.files", list),
                Label("imported.format", "JSON lines"),
            ]
        case .tardis:
            return [
                Label(key, "tardis raw lines: arrival times are another recorder's, to 100 ns"),
                Label("imported.files", list),
            ]
        case .hftbacktest:
            return [
                Label(key, "hftbacktest's collector: arrival times are another recorder's"),
                Label("imported.files", list),
            ]
        case .bybit:
            return [
                Label(key, arrivalUnknown),
                Label("imported.files", list),
                Label(
                    "imported.messages",
                    "rows of trade and kline CSV as the messages that Bybit would have pushed"
                ),
            ]
        }
    }
}

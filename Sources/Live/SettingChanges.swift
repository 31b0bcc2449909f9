import Bybit
public import Market

/// What differs between the settings that hold and those that were read anew, and what of it may change alive.
struct SettingChanges {
    /// Paths whose values may change while the session runs; all else needs a new start.
    static let alive: Set<String> = ["public", "credentials", "credentials_file", "observe"]

    /// What is warned of, and where it goes, may change too.
    private static func isAlive(_ path: String) -> Bool {
        alive.contains(path) || path == "alerts" || path.hasPrefix("alerts.")
    }

    /// One sentence for each setting that may not change, in the order of its path.
    private(set) var refused: [String] = []
    /// Where the first of them stands.
    private(set) var place = ""
    private(set) var added: [SessionConfiguration.Subscription] = []
    private(set) var removed: [SessionConfiguration.Subscription] = []
    /// Names of alerts whose settings differ, and `sinks`; sorted.
    private(set) var alerts: [String] = []

    init(from old: SessionConfiguration, to new: SessionConfiguration) {
        let paths = Set((old.lines + new.lines).map(\.path))
        for path in paths.sorted() where !SettingChanges.isAlive(path) {
            let was = old.lines.filter { $0.path == path }
            let lines = new.lines.filter { $0.path == path }
            guard was.map(\.value) != lines.map(\.value) else { continue }
            refuse(path, SettingChanges.text(was), SettingChanges.text(lines), lines.first?.place)
        }
        // A key comes and goes with the private sockets, the account's streams and its reconciliation.
        if (old.key == nil) != (new.key == nil) {
            let line = new.lines.first { $0.path == "credentials" }
            refuse(
                "credentials",
                old.key == nil ? "absent" : "there",
                new.key == nil ? "absent" : "there",
                line?.place
            )
        }
        alerts = SettingChanges.alerts(old, new)
        let had = Set(old.subscriptions)
        let wanted = Set(new.subscriptions)
        added = new.subscriptions.filter { !had.contains($0) }
        removed = old.subscriptions.filter { !wanted.contains($0) }
    }

    /// Names without values: the address of a webhook may hold a secret.
    private static func alerts(_ old: SessionConfiguration, _ new: SessionConfiguration) -> [String]
    {
        func words(_ configuration: SessionConfiguration, _ path: String) -> [String] {
            configuration.lines.filter { $0.path == path }.map(\.value)
        }
        let paths = Set((old.lines + new.lines).map(\.path)).filter { $0.hasPrefix("alerts.") }
        let changed = paths.filter { words(old, $0) != words(new, $0) }
        return Set(
            changed.compactMap { $0.split(separator: ".").dropFirst().first.map(String.init) }
        )
        .sorted()
    }

    private mutating func refuse(_ path: String, _ was: String, _ now: String, _ at: String?) {
        refused.append("\(path) was \(was) and is \(now)" + (at.map { " (\($0))" } ?? ""))
        if place.isEmpty { place = at ?? "" }
    }

    private static func text(_ lines: [SettingLine]) -> String {
        lines.isEmpty ? "absent" : lines.map(\.value).joined(separator: ", ")
    }

    var refusal: RequestRefusal? {
        guard !refused.isEmpty else { return nil }
        return RequestRefusal(
            "session-file",
            refused.joined(separator: "; ")
                + ": this cannot change while the session runs, and nothing was changed",
            at: place,
            do: "Put it back, or stop the session and start it anew."
        )
    }
}

/// Who wants the session file read anew.
struct ReloadOrder {
    /// `nil` for a signal.
    var uid: UInt32?
    var reason: String
}

/// What a reload has changed.
public struct ReloadReport: Sendable {
    /// The record of the change; `nil` where nothing has changed.
    public var sequence: SequenceNumber?
    /// Rules and topics, as `CATEGORY:TOPIC`.
    public var added: [String] = []
    public var removed: [String] = []
    /// Another key signs from now on.
    public var isKeyNew = false
    /// The proxy is told another user or password from now on.
    public var isProxyNew = false
    /// Names of alerts that have other settings from now on, and `sinks`.
    public var alerts: [String] = []
    /// Topics subscribed more and less by it, as far as lists have come.
    public var topicsAdded = 0
    public var topicsRemoved = 0
    public var configurationHash = ""

    public func write(into json: inout JSONWriter) {
        json.field("changed", sequence != nil)
        if let sequence { json.field("sequence", sequence) }
        json.field("added", array: { json in for text in added { json.value(text) } })
        json.field("removed", array: { json in for text in removed { json.value(text) } })
        json.field("topics_added", topicsAdded)
        json.field("topics_removed", topicsRemoved)
        json.field("alerts", array: { json in for text in alerts { json.value(text) } })
        json.field("key", isKeyNew ? "new" : "unchanged")
        json.field("proxy_credentials", isProxyNew ? "new" : "unchanged")
        json.field("configuration_hash", configurationHash)
    }

    public var words: String {
        guard let sequence else { return "nothing has changed in the session file" }
        var words = "the session file was applied at record \(sequence)"
        if !added.isEmpty { words += "; came: " + added.joined(separator: ", ") }
        if !removed.isEmpty { words += "; went: " + removed.joined(separator: ", ") }
        if isKeyNew { words += "; another key signs from now on" }
        if isProxyNew { words += "; the proxy gets another user or password" }
        if !alerts.isEmpty { words += "; alerts: " + alerts.joined(separator: ", ") }
        return words + " (\(topicsAdded) topics more, \(topicsRemoved) less)"
    }
}

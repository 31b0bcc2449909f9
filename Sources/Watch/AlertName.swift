public import Market

/// What a session can warn of; the page `Alerts` of this module says when each begins and ends.
public enum AlertName: String, CaseIterable, Hashable, Sendable {
    case streamSilent = "stream-silent"
    case bookInvalid = "book-invalid"
    case reconnectStorm = "reconnect-storm"
    case queueFilling = "queue-filling"
    case diskFilling = "disk-filling"
    case appendStalled = "append-stalled"
    case clockOffset = "clock-offset"
    case keyExpiring = "key-expiring"
    case rateQuota = "rate-quota"
    case verifyFailed = "verify-failed"
    case shutOut = "shut-out"
    case unprotected = "dcp-unarmed"

    /// Of `value` and `threshold`.
    var unit: String {
        switch self {
        case .streamSilent, .bookInvalid, .appendStalled, .clockOffset, .shutOut: "seconds"
        case .reconnectStorm: "reconnects"
        case .queueFilling, .rateQuota: "percent"
        case .diskFilling, .keyExpiring: "days"
        case .verifyFailed, .unprotected: ""
        }
    }
}

/// When alerts begin; all of them are on unless a session file says otherwise.
///
/// Times are nanoseconds.
public struct AlertSettings: Hashable, Sendable {
    /// Alerts that never begin.
    public var off: Set<AlertName> = []
    /// A public socket without data, or a private one that is not ready, for so long.
    public var silentAfter: Int64 = 30_000_000_000
    /// A book that cannot be believed for so long.
    public var bookInvalidAfter: Int64 = 5_000_000_000
    /// Reconnects of one socket within ``reconnectWindow``.
    public var reconnects: Int64 = 5
    public var reconnectWindow: Int64 = 60_000_000_000
    /// Percent of the queue in use.
    public var queuePercent: Int64 = 50
    /// Days until the disk is full.
    public var diskDays: Int64 = 3
    /// Without a turn of the event loop, or an append; or with a record that waits for the disk.
    public var stalledAfter: Int64 = 5_000_000_000
    /// Of the exchange's clock from ours, either way.
    public var clockOffset: Int64 = 250_000_000
    /// Days until the key expires.
    public var keyDays: Int64 = 14
    /// Percent of a quota that is left.
    public var quotaPercent: Int64 = 20

    public init() {}
}

/// An alert that begins or ends: what a sink is sent, once each.
public struct Alert: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case firing
        case resolved
    }

    public var name: AlertName
    public var state: State
    /// When what it warns of was first seen.
    public var since: Timestamp
    /// When it began or ended.
    public var time: Timestamp
    /// Decimal text in the alert's unit; of an alert that ended the last.
    public var value: String
    public var threshold: String
    /// A sentence without a host, an address, a key or a user id.
    public var text: String

    /// The body that a sink gets.
    public func json(_ identity: Identity) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("schema", Alert.schema)
            json.field("name", name.rawValue)
            json.field("state", state.rawValue)
            json.field("since", since.description)
            json.field("time", time.description)
            json.field("value", value)
            json.field("threshold", threshold)
            json.field("unit", name.unit)
            json.field("recording", identity.recording)
            json.field("run", identity.run)
            json.field("text", text)
        }
        return writer.bytes
    }

    static let schema = "tapedeck.alert/1"

    func reason(_ json: inout JSONWriter) {
        json.field("name", name.rawValue)
        json.field("since", since.description)
        json.field("value", value)
        json.field("threshold", threshold)
        json.field("unit", name.unit)
        json.field("text", text)
    }
}

/// How often an alert began, for the figures.
public struct AlertCount: Hashable, Sendable {
    public var name: AlertName
    public var isFiring: Bool
    public var begun: Int64
}

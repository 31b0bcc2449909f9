public import Journal
public import Market

/// What a session says of itself: the object of `--json` each second, of `desk status`, and its lines for people.
///
/// The one place for it: a part of the session that has something to say adds a field here, sets it in
/// ``SessionLoop/status()``, and writes it in ``write(into:)`` and, where people want to see it, in ``lines``.
public struct SessionStatus: Sendable {
    public enum Phase: String, Sendable {
        /// The first questions are under way; no socket has been connected.
        case starting
        case running
        /// It is coming to its end: orders are cancelled, or it is being sealed.
        case stopping
    }

    /// The recording's directory.
    public var recording = ""
    /// The recording's id.
    public var id = ""
    public var run = 0
    public var program = ""
    public var process: Int32 = 0
    public var phase = Phase.starting
    public var started = Timestamp.zero
    /// The session's clock.
    public var time = Timestamp.zero
    /// Nanoseconds since the run's start.
    public var uptime: Int64 = 0
    /// An environment's name, or the endpoint.
    public var target = ""
    public var account = ""
    /// The key's name and fingerprint; empty where there is none.
    public var key = ""
    /// Of the settings, as `session/start` and records of `reload` have it.
    public var configurationHash = ""
    public var reloads = 0

    public var counts = SessionCounts()
    public var watermarks: Watermarks
    public var health: RecorderHealth
    /// Records wait too long for the disk.
    public var isSlow = false
    /// Bytes that wait for the disk, and the most that may.
    public var queueBytes = 0
    public var queueLimit = 0
    /// Why new orders are halted; `nil` when they are not, and where there is no account to order with.
    public var haltReason: String?
    /// A session of public data alone has none: nothing can be ordered, and nothing be halted.
    public var hasAccount = false
    public var openOrders = 0
    /// Sockets that are complete: authenticated where needed, and subscribed.
    public var socketsReady = 0
    public var sockets = 0
    /// The exchange cancels what is open when this process is gone: topics that it has confirmed.
    public var armed: [String] = []
    /// The same for people and in the same order: each with its window, or that it is not known yet whether it fires.
    public var armedWords: [String] = []
    /// Topics by which it was to do so and does not, each with why.
    public var vain: [String] = []

    /// Nanoseconds since the last record; the session makes one each second.
    public var sinceAppend: Int64 = 0
    /// Why the session must end: what its key may do came to light after the start; `nil` mostly.
    public var refusal: SessionError?
    /// What has passed of bots; `nil` in a session of our own.
    public var bots: BotCounts?
    public var rolls = SessionRolls()
    /// How fast the disk fills, and how long that can go on; `nil` before it was looked at.
    public var disk: DiskForecast?
    /// Why the session has to end, by `disk: {when_full: stop}`; `nil` while it has not.
    public var diskStop: String?

    public init(watermarks: Watermarks, health: RecorderHealth) {
        self.watermarks = watermarks
        self.health = health
    }

    /// `sound`, `slow`, or what ails the journal.
    public var healthWords: String {
        switch health {
        case .sound: isSlow ? "slow" : "sound"
        case .full(let error): "full: \(error)"
        case .degraded(let error): "degraded: \(error)"
        case .failed(let error): "failed: \(error)"
        }
    }

    /// Connections that were made again after one was lost.
    public var reconnects: Int64 { max(0, counts.connects - Int64(sockets)) }

    public func write(into json: inout JSONWriter) {
        json.field("recording", recording)
        json.field("recording_id", id)
        json.field("run", run)
        json.field("program", program)
        json.field("pid", Int64(process))
        json.field("phase", phase.rawValue)
        json.field("started", started.description)
        json.field("uptime_seconds", uptime / 1_000_000_000)
        json.field("environment", target)
        json.field("account", account)
        json.field("key", key)
        json.field("configuration_hash", configurationHash)
        json.field("reloads", reloads)
        json.field("appended", watermarks.appended)
        json.field("written", watermarks.written)
        json.field("durable", watermarks.durable)
        json.field("queue_bytes", queueBytes)
        json.field("queue_limit", queueLimit)
        json.field("health", healthWords)
        json.field("frames", counts.frames)
        json.field("requests", counts.requests)
        json.field("stalls", counts.stalls)
        json.field("shed", counts.shed)
        json.field("blanked", counts.blanked)
        json.field("commands", counts.commands)
        json.field("findings", counts.findings)
        json.field("open_orders", openOrders)
        json.field("sockets", sockets)
        json.field("sockets_ready", socketsReady)
        json.field("connects", counts.connects)
        json.field("disconnects", counts.disconnects)
        json.field("reconnects", reconnects)
        json.field("last_link_failure", counts.lastLinkFailure)
        json.field("dcp_armed", armed.joined(separator: " "))
        json.field("dcp_windows", armedWords.joined(separator: ", "))
        json.field("dcp_vain", vain.joined(separator: ", "))
        json.field("halted", haltReason ?? (hasAccount ? "no" : "no account"))
        json.field("rolls", rolls.count)
        json.field("roll_problem", rollProblem)
        guard let disk else { return }
        json.field(
            "disk",
            object: {
                $0.field("used", Int64(clamping: disk.used))
                $0.field("free", Int64(clamping: disk.free))
                $0.field("bytes_per_day", Int64(clamping: disk.bytesPerDay ?? 0))
                $0.field("days_left", SessionStatus.tenths(disk.daysLeft))
            }
        )
    }

    private var rollProblem: String {
        rolls.problem ?? rolls.sealFailure ?? rolls.verifyFailure ?? ""
    }

    /// With one decimal; empty where there is none to say.
    private static func tenths(_ number: Double?) -> String {
        guard let number else { return "" }
        let tenths = Int64(clamping: UInt64(min(max(0, number), 1e15) * 10))
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The same for people, one line each.
    public var lines: [String] {
        var lines: [String] = []
        func line(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 11 - name.count)) + text)
        }
        line("recording", recording)
        line(
            "run",
            "\(run), \(phase.rawValue) since \(started) (\(SessionStatus.duration(uptime)))"
        )
        line("process", "\(process), tapedeck \(program)")
        line("exchange", target + (key.isEmpty ? "" : ", account \(account), key \(key)"))
        line("settings", configurationHash + (reloads > 0 ? ", reloaded \(reloads) times" : ""))
        line(
            "records",
            "\(watermarks.appended) appended, \(watermarks.written) written,"
                + " \(watermarks.durable) durable"
        )
        line("journal", "\(healthWords), \(queueBytes) of \(queueLimit) bytes queued")
        if let disk {
            let days = SessionStatus.tenths(disk.daysLeft)
            line(
                "disk",
                "\(disk.used) bytes used, \(disk.free) free, \(disk.bytesPerDay ?? 0) a day"
                    + (days.isEmpty ? "" : ", \(days) days left")
            )
        }
        if rolls.count > 0 || !rollProblem.isEmpty {
            line("days", "\(rolls.count) rolled" + (rollProblem.isEmpty ? "" : "; \(rollProblem)"))
        }
        line("sockets", "\(socketsReady) of \(sockets) ready, \(reconnects) reconnects")
        if !counts.lastLinkFailure.isEmpty { line("", "last failure: \(counts.lastLinkFailure)") }
        line(
            "received",
            "\(counts.frames) frames, \(counts.shed) not kept, \(counts.stalls) waits for the disk"
        )
        line(
            "desk",
            "\(openOrders) orders open, \(counts.commands) commands, \(counts.findings) findings"
        )
        line("halted", haltReason ?? (hasAccount ? "no" : "no account: public data only"))
        line(
            "dcp",
            armed.isEmpty
                ? "not armed by this session" + (bots == nil ? "" : "; what bots arm is theirs")
                : "armed by this session: " + armedWords.joined(separator: ", ")
        )
        if !vain.isEmpty { line("", "in vain: " + vain.joined(separator: ", ")) }
        return lines
    }

    private static func duration(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3_600 { return "\(seconds / 60) m \(seconds % 60) s" }
        if seconds < 86_400 { return "\(seconds / 3_600) h \(seconds / 60 % 60) m" }
        return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
    }
}

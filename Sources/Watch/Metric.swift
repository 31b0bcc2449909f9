/// A figure of a session by its name outside: what it counts, in which unit, and whether it only rises.
///
/// Units stand in the names: `_total` is a count that only rises, `_bytes` and `_seconds` are what they say. What a
/// metric means is said once, in `help`; the page `Metrics` of this module repeats it and a test compares the two.
public struct Metric: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Rises until the process ends.
        case counter
        /// Goes up and down.
        case gauge
    }

    public let kind: Kind
    public let name: String
    /// Names of its labels, in order; their values are words of ours, never a key, a user id or an address.
    public let labels: [String]
    public let help: String

    init(_ kind: Kind, _ name: String, _ labels: [String], _ help: String) {
        self.kind = kind
        self.name = name
        self.labels = labels
        self.help = help
    }

    init(_ kind: Kind, _ name: String, _ help: String) { self.init(kind, name, [], help) }

    /// Its name in a record of `session/figures`.
    var shortName: String { String(name.dropFirst(Metric.prefix.count)) }

    static let prefix = "tapedeck_"

    /// Every metric, in the order in which they are served.
    public static let all: [Metric] =
        build + journal + sockets + core + exchange + system + alerts
}

// One list a subject.
extension Metric {
    static let buildInfo = Metric(
        .gauge,
        "tapedeck_build_info",
        ["version", "commit"],
        "Always 1; the labels say which program runs."
    )

    private static let build = [buildInfo]

    // MARK: - The journal

    static let recordsAppended = Metric(
        .counter,
        "tapedeck_records_appended_total",
        "Sequence number of the last record in memory, those of earlier runs of the recording included."
    )
    static let recordsWritten = Metric(
        .counter,
        "tapedeck_records_written_total",
        "Sequence number of the last record that survives the end of the process."
    )
    static let recordsDurable = Metric(
        .counter,
        "tapedeck_records_durable_total",
        "Sequence number of the last record that survives a power cut."
    )
    static let recordsUnwritten = Metric(
        .gauge,
        "tapedeck_records_unwritten",
        "Records in memory that are not written yet."
    )
    static let recordsUndurable = Metric(
        .gauge,
        "tapedeck_records_undurable",
        "Records in memory that are not durable yet."
    )
    static let appendedBytes = Metric(
        .counter,
        "tapedeck_journal_appended_bytes_total",
        "Bytes of records appended by this process, before compression."
    )
    static let writtenBytes = Metric(
        .counter,
        "tapedeck_journal_written_bytes_total",
        "Bytes of records that this process has written, before compression."
    )
    static let durableBytes = Metric(
        .counter,
        "tapedeck_journal_durable_bytes_total",
        "Bytes of records that this process has made durable, before compression."
    )
    static let segmentBytes = Metric(
        .counter,
        "tapedeck_journal_segment_bytes_total",
        "Compressed bytes that this process has added to segments."
    )
    static let queueBytes = Metric(
        .gauge,
        "tapedeck_journal_queue_bytes",
        "Bytes that wait for the disk, the most within the last second."
    )
    static let queueCapacity = Metric(
        .gauge,
        "tapedeck_journal_queue_capacity_bytes",
        "Bytes that may wait for the disk."
    )
    static let syncs = Metric(
        .counter,
        "tapedeck_journal_fsyncs_total",
        "Times that a file was synced to the disk."
    )
    static let syncTime = Metric(
        .counter,
        "tapedeck_journal_fsync_seconds_total",
        "Time spent in rounds of syncing, each of all files that were written since the last."
    )
    static let lastSync = Metric(
        .gauge,
        "tapedeck_journal_fsync_last_seconds",
        "How long the last round of syncing took."
    )
    static let longestSync = Metric(
        .gauge,
        "tapedeck_journal_fsync_longest_seconds",
        "How long the longest round of syncing took since the process began."
    )
    static let diskErrors = Metric(
        .counter,
        "tapedeck_journal_disk_errors_total",
        "Errors of the disk that were met and dealt with."
    )
    static let journalFailed = Metric(
        .gauge,
        "tapedeck_journal_failed",
        "1 when nothing more can be recorded."
    )
    static let stalls = Metric(
        .counter,
        "tapedeck_stalls_total",
        "Times that public sockets were not read because the queue was half full."
    )
    static let shed = Metric(
        .counter,
        "tapedeck_shed_frames_total",
        "Public frames that were not kept because the queue or the disk was full."
    )

    private static let journal = [
        recordsAppended, recordsWritten, recordsDurable, recordsUnwritten, recordsUndurable,
        appendedBytes, writtenBytes, durableBytes, segmentBytes, queueBytes, queueCapacity, syncs,
        syncTime, lastSync, longestSync, diskErrors, journalFailed, stalls, shed,
    ]

    // MARK: - Sockets

    static let socketFrames = Metric(
        .counter,
        "tapedeck_socket_frames_total",
        ["socket"],
        "Messages received on a socket, answers to pings included."
    )
    static let socketBytes = Metric(
        .counter,
        "tapedeck_socket_received_bytes_total",
        ["socket"],
        "Bytes of the messages received on a socket."
    )
    static let socketReconnects = Metric(
        .counter,
        "tapedeck_socket_reconnects_total",
        ["socket"],
        "Connections made on a socket after its first."
    )
    static let socketReady = Metric(
        .gauge,
        "tapedeck_socket_ready",
        ["socket"],
        "1 while a socket is authenticated where it must be, and all its topics were answered."
    )
    static let streamAge = Metric(
        .gauge,
        "tapedeck_stream_last_heard_age_seconds",
        ["socket"],
        "Time since a socket last brought a message that is no answer to a request or ping."
    )

    private static let sockets = [
        socketFrames, socketBytes, socketReconnects, socketReady, streamAge,
    ]

    // MARK: - The core

    static let findings = Metric(
        .counter,
        "tapedeck_findings_total",
        ["kind"],
        "Findings of the core by kind; `gap` is a book that missed something."
    )
    static let booksValid = Metric(
        .gauge,
        "tapedeck_books_valid",
        "Instruments whose book can be believed."
    )
    static let booksStale = Metric(
        .gauge,
        "tapedeck_books_stale",
        "Instruments whose book waits for a snapshot."
    )
    static let openOrders = Metric(
        .gauge,
        "tapedeck_open_orders",
        "Orders of this session's strategies that are not closed."
    )
    static let halted = Metric(
        .gauge,
        "tapedeck_halted",
        "1 while new orders are rejected."
    )
    static let commands = Metric(
        .counter,
        "tapedeck_commands_total",
        "Commands of the core: orders, cancels, look-ups, timers."
    )
    static let rejected = Metric(
        .counter,
        "tapedeck_risk_rejected_total",
        "Intents of strategies that risk refused."
    )
    static let blanked = Metric(
        .counter,
        "tapedeck_secrets_blanked_total",
        "Secrets of ours that the exchange sent back and that were blanked before recording."
    )

    private static let core = [
        findings, booksValid, booksStale, openOrders, halted, commands, rejected, blanked,
    ]

    // MARK: - The exchange

    static let requests = Metric(
        .counter,
        "tapedeck_rest_requests_total",
        ["outcome"],
        "REST requests that ended, by what became of them."
    )
    static let quota = Metric(
        .gauge,
        "tapedeck_rate_quota",
        ["group"],
        "Requests that the exchange allows a group of endpoints in its window."
    )
    static let quotaLeft = Metric(
        .gauge,
        "tapedeck_rate_quota_left",
        ["group"],
        "Requests that were left of it, the least within ten seconds."
    )
    static let clockOffset = Metric(
        .gauge,
        "tapedeck_clock_offset_seconds",
        "The exchange's clock minus ours, as last measured."
    )
    static let clockUncertainty = Metric(
        .gauge,
        "tapedeck_clock_uncertainty_seconds",
        "Greatest error of the offset: half of the round trip."
    )
    static let keyLeft = Metric(
        .gauge,
        "tapedeck_key_left_seconds",
        "Time until the API key expires."
    )

    private static let exchange = [
        requests, quota, quotaLeft, clockOffset, clockUncertainty, keyLeft,
    ]

    // MARK: - The machine

    static let diskFree = Metric(
        .gauge,
        "tapedeck_disk_free_bytes",
        "Bytes that this process may still write to the recording's file system."
    )
    static let diskDaily = Metric(
        .gauge,
        "tapedeck_disk_daily_bytes",
        "Bytes that the recording grows by in a day, as measured within the last hour."
    )
    static let diskLeft = Metric(
        .gauge,
        "tapedeck_disk_left_seconds",
        "Time until the disk is full at that rate."
    )
    static let resident = Metric(
        .gauge,
        "tapedeck_process_resident_memory_bytes",
        "Resident memory of the process."
    )
    static let openFiles = Metric(
        .gauge,
        "tapedeck_process_open_files",
        "Open file descriptors of the process."
    )
    static let processor = Metric(
        .counter,
        "tapedeck_process_cpu_seconds_total",
        "Processor time of the process, user and system."
    )
    static let loopAge = Metric(
        .gauge,
        "tapedeck_event_loop_age_seconds",
        "Time since the session's event loop last turned; it does at least twenty times a second."
    )
    static let appendAge = Metric(
        .gauge,
        "tapedeck_last_append_age_seconds",
        "Time since a record was last appended; one is at least each second."
    )

    private static let system = [
        diskFree, diskDaily, diskLeft, resident, openFiles, processor, loopAge, appendAge,
    ]

    // MARK: - Alerts

    static let alertFiring = Metric(
        .gauge,
        "tapedeck_alert_firing",
        ["alert"],
        "1 while an alert lasts."
    )
    static let alertsBegun = Metric(
        .counter,
        "tapedeck_alerts_total",
        ["alert"],
        "Times that an alert began."
    )
    static let deliveries = Metric(
        .counter,
        "tapedeck_alert_deliveries_total",
        ["sink", "outcome"],
        "Attempts to send an alert: `sent`, `failed` (and tried again), `dropped`."
    )
    static let deliveriesWaiting = Metric(
        .gauge,
        "tapedeck_alert_deliveries_waiting",
        ["sink"],
        "Alerts that a sink has not taken yet."
    )

    private static let alerts = [alertFiring, alertsBegun, deliveries, deliveriesWaiting]
}

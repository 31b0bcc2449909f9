public import Market

/// The figures of one moment, for whoever scrapes them and for the record of every half minute: the same in both.
public struct Figures: Sendable {
    enum Value: Hashable, Sendable {
        case count(Int64)
        case nanoseconds(Int64)

        /// Exact, in the unit of the metric.
        var text: String {
            switch self {
            case .count(let count): String(count)
            case .nanoseconds(let nanoseconds): DecimalSeconds.text(nanoseconds)
            }
        }
    }

    struct Figure: Hashable, Sendable {
        var metric: Metric
        /// Values of the metric's labels, in their order.
        var labels: [String]
        var value: Value
    }

    private(set) var list: [Figure] = []

    /// - Parameters:
    ///   - now: monotonic nanoseconds, to which ages are counted.
    ///   - wall: the same moment.
    public init(
        _ reading: Reading,
        _ identity: Identity,
        alerts: [AlertCount] = [],
        sinks: [SinkCount] = [],
        at now: Int64,
        wall: Timestamp
    ) {
        add(.buildInfo, [identity.version, identity.commit], .count(1))
        addJournal(reading.journal)
        add(.stalls, .count(reading.stalls))
        add(.shed, .count(reading.shed))
        for socket in reading.sockets { addSocket(socket, now) }
        for finding in reading.findings { add(.findings, [finding.name], .count(finding.count)) }
        addCore(reading)
        addExchange(reading, wall)
        addMachine(reading.machine)
        add(.loopAge, .nanoseconds(max(0, now - reading.turned)))
        add(.appendAge, .nanoseconds(max(0, now - reading.lastAppend)))
        for alert in alerts {
            add(.alertFiring, [alert.name.rawValue], .count(alert.isFiring ? 1 : 0))
            add(.alertsBegun, [alert.name.rawValue], .count(alert.begun))
        }
        for sink in sinks {
            add(.deliveries, [sink.name, "sent"], .count(sink.sent))
            add(.deliveries, [sink.name, "failed"], .count(sink.failed))
            add(.deliveries, [sink.name, "dropped"], .count(sink.dropped))
            add(.deliveriesWaiting, [sink.name], .count(sink.waiting))
        }
    }

    private mutating func add(_ metric: Metric, _ value: Value?) {
        if let value { add(metric, [], value) }
    }

    private mutating func add(_ metric: Metric, _ labels: [String], _ value: Value) {
        list.append(Figure(metric: metric, labels: labels, value: value))
    }

    private mutating func addJournal(_ journal: Reading.Journal) {
        add(.recordsAppended, .count(journal.appended))
        add(.recordsWritten, .count(journal.written))
        add(.recordsDurable, .count(journal.durable))
        add(.recordsUnwritten, .count(max(0, journal.appended - journal.written)))
        add(.recordsUndurable, .count(max(0, journal.appended - journal.durable)))
        add(.appendedBytes, .count(journal.appendedBytes))
        add(.writtenBytes, .count(journal.writtenBytes))
        add(.durableBytes, .count(journal.durableBytes))
        add(.segmentBytes, .count(journal.segmentBytes))
        add(.queueBytes, .count(journal.queueBytes))
        add(.queueCapacity, .count(journal.queueCapacity))
        add(.syncs, .count(journal.syncs))
        add(.syncTime, .nanoseconds(journal.syncTime))
        add(.lastSync, .nanoseconds(journal.lastSync))
        add(.longestSync, .nanoseconds(journal.longestSync))
        add(.diskErrors, .count(journal.diskErrors))
        add(.journalFailed, .count(journal.isFailed ? 1 : 0))
    }

    private mutating func addSocket(_ socket: Reading.Socket, _ now: Int64) {
        add(.socketFrames, [socket.name], .count(socket.frames))
        add(.socketBytes, [socket.name], .count(socket.bytes))
        add(.socketReconnects, [socket.name], .count(socket.reconnects))
        add(.socketReady, [socket.name], .count(socket.isReady ? 1 : 0))
        add(.streamAge, [socket.name], .nanoseconds(max(0, now - socket.heard)))
    }

    private mutating func addCore(_ reading: Reading) {
        add(.booksValid, .count(Int64(reading.booksValid)))
        add(.booksStale, .count(Int64(reading.booksInvalid.count)))
        add(.openOrders, .count(Int64(reading.openOrders)))
        add(.halted, .count(reading.haltReason == nil ? 0 : 1))
        add(.commands, .count(reading.commands))
        add(.rejected, .count(reading.rejected))
        add(.blanked, .count(reading.blanked))
    }

    private mutating func addExchange(_ reading: Reading, _ wall: Timestamp) {
        for request in reading.requests { add(.requests, [request.name], .count(request.count)) }
        for quota in reading.quotas {
            add(.quota, [quota.group], .count(Int64(quota.limit)))
            add(.quotaLeft, [quota.group], .count(Int64(quota.left)))
        }
        if let offset = reading.clockOffset {
            add(.clockOffset, .nanoseconds(offset))
            add(.clockUncertainty, .nanoseconds(reading.clockUncertainty))
        }
        add(.keyLeft, reading.keyExpires.map { .nanoseconds($0.nanoseconds &- wall.nanoseconds) })
    }

    private mutating func addMachine(_ machine: Reading.Machine) {
        add(.diskFree, machine.diskFree.map { .count($0) })
        add(.diskDaily, machine.diskDaily.map { .count($0) })
        add(.diskLeft, machine.diskLeft.map { .nanoseconds($0) })
        add(.resident, machine.resident.map { .count($0) })
        add(.openFiles, machine.openFiles.map { .count($0) })
        add(.processor, machine.processor.map { .nanoseconds($0) })
    }

    // MARK: - What leaves

    /// Content type of ``text``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Prometheus's text format: each metric with HELP and TYPE, also one that has no figure now.
    public var text: String {
        var lines = ""
        for metric in Metric.all {
            lines += "# HELP \(metric.name) \(Figures.escaped(metric.help, quotes: false))\n"
            lines += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for figure in list where figure.metric == metric {
                lines += metric.name
                if !metric.labels.isEmpty {
                    let pairs = zip(metric.labels, figure.labels).map { name, value in
                        "\(name)=\"\(Figures.escaped(value, quotes: true))\""
                    }
                    lines += "{" + pairs.joined(separator: ",") + "}"
                }
                lines += " \(figure.value.text)\n"
            }
        }
        return lines
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The payload of `session/figures`: names as in ``text`` without their prefix, a figure with labels as an object
    /// by their values, seconds as decimal text.
    public var payload: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            for metric in Metric.all {
                let figures = list.filter { $0.metric == metric }
                guard let first = figures.first else { continue }
                if metric.labels.isEmpty {
                    Figures.write(first, metric.shortName, &json)
                } else {
                    json.field(
                        metric.shortName,
                        object: { json in
                            for figure in figures {
                                Figures.write(figure, figure.labels.joined(separator: " "), &json)
                            }
                        }
                    )
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ figure: Figure, _ name: String, _ json: inout JSONWriter) {
        switch figure.value {
        case .count(let count): json.field(name, count)
        case .nanoseconds: json.field(name, figure.value.text)
        }
    }
}

/// Nanoseconds as seconds, exactly.
enum DecimalSeconds {
    static func text(_ nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : ""
        let (seconds, fraction) = nanoseconds.magnitude.quotientAndRemainder(
            dividingBy: 1_000_000_000
        )
        guard fraction > 0 else { return "\(sign)\(seconds)" }
        var digits = String(fraction)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(sign)\(seconds).\(digits)"
    }

    /// Rounded down to tenths, for sentences.
    static func words(_ nanoseconds: Int64) -> String {
        let tenths = nanoseconds.magnitude / 100_000_000
        let sign = nanoseconds < 0 && tenths > 0 ? "-" : ""
        return tenths % 10 == 0 ? "\(sign)\(tenths / 10)" : "\(sign)\(tenths / 10).\(tenths % 10)"
    }
}

import Glibc
import Live
import Watch

/// What a session file says of figures and alerts: `metrics`, `metrics_reach`, `alerts`.
enum WatchFile {
    static let allowed =
        ["metrics", "metrics_reach", "alerts.sinks.*.exec", "alerts.sinks.*.webhook"]
        + AlertName.allCases.map { "alerts." + $0.rawValue }
        + AlertName.allCases.flatMap { name in
            settings(of: name).map { "alerts.\(name.rawValue).\($0.name)" }
        }

    /// One threshold and where it goes.
    private struct Threshold {
        enum Form {
            /// `30s`
            case duration
            /// A whole number from the first to the last.
            case number(ClosedRange<Int64>)
        }

        var name: String
        var form: Form
        var path: WritableKeyPath<AlertSettings, Int64>
    }

    private static func settings(of name: AlertName) -> [Threshold] {
        switch name {
        case .streamSilent: [Threshold(name: "after", form: .duration, path: \.silentAfter)]
        case .bookInvalid: [Threshold(name: "after", form: .duration, path: \.bookInvalidAfter)]
        case .reconnectStorm:
            [
                Threshold(name: "count", form: .number(1...10_000), path: \.reconnects),
                Threshold(name: "within", form: .duration, path: \.reconnectWindow),
            ]
        case .queueFilling:
            [Threshold(name: "percent", form: .number(1...100), path: \.queuePercent)]
        case .diskFilling: [Threshold(name: "days", form: .number(1...10_000), path: \.diskDays)]
        case .appendStalled: [Threshold(name: "after", form: .duration, path: \.stalledAfter)]
        case .clockOffset: [Threshold(name: "over", form: .duration, path: \.clockOffset)]
        case .keyExpiring: [Threshold(name: "days", form: .number(1...100_000), path: \.keyDays)]
        case .rateQuota:
            [Threshold(name: "percent", form: .number(1...60), path: \.quotaPercent)]
        case .verifyFailed, .shutOut, .unprotected: []
        }
    }

    static func read(_ settings: Settings) throws -> WatchSettings {
        var watch = WatchSettings()
        watch.metrics = try address(settings)
        watch.sinks = try sinks(settings)
        for name in AlertName.allCases {
            let path = "alerts." + name.rawValue
            if let entry = settings.value(path) {
                guard ["on", "off"].contains(entry.value) else {
                    throw wrong(entry, "Write off, or on, or its thresholds below it.")
                }
                if entry.value == "off" { watch.alerts.off.insert(name) }
            }
            for threshold in self.settings(of: name) {
                guard let entry = settings.value(path + "." + threshold.name) else { continue }
                watch.alerts[keyPath: threshold.path] = try number(entry, threshold.form)
            }
        }
        return watch
    }

    private static func number(_ entry: Settings.Entry, _ form: Threshold.Form) throws -> Int64 {
        switch form {
        case .duration:
            let nanoseconds: Int64
            do {
                nanoseconds = try DurationText.nanoseconds(entry.value)
            } catch let failure as Failure {
                throw wrong(entry, failure.todo)
            }
            guard nanoseconds > 0 else {
                throw wrong(entry, "Write more than nothing, such as 30s.")
            }
            return nanoseconds
        case .number(let range):
            guard let number = Int64(entry.value), range.contains(number) else {
                throw wrong(
                    entry,
                    "Write a whole number from \(range.lowerBound) to \(range.upperBound)."
                )
            }
            return number
        }
    }

    private static func wrong(_ entry: Settings.Entry, _ todo: String) -> Failure {
        Failure(.sessionFile, "\(entry.path) is \(entry.value)", at: entry.place, do: todo)
    }

    // MARK: - Where figures are served

    private enum Reach: String {
        case loopback
        case anyone
    }

    private static func address(_ settings: Settings) throws -> WatchSettings.Address? {
        var reach = Reach.loopback
        if let entry = settings.value("metrics_reach") {
            guard let word = Reach(rawValue: entry.value) else {
                throw wrong(entry, "Write loopback or anyone.")
            }
            reach = word
        }
        guard let entry = settings.value("metrics") else { return nil }
        guard let colon = entry.value.lastIndex(of: ":"),
            let port = Int(entry.value[entry.value.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw wrong(
                entry,
                "Write ADDRESS:PORT, such as 127.0.0.1:9464; port 0 takes a free one."
            )
        }
        var host = String(entry.value[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard let isLoopback = isLoopback(host) else {
            throw wrong(entry, "Write an IP address, such as 127.0.0.1 or [::1], and a port.")
        }
        guard isLoopback || reach == .anyone else {
            throw wrong(
                entry,
                "Whoever reaches this address sees the figures. Write metrics_reach: anyone beside it"
                    + " if that is meant."
            )
        }
        return WatchSettings.Address(host: host, port: port)
    }

    /// `nil` for what is no IP address.
    private static func isLoopback(_ host: String) -> Bool? {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            return UInt32(bigEndian: four.s_addr) >> 24 == 127
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, host, &six) == 1 else { return nil }
        return host == "::1"
    }

    // MARK: - Where alerts go

    private static func sinks(_ settings: Settings) throws -> [AlertSink] {
        var sinks: [AlertSink] = []
        for place in settings.names(below: "alerts.sinks") {
            let words = settings.values("alerts.sinks.\(place).exec")
            if let first = words.first {
                guard first.value.hasPrefix("/"), access(first.value, X_OK) == 0 else {
                    throw Failure(
                        .sessionFile,
                        "\(first.value) is not a program that can be started",
                        at: first.place,
                        do:
                            "Write the whole path of one, then its arguments: exec: [/usr/bin/logger, -t, desk]."
                    )
                }
                sinks.append(
                    .exec(program: first.value, arguments: words.dropFirst().map(\.value))
                )
            }
            if let entry = settings.value("alerts.sinks.\(place).webhook") {
                if let problem = Session.webhookProblem(entry.value) {
                    throw Failure(
                        .sessionFile,
                        "the address of a webhook cannot be posted to: \(problem)",
                        at: entry.place,
                        do: "Write it as https://HOST/PATH."
                    )
                }
                sinks.append(.webhook(url: entry.value))
            }
        }
        return sinks
    }
}

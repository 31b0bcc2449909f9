import Journal
import Live
import Logging
import Market

/// What `record` and `trade` share: start, say where, show status, stop on a signal, seal.
enum LiveRun {
    static func run(
        _ configuration: SessionConfiguration,
        output: OutputOptions,
        command: String
    ) throws -> ExitStatus {
        let nanoseconds = try output.nanoseconds()
        let interval = max(1_000_000, try DurationText.nanoseconds(output.statusEvery))
        let json = output.json
        Interruption.watch()
        Printing.outliveOutput()
        var configuration = configuration
        configuration.onDiskStop = { Interruption.request() }
        let final = configuration
        let (manifest, counts, path, diskStop) = try Blocking.run {
            let session = try await LiveRun.start(final)
            let path = session.recorder.path
            if let recovery = session.recorder.recovery { note(recovery, path) }
            Printing.note("recording into \(path); Ctrl-C seals it")
            await Interruption.wait(nanoseconds: nanoseconds, interval: interval) {
                let status = await session.status()
                if json { report(status, command: command) } else { show(status) }
            }
            let status = await session.status()
            let reason =
                status.diskStop
                ?? (Interruption.isRequested ? Interruption.name : "its time was over")
            let counts = status.counts
            do {
                let manifest = try await session.stop(reason: reason)
                return (manifest, counts, session.recorder.path, status.diskStop)
            } catch let error as SessionError {
                throw Failure(error)
            }
        }
        clearStatus()
        if json {
            Printing.json(schema: command) {
                $0.field("recording", path)
                $0.field("state", manifest.state.rawValue)
                $0.field("written", manifest.last)
                $0.field("durable", manifest.last)
            }
        } else {
            Printing.result("sealed \(path): records \(manifest.first) to \(manifest.last)")
            Printing.result("next: tapedeck info \(path)")
        }
        if let diskStop {
            throw Failure(
                .disk,
                "the session has ended by the rule `disk: {when_full: stop}`: \(diskStop)",
                at: path,
                do: "Make room, or raise `disk.budget`; the recording is sealed."
            )
        }
        guard counts.connects > 0 else {
            throw Failure(
                .unavailable,
                "no connection was ever made"
                    + (counts.lastLinkFailure.isEmpty ? "" : ": \(counts.lastLinkFailure)"),
                at: configuration.targetName,
                do:
                    "Check the address and the way there; \(path) holds what was tried, and is sealed."
            )
        }
        return Printing.lostOutput ?? .yes
    }

    /// What an earlier run that was killed left, and what came of it.
    private static func note(_ recovery: Recovery, _ path: String) {
        Printing.note(
            "recovered \(path): its last run ended without a seal at record \(recovery.last);"
                + " \(recovery.fromTails) records came from the tails, \(recovery.tornBytes) bytes behind them"
                + " form no record"
        )
    }

    static func start(_ configuration: SessionConfiguration) async throws -> Session {
        do {
            return try await Session.start(
                configuration,
                registry: TapedeckMain.strategies,
                logger: Log.logger("session")
            )
        } catch let error as SessionError {
            throw Failure(error)
        }
    }

    private static func report(_ status: Session.Status, command: String) {
        Printing.json(schema: command) {
            $0.field("recording", status.path)
            $0.field("rolls", status.rolls.count)
            $0.field("roll_problem", status.rolls.problem ?? status.rolls.sealFailure ?? "")
            $0.field("appended", status.watermarks.appended)
            $0.field("written", status.watermarks.written)
            $0.field("durable", status.watermarks.durable)
            $0.field("frames", status.counts.frames)
            $0.field("requests", status.counts.requests)
            $0.field("stalls", status.counts.stalls)
            $0.field("shed", status.counts.shed)
            $0.field("commands", status.counts.commands)
            $0.field("findings", status.counts.findings)
            $0.field("open_orders", status.openOrders)
            $0.field("sockets", status.sockets)
            $0.field("sockets_ready", status.socketsReady)
            $0.field("dcp_armed", status.armed.joined(separator: " "))
            if let disk = status.disk {
                $0.nested("disk") {
                    $0.field("used", Int64(clamping: disk.used))
                    $0.field("free", Int64(clamping: disk.free))
                    $0.field("bytes_per_day", Int64(clamping: disk.bytesPerDay ?? 0))
                    $0.field("days_left", LiveRun.tenths(disk.daysLeft))
                }
            }
            $0.field("health", words(of: status))
            $0.field("halted", status.haltReason ?? "no")
        }
    }

    /// With one decimal; empty where there is none to say.
    private static func tenths(_ number: Double?) -> String {
        guard let number else { return "" }
        let tenths = Int64(clamping: UInt64(min(max(0, number), 1e15) * 10))
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func show(_ status: Session.Status) {
        guard Printing.showsProgress else { return }
        Printing.progress(
            "\(Columns.grouped(status.watermarks.durable.value)) records durable,"
                + " \(status.socketsReady)/\(status.sockets) sockets,"
                + " \(status.counts.commands) commands, \(status.openOrders) orders open"
        )
    }

    private static func clearStatus() {
        if Printing.showsProgress { Printing.progress("") }
    }

    static func words(of status: Session.Status) -> String {
        switch status.health {
        case .sound: status.isSlow ? "slow" : "sound"
        case .full(let error): "full: \(error)"
        case .degraded(let error): "degraded: \(error)"
        case .failed(let error): "failed: \(error)"
        }
    }
}

extension Failure {
    init(_ error: SessionError) {
        if case .journal(let journal) = error {
            self.init(journal)
        } else if case .credentials(let place, let what, let todo, let status) = error {
            self.init(ExitStatus(rawValue: status) ?? .bug, what, at: place, do: todo + ".")
        } else {
            self.init(ExitStatus(rawValue: error.status) ?? .bug, error.description)
        }
    }
}

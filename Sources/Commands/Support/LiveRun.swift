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
        let path = configuration.path
        let (manifest, counts) = try Blocking.run {
            let session = try await LiveRun.start(configuration)
            if let recovery = session.recorder.recovery { note(recovery, path) }
            Printing.note("recording into \(path); Ctrl-C seals it")
            await Interruption.wait(nanoseconds: nanoseconds, interval: interval) {
                let status = await session.status()
                if json { report(status, command: command) } else { show(status) }
            }
            let reason = Interruption.isRequested ? Interruption.name : "its time was over"
            let counts = await session.status().counts
            do {
                return (try await session.stop(reason: reason), counts)
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
    static func note(_ recovery: Recovery, _ path: String) {
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
            $0.field("health", words(of: status))
            $0.field("halted", status.haltReason ?? "no")
        }
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

import Journal
import Live
import Logging
import Market

/// What `record` and `trade` share: start, say where, show status, reload and stop on a signal, seal.
enum LiveRun {
    /// - Parameter again: makes the configuration anew from the session file and the options, for a reload.
    static func run(
        _ configuration: SessionConfiguration,
        output: OutputOptions,
        command: String,
        again: @escaping @Sendable () throws -> SessionConfiguration
    ) throws -> ExitStatus {
        let nanoseconds = try output.nanoseconds()
        let interval = max(1_000_000, try DurationText.nanoseconds(output.statusEvery))
        let json = output.json
        Interruption.watch(hangup: .reloads)
        Printing.outliveOutput()
        var configuration = configuration
        configuration.onDiskStop = { Interruption.request(reason: "the disk's rule") }
        let final = configuration
        let (manifest, counts, path, diskStop, refusal) = try Blocking.run {
            let session = try await LiveRun.begin(final, again)
            let path = session.recorder.path
            if let recovery = session.recorder.recovery { note(recovery, path) }
            Printing.note("recording into \(path); Ctrl-C seals it")
            if let port = session.metricsPort { Printing.note("metrics on port \(port)") }
            let service = ServiceManager()
            let tell: @Sendable () async -> Void = {
                let status = await session.status()
                if status.refusal != nil { Interruption.request() }
                if json { report(status, command: command) } else { show(status) }
            }
            // A signal that comes while the exchange is asked about a new key is not kept waiting.
            let reload: @Sendable () async -> Void = { Task { await apply(on: session, service) } }
            // The time that was asked for begins when the first questions have been answered or have failed.
            await Interruption.wait(
                nanoseconds: nil,
                interval: interval,
                each: tell,
                reload: reload,
                until: { await session.status().phase != .starting }
            )
            service?.begin(session, path: path)
            await Interruption.wait(
                nanoseconds: nanoseconds,
                interval: interval,
                each: tell,
                reload: reload
            )
            let status = await session.status()
            let reason =
                status.refusal?.description ?? status.diskStop
                ?? (Interruption.isRequested ? Interruption.name : "its time was over")
            service?.end("sealing \(status.recording)")
            if await session.cancelsAtEnd {
                Printing.note(
                    "\(reason): open orders are cancelled, and the exchange is asked what it has,"
                        + " within ten seconds; then \(status.recording) is sealed"
                )
            }
            do {
                let manifest = try await session.stop(reason: reason)
                let path = session.recorder.path
                return (manifest, status.counts, path, status.diskStop, status.refusal)
            } catch let error as SessionError {
                throw Failure(error)
            }
        }
        clearStatus()
        if let refusal { throw Failure(refusal) }
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
        // Who is stopped before anything has failed has done what he was told.
        let isTooEarly = Interruption.isRequested && counts.lastLinkFailure.isEmpty
        guard counts.connects > 0 || isTooEarly else {
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

    static func begin(
        _ configuration: SessionConfiguration,
        _ again: @escaping @Sendable () throws -> SessionConfiguration
    ) async throws -> Session {
        let host = SessionHost(
            end: { Interruption.request(reason: $0) },
            settings: { () throws(RequestRefusal) in
                do {
                    return try again()
                } catch let failure as Failure {
                    throw RequestRefusal(
                        failure.status.word,
                        failure.what,
                        at: failure.place,
                        do: failure.todo
                    )
                } catch {
                    throw RequestRefusal("bug", "\(error)")
                }
            }
        )
        do {
            return try await Session.begin(
                configuration,
                registry: TapedeckMain.strategies,
                logger: Log.logger("session"),
                host: host
            )
        } catch let error as SessionError {
            throw Failure(error)
        }
    }

    /// SIGHUP: what came of it stands on standard error.
    static func apply(on session: Session, _ service: ServiceManager?) async {
        clearStatus()
        service?.reloading()
        defer { service?.reloaded("recording into \(session.recorder.path)") }
        switch await session.reload(reason: "SIGHUP") {
        case .success(let report): Printing.note("SIGHUP: \(report.words)")
        case .failure(let refusal): Printing.note("SIGHUP: nothing was changed: \(refusal)")
        }
    }

    private static func report(_ status: Session.Status, command: String) {
        Printing.json(schema: command) { status.write(into: &$0) }
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

import Journal
import Live
import Market

/// A proxy from its start to its seal.
enum ProxyRun {
    static func run(
        _ configuration: SessionConfiguration,
        recording: ProxyRecording,
        output: OutputOptions,
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
        let ended = try Blocking.run {
            let session = try await LiveRun.begin(final, again)
            let first = session.recorder.path
            if let recovery = session.recorder.recovery { LiveRun.note(recovery, first) }
            if final.roll == nil { recording.remember(first) }
            let port = await session.status().bots?.port ?? 0
            tellStart(first, recording.address.host, port, json: json)
            if let port = session.metricsPort { Printing.note("metrics on port \(port)") }
            let service = ServiceManager()
            service?.begin(session, path: first)
            await Interruption.wait(
                nanoseconds: nanoseconds,
                interval: interval,
                each: {
                    let status = await session.status()
                    if status.refusal != nil { Interruption.request() }
                    if json { report(status) } else { show(status) }
                },
                reload: { Task { await LiveRun.apply(on: session, service) } }
            )
            let status = await session.status()
            let reason =
                status.refusal?.description ?? status.diskStop
                ?? (Interruption.isRequested ? Interruption.name : "its time was over")
            service?.end("sealing \(status.recording)")
            do {
                return Ended(
                    manifest: try await session.stopObserving(reason: reason),
                    path: session.recorder.path,
                    bots: status.bots ?? BotCounts(),
                    diskStop: status.diskStop,
                    refusal: status.refusal
                )
            } catch let error as SessionError {
                throw Failure(error)
            }
        }
        tellEnd(ended, json: json)
        if let refusal = ended.refusal { throw Failure(refusal) }
        if let diskStop = ended.diskStop {
            throw Failure(
                .disk,
                "the proxy has ended by the rule `disk: {when_full: stop}`: \(diskStop)",
                at: ended.path,
                do: "Make room, or raise `disk.budget`; the recording is sealed."
            )
        }
        return Printing.lostOutput ?? .yes
    }

    /// What came of it.
    private struct Ended: Sendable {
        var manifest: Manifest
        var path: String
        var bots: BotCounts
        var diskStop: String?
        var refusal: SessionError?
    }

    private static func tellEnd(_ ended: Ended, json: Bool) {
        let (manifest, bots, path) = (ended.manifest, ended.bots, ended.path)
        if Printing.showsProgress { Printing.progress("") }
        if json {
            Printing.json(schema: "proxy") {
                $0.field("recording", path)
                $0.field("state", manifest.state.rawValue)
                $0.field("written", manifest.last)
                $0.field("durable", manifest.last)
                write(bots, into: &$0)
            }
        } else {
            Printing.result("sealed \(path): records \(manifest.first) to \(manifest.last)")
            if bots.lost > 0 {
                Printing.result("\(bots.lost) messages passed while nothing could be recorded")
            }
            Printing.result("next: tapedeck info \(path)")
        }
    }

    private static func tellStart(_ path: String, _ host: String, _ port: Int, json: Bool) {
        let place = ProxySettings.Address(host: host, port: port).reachable
        if json {
            Printing.json(schema: "proxy") {
                $0.field("recording", path)
                $0.field("rest", "http://\(place)")
                $0.field("websocket", "ws://\(place)")
            }
        }
        Printing.note("bots find the exchange at http://\(place) and ws://\(place)")
        Printing.note("recording into \(path); Ctrl-C seals it")
    }

    private static func report(_ status: Session.Status) {
        Printing.json(schema: "proxy") {
            $0.field("appended", status.watermarks.appended)
            $0.field("written", status.watermarks.written)
            $0.field("durable", status.watermarks.durable)
            write(status.bots ?? BotCounts(), into: &$0)
            $0.field("findings", status.counts.findings)
            $0.field("sockets", status.sockets)
            $0.field("sockets_ready", status.socketsReady)
            $0.field("health", status.healthWords)
        }
    }

    private static func write(_ bots: BotCounts, into writer: inout JSONWriter) {
        writer.field("bot_connections", bots.connections)
        writer.field("bot_sockets", bots.sockets)
        writer.field("bot_sockets_opened", bots.opened)
        writer.field("frames_sent", bots.framesSent)
        writer.field("frames_received", bots.framesReceived)
        writer.field("requests", bots.requests)
        writer.field("unanswered", bots.unanswered)
        writer.field("refused", bots.refused)
        writer.field("lost", bots.lost)
        writer.field("turned_away", bots.turnedAway)
        writer.field("keys", bots.keys)
    }

    private static func show(_ status: Session.Status) {
        guard Printing.showsProgress else { return }
        let bots = status.bots ?? BotCounts()
        Printing.progress(
            "\(Columns.grouped(status.watermarks.durable.value)) records durable,"
                + " \(bots.sockets) sockets of bots, \(bots.requests) requests"
                + (bots.lost > 0 ? ", \(bots.lost) NOT RECORDED" : "")
        )
    }
}

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
        Interruption.watch()
        Printing.outliveOutput()
        let path = configuration.path
        let (manifest, bots) = try Blocking.run {
            let session = try await LiveRun.begin(configuration, again)
            if let recovery = session.recorder.recovery { LiveRun.note(recovery, path) }
            recording.remember(path)
            let port = await session.status().bots?.port ?? 0
            tellStart(path, recording.address.host, port, json: json)
            await Interruption.wait(nanoseconds: nanoseconds, interval: interval) {
                let status = await session.status()
                if json { report(status) } else { show(status) }
            }
            let reason = Interruption.isRequested ? Interruption.name : "its time was over"
            let bots = await session.status().bots ?? BotCounts()
            do {
                return (try await session.stopObserving(reason: reason), bots)
            } catch let error as SessionError {
                throw Failure(error)
            }
        }
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
        return Printing.lostOutput ?? .yes
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

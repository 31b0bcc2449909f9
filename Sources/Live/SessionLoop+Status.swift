import Gateway
import Glibc
import Journal
import Market
import Runtime
import Trading

extension SessionLoop {
    /// The session as it is now.
    func status() -> SessionStatus {
        var status = SessionStatus(watermarks: recorder.watermarks, health: recorder.health)
        status.recording = recorder.path
        status.id = recorder.id
        status.run = recorder.run
        status.program = "\(configuration.program) (\(configuration.build))"
        status.process = getpid()
        status.phase = isStopAsked || isStopped ? .stopping : isStarted ? .running : .starting
        status.started = clock.start
        status.time = clock.now()
        status.uptime = SessionClock.monotonic() - clock.monotonicStart
        status.target = configuration.targetName
        status.account = configuration.account
        if let credentials = wiring.credentials {
            status.key = "\(credentials.name) (\(credentials.signer.fingerprint))"
        }
        status.configurationHash = configurationHash
        status.reloads = reloads
        status.counts = counts
        status.isSlow = journalWatch.isSlow
        status.queueBytes = recorder.queuedBytes
        status.queueLimit = configuration.queueBytes
        status.hasAccount = hasAccount
        status.haltReason = haltReason
        status.openOrders = stepper.engine.openOrders.count
        status.socketsReady = sockets.count { $0.state.isReady }
        status.sockets = sockets.count
        let confirmed = sockets.flatMap(\.state.subscribed).filter { $0.hasPrefix("dcp.") }
        status.armed = account.protection.armed(confirmed)
        status.armedWords = account.protection.words(status.armed)
        status.vain = account.protection.vain(configuration.protectionTopics)
        status.sinceAppend = clock.now().nanoseconds - recorder.lastTime.nanoseconds
        status.refusal = account.refusal
        status.bots = bots?.status
        status.rolls = rolls
        status.disk = diskForecast
        status.diskStop = diskStop
        return status
    }

    /// A key of this session's, or of the bots that pass here.
    private var hasAccount: Bool { wiring.credentials != nil || bots != nil }

    /// Why new orders are halted; `nil` also where there is no account: its private socket is not down, there is none.
    var haltReason: String? { hasAccount ? stepper.engine.haltReason : nil }

    /// A fixed hash of the settings as they are now, in the form of `session/start`.
    var configurationHash: String { SessionLoop.hash(configuration, recorder, clock) }

    static func hash(
        _ configuration: SessionConfiguration,
        _ recorder: Recorder,
        _ clock: SessionClock
    ) -> String {
        StateReport.hexadecimal(start(configuration, recorder, clock).configurationHash)
    }
}

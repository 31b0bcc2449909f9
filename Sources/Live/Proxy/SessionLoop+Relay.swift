import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// The relay of a session: made with it, opened behind its first record.
extension SessionLoop {
    /// Listens where the configuration says; fails where it cannot.
    func openRelay(_ listening: EventLoopPromise<Void>) {
        guard let bots, let relay = bots.relay else { return listening.succeed() }
        relay.listen { reason in
            guard let reason else { return listening.succeed() }
            listening.fail(
                RelayConfiguration.taken(relay.settings.host, relay.settings.port, reason)
            )
        }
    }

    /// The same as without `forward`, which carries the record's bytes on as soon as it has its number.
    func ingest(
        _ entry: StreamTable.Entry,
        _ time: Timestamp,
        _ payload: UnsafeRawBufferPointer,
        forward: () -> Void
    ) throws(JournalError) {
        let recorder = recorder
        recorder.beginStep()
        defer { recorder.endStep() }
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        forward()
        let header = RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name)
        try step(header, entry.route, payload)
    }
}

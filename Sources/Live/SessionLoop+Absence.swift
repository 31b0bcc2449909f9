import Bybit
import Gateway
import Journal
import Logging
import Market
import Trading

/// What no run recorded: from the last record of one to the moment that the next is subscribed again.
extension SessionLoop {
    /// A public socket is complete for the first time in this run: a record says since when its streams were not
    /// recorded.
    func tellAbsence(_ number: Int, until time: Timestamp) {
        guard let since = absentSince, !slots[number].isPrivate,
            absenceTold.insert(number).inserted
        else { return }
        let slot = slots[number]
        let streams = sockets[number].state.subscribed.sorted()
        let offset = clockOffset.best?.offset ?? 0
        missedCandles.absent(
            candles(streams, slot),
            since: since.advanced(nanoseconds: offset).milliseconds
        )
        let nanoseconds = max(0, time.nanoseconds - since.nanoseconds)
        logger.warning(
            "between two runs nothing was recorded",
            metadata: [
                "socket": "\(slot)", "milliseconds": "\(nanoseconds / 1_000_000)",
                "streams": "\(streams.count)",
            ]
        )
        writer.reset()
        writer.object {
            $0.field("change", LinkEvent.Change.absent.rawValue)
            $0.field("socket", slot.description)
            $0.field("reason", "no run recorded")
            $0.field("count", Int64(streams.count))
            $0.field("from", String(since.nanoseconds))
            $0.field("to", String(time.nanoseconds))
            $0.field("streams", streams.joined(separator: " "))
        }
        ingest(named: slot.linkStream.text, time: clock.now(), payload: writer.bytes)
    }
}

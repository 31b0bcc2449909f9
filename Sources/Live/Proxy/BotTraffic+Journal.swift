import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// What passes, and the journal: appended before it goes on, and counted where there is no room.
extension BotTraffic {
    func entry(named name: String, _ link: String) -> StreamTable.Entry? {
        do throws(JournalError) {
            return try streams.entry(named: name)
        } catch {
            session.failed(error)
            lose(link)
            return nil
        }
    }

    /// Appended, carried on, applied.
    func pass(
        _ payload: UnsafeRawBufferPointer,
        _ entry: StreamTable.Entry,
        _ link: String,
        _ time: Timestamp,
        mayShed: Bool,
        _ forward: () -> Void
    ) {
        // Behind a loss that is not told yet a book would be taken for whole.
        let waits = mayShed && lost[link] != nil
        guard !session.isFailed, !waits,
            session.recorder.hasRoom(for: payload.count, on: entry.id)
        else {
            lose(link)
            return forward()
        }
        var isForwarded = false
        do throws(JournalError) {
            try session.ingest(entry, time, payload) {
                isForwarded = true
                forward()
            }
        } catch {
            session.failed(error)
            guard !isForwarded else { return }
            lose(link)
            forward()
        }
    }

    /// A record that is evidence only; false where it found no room.
    func keep(_ name: String, _ time: Timestamp, _ payload: [UInt8]) -> Bool {
        guard !session.isFailed else { return false }
        do throws(JournalError) {
            let entry = try streams.entry(named: name)
            guard session.recorder.hasRoom(for: payload.count, on: entry.id) else { return false }
            try session.recorder.append(entry.id, time: time, payload: payload)
            return true
        } catch {
            session.failed(error)
            return false
        }
    }

    func tell(
        _ change: LinkEvent.Change,
        _ slot: SocketSlot,
        _ reason: String
    ) {
        // Either side's words, which may quote a key.
        var reason = reason
        relay?.secrets.blank(&reason)
        session.logger.info(
            "bot",
            metadata: [
                "socket": "\(slot)", "change": "\(change.rawValue)", "reason": "\(reason)",
            ]
        )
        tell(change, slot.description, reason, count: 0)
    }

    func tell(
        _ change: LinkEvent.Change,
        _ link: String,
        _ reason: String,
        count: Int64
    ) {
        guard !session.isFailed else { return }
        var event = LinkEvent()
        event.change = change
        event.socket = link
        event.reason = reason
        event.count = count
        event.isCarried = true
        session.writer.reset()
        event.write(into: &session.writer)
        session.ingest(
            named: "link/" + link,
            time: session.clock.now(),
            payload: session.writer.bytes
        )
    }

    // MARK: Losses

    func lose(_ link: String) {
        counts.lost += 1
        lost[link, default: 0] += 1
        if !isLosing {
            isLosing = true
            session.logger.critical(
                "what passes is not recorded: the journal has failed, is full or is too slow",
                metadata: ["on-journal-failure": "\(policy.rawValue)"]
            )
        }
        awaitRoom()
    }

    private func awaitRoom() {
        // What ends behind the end has no later moment to be told in.
        guard !session.isStopped else { return lost.keys.sorted().forEach(tellLost) }
        guard !isAwaitingRoom, !session.isFailed else { return }
        isAwaitingRoom = true
        session.loop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [weak self] in
            self?.isAwaitingRoom = false
            self?.tellLost()
        }
    }

    /// Says in records what was not kept: while the disk is full at once and then now and then, else when there is room.
    private func tellLost() {
        guard !session.isFailed, !session.isStopped else { return }
        let recorder = session.recorder
        guard !recorder.isDiskFull else {
            tellLostWhileFull()
            return awaitRoom()
        }
        guard recorder.queuedBytes < session.configuration.queueBytes / 4 else {
            return awaitRoom()
        }
        for link in lost.keys.sorted() { tellLost(link) }
        lost.removeAll()
        lostToldAt.removeAll()
        isLosing = false
        session.logger.notice("what passes is recorded again", metadata: ["lost": "\(counts.lost)"])
    }

    private func tellLostWhileFull() {
        let now = SessionClock.monotonic()
        for link in lost.keys.sorted() {
            if let told = lostToldAt[link], now - told < SessionLoop.shedInterval { continue }
            lostToldAt[link] = now
            tellLost(link)
        }
    }

    /// A record of what was lost since the last one.
    func tellLost(_ link: String) {
        guard let count = lost[link], count > 0, !session.isFailed else { return }
        lost[link] = 0
        session.counts.shed += count
        tell(.shed, link, "the journal had no room; it passed unrecorded", count: count)
    }
}

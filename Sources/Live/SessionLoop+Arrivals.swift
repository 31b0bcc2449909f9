import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// What comes in: operator, sockets, and what to do when the disk is slower than they are.
extension SessionLoop {
    /// An operator's request: a record first, then what the engine makes of it.
    func request(verb: String, reason: String) {
        do throws(JournalError) {
            _ = try ask(verb, reason: reason)
        } catch {
            failed(error)
        }
    }

    func happened(_ message: GatewayMessage) {
        rollIfDue(message.time)
        let slot = slots[message.socket]
        switch message.content {
        case .received(let bytes):
            bytes.withUnsafeReadableBytes { received($0, message, slot) }
        case .sent(let bytes):
            sent(bytes, message, slot)
        case .shutOut: shutOut()
        case .link(var event):
            // The exchange's words may quote the key: from here on nobody is told of it.
            counts.blanked += Int64(scanner.blank(&event.reason))
            writer.reset()
            event.write(into: &writer)
            logger.info(
                "link",
                metadata: [
                    "socket": "\(slot)", "change": "\(event.change.rawValue)",
                    "reason": "\(event.reason)",
                ]
            )
            count(event, slot)
            remeasure(event, message.socket)
            if event.change == .ready, case .privateData = slot.name { lookUps.forget() }
            ingest(named: slot.linkStream.text, time: message.time, payload: writer.bytes)
            if event.change == .ready { tellAbsence(message.socket, until: message.time) }
            if message.socket == tradeSocket { tradeLink(event) }
            if !slot.isPrivate { lookAtCandles() }
        }
    }

    /// A refused authentication may be one of a clock that was set: the next attempt is dated anew.
    ///
    /// - Source: protocol reference §11, trap 18.
    private func remeasure(_ event: LinkEvent, _ number: Int) {
        guard event.change == .failed, sockets[number].state.authenticationRefusal != nil else {
            return
        }
        measureClockAgain()
    }

    private func count(_ event: LinkEvent, _ slot: SocketSlot) {
        switch event.change {
        case .connected: counts.connects += 1
        case .disconnected:
            counts.disconnects += 1
            counts.lastLinkFailure = event.reason
        case .failed:
            counts.lastLinkFailure = event.reason
            // Attempts that fail for the same reason again and again are one thing to know.
            guard warned[slot] != event.reason else { return }
            warned[slot] = event.reason
            logger.warning(
                "what was asked of the exchange failed",
                metadata: ["socket": "\(slot)", "reason": "\(event.reason)"]
            )
        case .ready: warned[slot] = nil
        default: break
        }
    }

    private func sent(_ bytes: [UInt8], _ message: GatewayMessage, _ slot: SocketSlot) {
        do throws(JournalError) {
            let entry = try streams.entry(named: slot.sentStream.text)
            guard recorder.hasRoom(for: bytes.count, on: entry.id) else {
                noRoom(on: message.socket)
                return
            }
            try recorder.append(entry.id, time: message.time, payload: bytes)
        } catch {
            failed(error)
        }
    }

    func received(
        _ frame: UnsafeRawBufferPointer,
        _ message: GatewayMessage,
        _ slot: SocketSlot
    ) {
        counts.frames += 1
        if slot.isPrivate { lastPrivate = SessionClock.monotonic() }
        do throws(JournalError) {
            let entry = try streams.entry(
                of: frame,
                from: slot,
                number: message.socket,
                at: message.time
            )
            if !scanner.isIdle, scanner.finds(in: frame) {
                var clean = Array(frame)
                counts.blanked += Int64(scanner.blank(&clean))
                logger.critical(
                    "the exchange sent a key or signature of ours; it was blanked before recording",
                    metadata: ["stream": "\(entry.name)"]
                )
                request(verb: "halt", reason: "a secret came back from the exchange")
                try ingest(entry, message.time, clean)
                if message.socket == tradeSocket { tradeFrame(frame) }
                return
            }
            guard (shed[message.socket] == nil && !isOverBudget) || slot.isPrivate,
                recorder.hasRoom(for: frame.count, on: entry.id)
            else {
                noRoom(on: message.socket)
                return
            }
            try ingest(entry, message.time, frame)
            // An answer that found no room is none: its order stays open until the socket is given up, and is looked up then.
            if message.socket == tradeSocket { tradeFrame(frame) }
            if configuration.whenFull == .stall, recorder.queuedBytes > configuration.queueBytes / 2
            {
                stall()
            }
        } catch {
            failed(error)
            // Nothing can be recorded any more, and cancels still leave: they wait for the answers before them.
            if message.socket == tradeSocket { tradeFrame(frame) }
        }
    }

    /// A frame found no room.
    private func noRoom(on number: Int) {
        if shed[number] == nil { missCandles(on: number) }
        shed[number, default: 0] += 1
        awaitRelief()
    }

    /// From half a queue on the public sockets are not read until it is shorter.
    func stall() {
        guard !isStalled, !isShortOfDisk else { return }
        isStalled = true
        counts.stalls += 1
        logger.warning("the disk is slower than the market: reading waits")
        for (number, socket) in sockets.enumerated() where !slots[number].isPrivate {
            socket.pause()
        }
        awaitRelief()
    }

    /// While the disk is full: at once, since books are stale from the first frame that is not kept, and then now
    /// and then, so that a kill takes no more than the last count with it.
    private func tellShedWhileFull() {
        let now = SessionClock.monotonic()
        for number in shed.keys.sorted() {
            if let told = shedToldAt[number], now - told < SessionLoop.shedInterval { continue }
            shedToldAt[number] = now
            tellShed(number)
        }
    }

    /// The end: what was not kept since it was told last would be on no record.
    func tellAllShed() {
        for number in shed.keys.sorted() { tellShed(number) }
    }

    /// Public data is not kept: the disk is full, or its budget is used up.
    private var isShortOfDisk: Bool { recorder.isDiskFull || isOverBudget }

    /// From one count to the next, while it goes on.
    static let shedInterval: Int64 = 10_000_000_000

    /// A record of what was not kept since the last one.
    private func tellShed(_ number: Int) {
        guard let count = shed[number], count > 0 else { return }
        shed[number] = 0
        var event = LinkEvent()
        event.change = .shed
        event.socket = slots[number].description
        event.reason = "the disk was full, or slower than the market"
        event.count = count
        counts.shed += count
        logger.warning(
            "the disk was full, or slower than the market: frames were not kept",
            metadata: ["socket": "\(slots[number])", "count": "\(count)"]
        )
        writer.reset()
        event.write(into: &writer)
        ingest(named: slots[number].linkStream.text, time: clock.now(), payload: writer.bytes)
    }

    private func awaitRelief() {
        guard !isAwaitingRelief else { return }
        isAwaitingRelief = true
        let delay: TimeAmount = isShortOfDisk ? .milliseconds(50) : .milliseconds(5)
        loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.isAwaitingRelief = false
            self?.relieve()
        }
    }

    /// Reads again when the queue is short, and says in a record what was not kept.
    private func relieve() {
        guard !isFailed else { return }
        let isFull = isShortOfDisk
        guard isFull || recorder.queuedBytes < configuration.queueBytes / 4 else {
            awaitRelief()
            return
        }
        // A full disk may stay so for hours: sockets are read, and what they bring is counted.
        if isStalled {
            isStalled = false
            for socket in sockets { socket.resume() }
        }
        guard !isFull else {
            tellShedWhileFull()
            awaitRelief()
            return
        }
        for number in shed.keys.sorted() {
            tellShed(number)
            shed[number] = nil
            shedToldAt[number] = nil
            if slots[number].isPrivate {
                // What was lost is asked for by REST when the socket comes back.
                sockets[number].disconnect(reason: "private messages found no room in the queue")
                continue
            }
            // Snapshots of books are asked for by the engine. Of the other topics tickers alone have one; whatever else is
            // unsubscribed for a moment has a hole more for it.
            for topic in sockets[number].state.wanted where topic.hasPrefix("tickers.") {
                sockets[number].resubscribe(topic)
            }
        }
    }
}

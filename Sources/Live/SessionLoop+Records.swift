import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// From a record to its outputs: append, step, append, carry out.
extension SessionLoop {
    func ingest(named name: String, time: Timestamp, payload: [UInt8]) {
        rollIfDue(time)
        do throws(JournalError) {
            let entry = try streams.entry(named: name)
            try ingest(entry, time, payload)
        } catch {
            failed(error)
        }
    }

    /// A record that is evidence only: appended, not fed.
    func record(named name: String, time: Timestamp, payload: [UInt8]) {
        do throws(JournalError) {
            try recorder.append(try streams.entry(named: name).id, time: time, payload: payload)
        } catch {
            failed(error)
        }
    }

    func ingest(
        _ entry: StreamTable.Entry,
        _ time: Timestamp,
        _ payload: UnsafeRawBufferPointer
    ) throws(JournalError) {
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        // The recorder raises a time that went back; the core sees what a replay will see.
        let header = RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name)
        outputs.removeAll()
        stepper.step(header, route: entry.route, payload: payload, outputs: &outputs)
        tell(header)
        try carryOut()
    }

    func ingest(
        _ entry: StreamTable.Entry,
        _ time: Timestamp,
        _ payload: [UInt8]
    ) throws(JournalError) {
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        step(
            RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name),
            entry.route,
            payload
        )
    }

    func step(_ header: RecordHeader, _ route: StreamRoute, _ payload: [UInt8]) {
        outputs.removeAll()
        payload.withUnsafeBytes {
            stepper.step(header, route: route, payload: $0, outputs: &outputs)
        }
        tell(header)
        do throws(JournalError) {
            try carryOut()
        } catch {
            failed(error)
        }
    }

    /// Appends the outputs of this turn, then has the commands leave: orders when written, cancels at once.
    func carryOut() throws(JournalError) {
        guard !outputs.isEmpty else { return }
        var last = SequenceNumber.none
        var commands: [Command] = []
        for (place, output) in outputs.elements.enumerated() {
            let entry = try streams.entry(named: output.stream)
            last = try outputs.withPayload(place) { (payload) throws(JournalError) in
                try recorder.append(entry.id, time: recorder.lastTime, payload: payload)
            }
            counts.add(output)
            if case .command(let command) = output { commands.append(command) }
        }
        var waiting: [Command] = []
        for command in commands {
            switch command.action {
            // A reduction takes risk away: like a cancel it never waits for the disk.
            case .place(let order) where order.reduceOnly: send(command, after: last)
            case .place, .amend: waiting.append(command)
            case .cancel, .lookUp: send(command, after: last)
            case .resubscribe(let instrument, let topic):
                for (number, slot) in slots.enumerated()
                where slot.name == .publicData(instrument.category) {
                    sockets[number].resubscribe(topic)
                }
            case .setTimer(let name, let due): setTimer(command.strategy, name, due)
            }
        }
        guard !waiting.isEmpty else { return }
        let bound = NIOLoopBound((self, waiting), eventLoop: loop)
        let loop = loop
        let final = last
        let asked = SessionClock.monotonic()
        let longest =
            configuration.orderDurability == .written
            ? journalWatch.longestWait : JournalWatch.longestSync
        let act: @Sendable (Bool) -> Void = { isKept in
            loop.execute {
                let (session, commands) = bound.value
                let isLate = SessionClock.monotonic() - asked > longest
                for command in commands {
                    if !isKept {
                        session.logger.error("an order was not sent: its record could not be kept")
                    } else if isLate {
                        session.giveUp(command, after: final)
                    } else {
                        session.send(command, after: final)
                    }
                }
            }
        }
        switch configuration.orderDurability {
        case .written: recorder.whenWritten(last, act)
        case .durable: recorder.whenDurable(last, act)
        }
    }
}

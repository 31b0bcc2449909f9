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
        let recorder = recorder
        recorder.beginStep()
        defer { recorder.endStep() }
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        // The recorder raises a time that went back; the core sees what a replay will see.
        let header = RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name)
        try step(header, entry.route, payload)
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
        payload.withUnsafeBytes { bytes in
            do throws(JournalError) {
                try step(header, route, bytes)
            } catch {
                failed(error)
            }
        }
    }

    /// A step of the core, and what comes of it.
    ///
    /// The tables hear of it last, behind orders that wait for the journal too: their rows take as long as an order's way.
    func step(
        _ header: RecordHeader,
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer
    ) throws(JournalError) {
        // A command that is carried out may bring a record by itself: the one before it is told first.
        tellTables()
        outputs.removeAll()
        stepper.step(header, route: route, payload: payload, outputs: &outputs)
        untold = header
        let kind = stepper.event.kind
        if kind == .wallets || kind == .reply { stepper.show { event, _ in facts.take(event) } }
        var hasOrders = false
        defer { if !hasOrders { tellTables() } }
        hasOrders = try carryOut()
    }

    /// Appends the outputs of this turn, then has the commands leave: orders when written, cancels at once.
    ///
    /// - Returns: whether there are orders that wait.
    private func carryOut() throws(JournalError) -> Bool {
        guard !outputs.isEmpty else { return false }
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
        // The recorder begins with what orders wait for; meanwhile everything else of this turn is done.
        let orders = sendWhenKept(commands.filter(\.waitsForJournal), last)
        for command in commands where !command.waitsForJournal {
            switch command.action {
            case .place, .amend, .cancel, .lookUp: send(command, after: last)
            case .resubscribe(let instrument, let topic):
                for (number, slot) in slots.enumerated()
                where slot.name == .publicData(instrument.category) {
                    sockets[number].resubscribe(topic)
                }
            case .setTimer(let name, let due): setTimer(command.strategy, name, due)
            }
        }
        orders?.prepare { call(for: $0, after: last) }
        return orders != nil
    }
}

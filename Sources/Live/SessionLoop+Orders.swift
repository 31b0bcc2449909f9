import Gateway
import Journal
import Logging
import Market
import NIOCore
import Trading

/// Orders leave when the journal has kept what they were decided on.
extension SessionLoop {
    /// Has orders and amendments leave once a record is *written*, or *durable*, as the session file says.
    ///
    /// - Parameter record: the last of the turn that decided on them.
    /// - Returns: `nil` where there are none.
    func sendWhenKept(_ commands: [Command], _ record: SequenceNumber) -> WaitingOrders? {
        guard !commands.isEmpty else { return nil }
        let orders = WaitingOrders(commands)
        let bound = NIOLoopBound((self, orders), eventLoop: loop)
        let loop = loop
        let asked = SessionClock.monotonic()
        let longest =
            configuration.orderDurability == .written
            ? journalWatch.longestWait : JournalWatch.longestSync
        let act: @Sendable (Bool) -> Void = { isKept in
            loop.execute {
                let (session, orders) = bound.value
                let isLate = SessionClock.monotonic() - asked > longest
                for call in orders.calls {
                    if !isKept || session.isFailed {
                        session.logger.error("an order was not sent: its record could not be kept")
                    } else if isLate {
                        session.giveUp(call)
                    } else {
                        session.leave(call)
                    }
                }
                session.tellTables()
            }
        }
        switch configuration.orderDurability {
        case .written: recorder.whenWritten(record, act)
        case .durable: recorder.whenDurable(record, act)
        }
        return orders
    }

    /// Puts an order, an amendment or a cancel on its way.
    func leave(_ call: RESTCall) {
        guard configuration.mayTrade else {
            logger.critical("an order was not sent: this session may not trade")
            return
        }
        enter(call)
    }
}

/// Orders of one turn that wait for the journal; confined to the loop.
///
/// Their requests are made while the recorder's thread has its turn, not when it is over.
final class WaitingOrders {
    private let commands: [Command]
    private(set) var calls: [RESTCall] = []

    init(_ commands: [Command]) { self.commands = commands }

    func prepare(_ make: (Command) -> RESTCall?) { calls = commands.compactMap(make) }
}

extension Command {
    /// New risk waits for the journal; a reduction takes risk away: like a cancel it never waits for the disk.
    var waitsForJournal: Bool {
        switch action {
        case .place(let order): !order.reduceOnly
        case .amend: true
        case .cancel, .lookUp, .resubscribe, .setTimer: false
        }
    }
}

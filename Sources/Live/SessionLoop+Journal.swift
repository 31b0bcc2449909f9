import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// When the journal cannot keep its promises: new orders halt, all else goes on, and it is on record.
extension SessionLoop {
    /// How often the watermarks are looked at.
    static let journalWatchMilliseconds: Int64 = 50

    func watchJournal() {
        journalWatch.look(recorder.watermarks, at: SessionClock.monotonic())
        judgeJournal()
        noteTurn()
    }

    /// The health of a recorder has changed: of this one, or of one that is being sealed, which tells by itself.
    func journal(_ health: RecorderHealth, _ path: String) {
        guard path == recorder.path else { return }
        switch health {
        case .sound, .full: judgeJournal()
        case .degraded(let error):
            // What failed once is for the operator to judge: nothing but his word lifts this.
            logger.critical("the journal is degraded", metadata: ["error": "\(error)"])
            request(verb: "halt", reason: "the journal is degraded: \(error.what)")
        case .failed(let error): failed(error)
        }
    }

    /// Halts new orders while the disk is slow or full, and lifts that when it is well; each by a record.
    private func judgeJournal() {
        guard !isFailed else { return }
        var reason: String?
        if journalWatch.isSlow { reason = "records wait for the disk" }
        if case .full(let error) = recorder.health { reason = "the disk is full: \(error.what)" }
        guard reason != journalHalt else { return }
        journalHalt = reason
        if let reason {
            counts.journalHalts += 1
            logger.critical("the journal halts new orders", metadata: ["reason": "\(reason)"])
            request(verb: "journal-halt", reason: reason)
        } else {
            logger.notice("the disk is well again: the journal's halt is lifted")
            request(verb: "journal-resume", reason: "the disk is well again")
        }
    }

    /// An order whose record waited so long that what it was decided on is past: given up, on record.
    func giveUp(_ call: RESTCall) {
        logger.error("an order was not sent: its record waited too long for the disk")
        let exchange = rest.unsent(
            call,
            at: clock.now(),
            reason: "its record waited too long for the disk"
        )
        ingest(named: exchange.stream.text, time: exchange.received, payload: exchange.payload)
    }

    func failed(_ error: JournalError) {
        guard !isFailed else { return }
        isFailed = true
        counts.failure = error.description
        logger.critical(
            bots == nil
                ? "the journal failed: no new order leaves; cancels do"
                : "the journal failed: nothing that passes is recorded any more",
            metadata: ["error": "\(error)"]
        )
        // What waits for its turn would leave behind its own cancel, and rest unseen.
        perform(trade.keepOnlyCancels(reason: "the journal failed"))
        rest.keepOnlyCancels(reason: "the journal failed")
        // Nothing can be recorded any more: what is open is cancelled without a record.
        for order in stepper.engine.openOrders {
            let cancel = CancelRequest(
                instrument: order.instrument,
                orderLinkID: order.orderLinkID,
                orderID: order.orderID
            )
            guard configuration.mayTrade, let request = RESTRequest(.cancel(cancel)) else {
                continue
            }
            // Not before its order, which may be under way.
            rest.send(RESTCall(request, orderingKey: order.orderLinkID), on: loop) { _ in }
        }
    }
}

import Bybit
import Gateway
import Logging
import Market
import Runtime

/// Candles that no socket brought, asked for when their streams are back.
extension SessionLoop {
    /// Lists that are asked for in a second: a reconnect of a thousand topics must not hold up other questions.
    private static let candleListsPerSecond = 2

    /// A socket has come or gone, or a frame of it found no room.
    func lookAtCandles() {
        var wanted: Set<MissedCandles.Stream> = []
        var carried: [MissedCandles.Stream] = []
        for (number, slot) in slots.enumerated() {
            let state = sockets[number].state
            wanted.formUnion(candles(state.wanted, slot))
            guard state.isReady, shed[number] == nil else { continue }
            carried += candles(state.subscribed, slot)
        }
        missedCandles.look(wanted: wanted, carried: carried, at: exchangeMilliseconds)
    }

    /// Those of the topics that are candles of a category.
    func candles(_ topics: [String], _ slot: SocketSlot) -> [MissedCandles.Stream] {
        guard case .publicData(let category) = slot.name, category != .option, category != .spread
        else { return [] }
        return topics.compactMap { MissedCandles.Stream(category, topic: $0) }
    }

    /// Once a second.
    func askForCandles() {
        guard isStarted, !isStopped, SessionClock.monotonic() >= quietUntil else { return }
        for request in missedCandles.take(Self.candleListsPerSecond) {
            ask(request) { [unowned self] in
                guard !isStopped, stepper.event.kind != .reply || !stepper.event.reply.isSuccess
                else { return }
                logger.warning(
                    "candles that were missed could not be had; the recording lacks them",
                    metadata: ["query": "\(request.query)"]
                )
            }
        }
    }
}

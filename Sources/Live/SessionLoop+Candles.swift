import Bybit
import Gateway
import Journal
import Logging
import Market
import Runtime

/// Candles that no socket brought, asked for when their streams are back.
extension SessionLoop {
    /// Lists that are asked for in a second: a reconnect of a thousand topics must not hold up other questions.
    private static let candleListsPerSecond = 2

    private var hasCandles: Bool {
        configuration.subscriptions.contains { $0.topic.hasPrefix("kline.") }
    }

    /// A socket has come or gone.
    func lookAtCandles() {
        guard hasCandles else { return }
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

    /// Frames of a socket found no room from now on; looked at with the next tick, since that is no time for it.
    func missCandles(on number: Int) {
        if candlesShed[number] == nil { candlesShed[number] = exchangeMilliseconds }
    }

    /// Once a second: what sockets carry changes with rules too, and lists are asked for.
    func followCandles() {
        guard isStarted, !isStopped, !isFailed, hasCandles else { return }
        for number in candlesShed.keys.sorted() {
            guard let since = candlesShed[number] else { continue }
            missedCandles.interrupted(candles(sockets[number].state.wanted, slots[number]), since)
        }
        candlesShed.removeAll()
        lookAtCandles()
        guard SessionClock.monotonic() >= quietUntil, !recorder.isDiskFull else { return }
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

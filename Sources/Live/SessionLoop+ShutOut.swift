import Gateway
import Logging
import Market
import NIOPosix
import Trading

/// After HTTP 403: nothing is sent from this address, by whomever, and everybody is told.
extension SessionLoop {
    /// The exchange has shut out this address: it said so to a request, to a handshake, or to a bot.
    func shutOut() {
        perform(trade.shutOut(now: SessionClock.monotonic()))
        keepQuiet()
    }

    /// New orders halt by a record while nothing may leave, since cancels cannot leave either.
    ///
    /// Also what the run before this one was told, and what was answered before the recording began.
    func keepQuiet() {
        let now = SessionClock.monotonic()
        let until = wiring.limiter.quietUntil
        guard until > now, until > quietUntil else { return }
        let isKnown = now < quietUntil
        quietUntil = until
        defer {
            let note = ShutOutNote(configuration, wiring.destination)
            let wall = SessionClock.wall().advanced(nanoseconds: until - now)
            NIOThreadPool.singleton.submit { _ in note.write(until: wall) }
        }
        // Told once, however many requests were under way: each answer of theirs makes it a little longer.
        guard !isKnown else { return }
        let words = RateLimiter.quietWords(until: until, now: now)
        logger.critical(
            "HTTP 403: the exchange takes nothing from this address; cancels cannot leave",
            metadata: ["seconds": "\((until - now) / 1_000_000_000)"]
        )
        request(verb: "halt", reason: "HTTP 403: \(words), and cancels cannot leave")
    }
}

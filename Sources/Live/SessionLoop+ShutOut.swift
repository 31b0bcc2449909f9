import Gateway
import Logging
import Market
import NIOCore
import NIOPosix
import Trading

/// After HTTP 403: nothing is sent from this address, by whomever, and everybody is told.
extension SessionLoop {
    private var note: ShutOutNote { ShutOutNote(configuration, wiring.destination) }

    /// The exchange has shut out this address: it said so to a request, to a handshake, or to a bot.
    func shutOut() {
        perform(trade.shutOut(now: SessionClock.monotonic()))
        keepQuiet()
    }

    /// Looks whether another session of this user on this host was told so: the address is the same.
    func heedOthersShutOut() {
        let note = note
        guard note.hostPath != nil, !isHeedingNote else { return }
        isHeedingNote = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        // A directory may lie on a disk that stands still.
        NIOThreadPool.singleton.submit { _ in
            let heard = note.heardOfHost(at: SessionClock.wall())
            loop.execute { bound.value.heed(heard) }
        }
    }

    private func heed(_ heard: ShutOutNote.Heard) {
        isHeedingNote = false
        guard !isStopped, let left = heededNotes.heed(heard) else { return }
        let until = SessionClock.monotonic() + left
        // What holds already, give or take what two looks at two clocks differ by.
        guard until > quietUntil + 1_000_000_000 else { return }
        wiring.limiter.beQuiet(until: until)
        keepQuiet(toldByAnother: true)
    }

    /// New orders halt by a record while nothing may leave, since cancels cannot leave either.
    ///
    /// Also what the run before this one was told, and what was answered before the recording began.
    func keepQuiet(toldByAnother: Bool = false) {
        let now = SessionClock.monotonic()
        let until = wiring.limiter.quietUntil
        guard until > now, until > quietUntil else { return }
        let isKnown = now < quietUntil
        quietUntil = until
        defer {
            if !toldByAnother {
                let note = note
                let wall = SessionClock.wall().advanced(nanoseconds: until - now)
                heededNotes.know(wall.nanoseconds)
                NIOThreadPool.singleton.submit { _ in note.write(until: wall) }
            }
        }
        // Told once, however many requests were under way: each answer of theirs makes it a little longer.
        guard !isKnown else { return }
        let words = RateLimiter.quietWords(until: until, now: now)
        logger.critical(
            "HTTP 403: the exchange takes nothing from this address; cancels cannot leave",
            metadata: [
                "seconds": "\((until - now) / 1_000_000_000)",
                "told": toldByAnother ? "to another program of this host" : "to this one",
            ]
        )
        request(verb: "halt", reason: "HTTP 403: \(words), and cancels cannot leave")
    }
}

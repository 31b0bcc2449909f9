import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import NIOPosix
import Runtime
import Trading
import Watch

/// What a session's rolls have come to.
public struct SessionRolls: Sendable {
    /// Recordings that were ended by a roll.
    public var count = 0
    /// Of these, how many are not sealed yet.
    public var sealing = 0
    /// The directory of the next recording, while it stands ready.
    public var next: String?
    /// Why the next recording could not be begun, while that is so: the session goes on in the old one, and tries again.
    public var problem: String?
    /// Why the recording before could not be sealed; the next start recovers it.
    public var sealFailure: String?
    /// What is wrong with the recording that was sealed last, when it was read once more.
    public var verifyFailure: String?

    public init() {}
}

/// At 00:00 UTC: from one recording to the next, without a socket touched or a record between.
extension SessionLoop {
    /// Looks at the calendar: each second, and when something is due.
    func lookAtDay() {
        guard dayRoll != nil, !isFailed, !isStopped else { return }
        switch dayRoll?.look(now: clock.now(), monotonic: SessionClock.monotonic()) {
        case .nothing, nil: break
        case .prepare(let time): prepareNext(time)
        case .wait(let nanoseconds):
            // Between two ticks: at the border, and not a second behind it.
            guard nanoseconds < 2_000_000_000, rollTimer == nil else { break }
            rollTimer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds)) {
                [weak self] in
                self?.rollTimer = nil
                self?.lookAtDay()
            }
        case .roll: rollOver()
        }
    }

    /// Before a record of this time: whether the next recording is where it belongs.
    func rollIfDue(_ time: Timestamp) {
        if time.nanoseconds >= rollAt { lookAtDay() }
    }

    /// Directory, lock, tails, reserve: made beside the loop, since that takes syncs of the disk.
    private func prepareNext(_ time: Timestamp) {
        let folder = configuration.folder ?? "recordings"
        let path = folder + "/" + SessionRow.name(time)
        let make = successorOptions
        let loop = loop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let size = lastCheckpoint
        NIOThreadPool.singleton.submit { _ in
            let outcome: Result<Successor, JournalError>
            do throws(JournalError) {
                outcome = .success(
                    try Successor(path, options: try make(path), checkpointBytes: size)
                )
            } catch {
                outcome = .failure(error)
            }
            loop.execute { bound.value.prepared(outcome) }
        }
    }

    private func prepared(_ outcome: Result<Successor, JournalError>) {
        switch outcome {
        case .success(let next):
            guard !isStopped, !isFailed else {
                NIOThreadPool.singleton.submit { _ in next.abandon() }
                return
            }
            successor = next
            rolls.next = next.path
            dayRoll?.prepared()
            // From then on the first record of the new day begins the new recording.
            rollAt = dayRoll?.border.nanoseconds ?? .max
            lookAtDay()
        case .failure(let error): cannotRoll("the next recording cannot be made: \(error)")
        }
    }

    /// The session goes on in the recording that it has.
    private func cannotRoll(_ problem: String) {
        dayRoll?.failed(monotonic: SessionClock.monotonic())
        if rolls.problem != problem {
            logger.error(
                "the day's recording goes on: the next one could not be begun",
                metadata: ["reason": "\(problem)"]
            )
        }
        rolls.problem = problem
    }

    private func rollOver() {
        rollAt = .max
        guard let next = successor else { return cannotRoll("none was ready") }
        // What lies in the reserve of a full disk has no place in the chain yet.
        guard !recorder.isDiskFull else {
            successor = nil
            rolls.next = nil
            NIOThreadPool.singleton.submit { _ in next.abandon() }
            return cannotRoll("the disk is full")
        }
        var start = startRecord
        start.session = next.id
        start.run = 1
        start.continues = recorder.id
        // As a reload may have changed it.
        start.configuration = configuration.settings
        start.wall = SessionClock.wall()
        start.monotonicNanoseconds = SessionClock.monotonic()
        writer.reset()
        writer.object {
            $0.field("reason", "roll")
            $0.field("next", next.id)
        }
        // At the time of the record before, so that the engine sees no new day, nor anything that is due.
        ingest(named: "session/end", time: recorder.lastTime, payload: writer.bytes)
        guard !isFailed else { return }
        let old = recorder
        do {
            let checkpoint = try SegmentCheckpoint.encode(start, stepper.engine, facts: facts)
            lastCheckpoint = checkpoint.count
            let bound = NIOLoopBound(self, eventLoop: loop)
            let loop = loop
            recorder = try old.handOver(to: next, checkpoint: checkpoint) { outcome in
                loop.execute { bound.value.sealed(old.path, outcome) }
            }
        } catch {
            successor = nil
            rolls.next = nil
            NIOThreadPool.singleton.submit { _ in next.abandon() }
            return cannotRoll("\(error)")
        }
        successor = nil
        rolls.next = nil
        current.set(recorder)
        streams = StreamTable(
            recorder: recorder,
            origin: wiring.destination.description,
            hearing: hearing
        )
        bots?.goOn(in: recorder)
        startRecord = start
        tableEndings[old.path] = endTables()
        begunPaths.append(recorder.path)
        rolls.count += 1
        rolls.sealing += 1
        rolls.problem = nil
        earlierBytes += old.statistics.segmentBytes
        begin()
        dayRoll?.rolled(now: clock.now())
        logger.notice(
            "a new recording has begun",
            metadata: ["recording": "\(recorder.path)", "before": "\(old.path)"]
        )
        door?.move(to: recorder.path)
        configuration.onMove(recorder.path)
        // Who reads the new recording alone finds lists and clock in it too.
        measureClock()
        listPolls.hasten(at: SessionClock.monotonic())
        askLists {}
        account.surroundings = AccountQuestions()
        account.limits = AccountQuestions()
    }

    /// Reads what was just sealed once more, on another thread: what does not verify is told while it can still be copied.
    private func verify(_ path: String) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        NIOThreadPool.singleton.submit { _ in
            var problem: String?
            do throws(JournalError) {
                let verification = try Verifier.verify(path)
                if verification.exitStatus != 0 {
                    problem = verification.findings.first.map { "\($0)" } ?? "it is not sound"
                }
            } catch {
                problem = "\(error)"
            }
            let outcome = problem
            loop.execute { bound.value.verified(path, outcome) }
        }
    }

    private func verified(_ path: String, _ problem: String?) {
        rolls.verifyFailure = problem.map { "\(path): \($0)" }
        // What is sent to others names no path.
        watcher?.tell(
            .verifyFailed,
            problem: problem == nil ? nil : "the recording that was sealed last does not verify"
        )
        guard let problem else { return }
        logger.critical(
            "the recording that was sealed last does not verify",
            metadata: ["recording": "\(path)", "problem": "\(problem)"]
        )
    }

    private func sealed(_ path: String, _ outcome: Result<Manifest, JournalError>) {
        rolls.sealing -= 1
        switch outcome {
        case .success(let manifest):
            rolls.sealFailure = nil
            logger.notice(
                "the recording before is sealed",
                metadata: ["recording": "\(path)", "last": "\(manifest.last)"]
            )
            verify(path)
            completeTables(path, last: manifest.last)
        case .failure(let error):
            rolls.sealFailure = "\(path): \(error)"
            logger.critical(
                "the recording before could not be sealed; the next start recovers it",
                metadata: ["recording": "\(path)", "error": "\(error)"]
            )
        }
    }
}

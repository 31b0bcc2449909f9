import CHeap
import Gateway
import Journal
import Logging
import Market
import NIOCore
import NIOPosix

/// The disk by its budget: how full, how fast, and what the session does about it.
extension SessionLoop {
    /// Seconds between two looks.
    static let diskInterval: Int64 = 10
    /// Nanoseconds between two looks at the age of recordings.
    private static let ageInterval: Int64 = 600_000_000_000
    /// Nanoseconds from one time to the next that free memory is given back; it keeps whoever allocates waiting.
    private static let trimInterval: Int64 = 3_600_000_000_000

    /// Counts what segments grew by, and has the disk looked at beside the loop.
    func lookAtDisk() {
        diskRate.add(
            earlierBytes + recorder.statistics.segmentBytes,
            at: SessionClock.monotonic()
        )
        guard !isLookingAtDisk, !isStopped else { return }
        isLookingAtDisk = true
        var keeper = diskKeeper
        let monotonic = SessionClock.monotonic()
        // Age needs every recording opened, and is not a matter of seconds.
        if monotonic - lastAgeLook < SessionLoop.ageInterval {
            keeper.keep = nil
        } else {
            lastAgeLook = monotonic
        }
        let isTrimming = monotonic - lastTrim >= SessionLoop.trimInterval
        if isTrimming { lastTrim = monotonic }
        let final = keeper
        let (path, paths, row, now) = (recorder.path, begunPaths, recorder.row, clock.now())
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        NIOThreadPool.singleton.submit { _ in
            let report = final.look(path: path, paths: paths, row: row, now: now)
            if isTrimming { tapedeck_heap_trim() }
            loop.execute { bound.value.disk(report) }
        }
    }

    private func disk(_ report: DiskKeeper.Report) {
        isLookingAtDisk = false
        guard !isStopped else { return }
        var forecast = diskKeeper.forecast(report)
        forecast.bytesPerDay = diskRate.bytesPerDay
        diskForecast = forecast
        if let pruned = report.pruned {
            logger.notice(
                "old recordings were deleted by the rule `disk:`",
                metadata: [
                    "recordings": "\(pruned.recordings.count)",
                    "segments": "\(pruned.segments.count)", "bytes": "\(pruned.bytesFreed)",
                ]
            )
        }
        if diskProblem != report.problem, let problem = report.problem {
            logger.error("the disk could not be looked at", metadata: ["error": "\(problem)"])
        }
        diskProblem = report.problem
        judgeDisk(forecast, report)
    }

    private func judgeDisk(_ forecast: DiskForecast, _ report: DiskKeeper.Report) {
        let limits = configuration.diskLimits
        guard !limits.isEmpty else { return }
        let missing = forecast.missing
        switch limits.whenFull {
        case .prune:
            // The rest has to come from the running recording's own segments, at its next roll.
            configuration.allowance.bytes =
                missing == 0
                ? .max : report.running > missing ? report.running - missing : 0
            // Others fill the file system, and all that could go is gone: then new public data has to wait.
            shedForDisk(forecast.free < forecast.reserve)
        case .shedPublic: shedForDisk(missing > 0)
        case .stop:
            guard missing > 0, diskStop == nil else { return }
            diskStop =
                forecast.free < forecast.reserve
                ? "\(forecast.free) bytes are free, and \(forecast.reserve) must be"
                : "\(forecast.used) bytes are recorded, of a budget of \(forecast.budget ?? 0)"
            logger.critical(
                "the disk's budget is used up: the session ends",
                metadata: ["reason": "\(diskStop ?? "")"]
            )
            configuration.onDiskStop()
        }
    }

    private func shedForDisk(_ isShort: Bool) {
        guard isShort != isOverBudget else { return }
        isOverBudget = isShort
        if isShort {
            logger.critical("the disk's budget is used up: public data is counted and not kept")
        } else {
            logger.notice("there is room on the disk again: public data is kept")
        }
    }
}

import Glibc
import Journal
import Market

/// What a session's recordings may take of a disk, and what happens then: the session file's `disk:`.
public struct DiskLimits: Hashable, Sendable {
    public enum WhenFull: String, Hashable, Sendable, CaseIterable {
        /// The oldest recordings and segments of the row go, each noted; never what is being written.
        case prune
        /// Public data is counted and not kept; all else goes on.
        case shedPublic = "shed-public"
        /// The session seals and ends with status 74.
        case stop
    }

    /// Bytes that all recordings of the row may take; `nil`: no limit.
    public var budget: UInt64?
    /// Bytes that must stay free on the file system.
    public var reserve: UInt64 = 0
    public var whenFull = WhenFull.prune

    public init() {}

    public var isEmpty: Bool { budget == nil && reserve == 0 }
}

/// Measures a session's disk and makes room on it; each call blocks, so none belongs on an event loop.
struct DiskKeeper: Sendable {
    /// The folder of a session that rolls; `nil` for a single recording.
    var folder: String?
    /// Others record into the folder too: only this session's recordings count.
    var isShared: Bool
    var limits: DiskLimits
    var keep: Int64?
    var key: SigningKey?

    /// What was found, and done about it.
    struct Report: Sendable {
        var used: UInt64 = 0
        var free: UInt64 = 0
        /// What the running recording's segments take of `used`.
        var running: UInt64 = 0
        var pruned: RowPruner.Outcome?
        var problem: String?
    }

    /// - Parameters:
    ///   - path: the recording that is being written.
    ///   - paths: all that this session has begun.
    ///   - now: the session's clock.
    func look(path: String, paths: [String], row: String, now: Timestamp) -> Report {
        var report = measure(path, paths)
        guard let folder, limits.whenFull == .prune || keep != nil else { return report }
        let missing = limits.whenFull == .prune ? forecast(report).missing : 0
        guard missing > 0 || keep != nil else { return report }
        var pruner = RowPruner()
        pruner.who = "tapedeck, recording"
        pruner.why = "disk: budget, reserve or keep"
        pruner.key = key
        do throws(JournalError) {
            let outcome = try pruner.free(
                missing,
                keep: keep,
                in: RowFolder(folder),
                row: row,
                now: now
            )
            if outcome.bytesFreed > 0 {
                report = measure(path, paths)
                report.pruned = outcome
            }
        } catch {
            report.problem = "\(error)"
        }
        return report
    }

    func forecast(_ report: Report) -> DiskForecast {
        DiskForecast(
            used: report.used,
            budget: limits.budget,
            free: report.free,
            reserve: limits.reserve,
            prunes: limits.whenFull == .prune && !limits.isEmpty
        )
    }

    private func measure(_ path: String, _ paths: [String]) -> Report {
        var report = Report()
        let rows = RowFolder(folder ?? path)
        report.running = rows.bytes(of: path, ofSegments: true)
        do throws(JournalError) {
            report.used =
                folder == nil || isShared
                ? paths.map { rows.bytes(of: $0) }.reduce(0, +) : try rows.bytes()
        } catch {
            report.problem = "\(error)"
        }
        var status = statvfs()
        if statvfs(path, &status) == 0 {
            report.free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        } else {
            report.problem = "statvfs failed: \(SystemFailure(errno).words)"
        }
        return report
    }
}

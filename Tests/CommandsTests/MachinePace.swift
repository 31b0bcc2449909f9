import Foundation
import Glibc
import Synchronization

/// How much of a span of time the machine left to a thread of ours that asks for next to nothing.
///
/// What took longer than it may says something of a program only where the machine had time for it: one that stood still, or had
/// others to serve, is slow whatever it runs.
final class MachinePace: Sendable {
    /// Between two looks, microseconds.
    private static let pause: UInt32 = 5_000

    private let begin = ContinuousClock.now
    private let looks = Mutex(0)
    private let isOver = Atomic<Bool>(false)

    init() {
        Thread.detachNewThread { [self] in
            while !isOver.load(ordering: .relaxed) {
                usleep(MachinePace.pause)
                looks.withLock { $0 += 1 }
            }
        }
    }

    /// Ends it: whether less than four in five looks came in time.
    func wasBusy() -> Bool {
        isOver.store(true, ordering: .relaxed)
        let due = (ContinuousClock.now - begin) / .microseconds(Int(MachinePace.pause))
        return Double(looks.withLock { $0 }) < due * 0.8
    }

    /// What something took, and whether the machine was busy meanwhile.
    struct Span {
        var took: Duration
        var wasBusy: Bool
    }

    /// Tries until something was done within its time.
    ///
    /// An attempt that was too slow is one too many, unless the machine was busy meanwhile: then there is another one, up to ten.
    ///
    /// - Returns: what is wrong; empty where nothing is.
    static func within(
        _ limit: Duration,
        _ attempt: (_ number: Int) async throws -> Span
    ) async throws -> String {
        var took: [String] = []
        for number in 1...10 {
            let span = try await attempt(number)
            if span.took < limit { return "" }
            took.append("\(span.took)\(span.wasBusy ? " on a busy machine" : "")")
            if !span.wasBusy { break }
        }
        return "it may take \(limit), and took " + took.joined(separator: ", ")
    }
}

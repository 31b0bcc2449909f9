import Bybit
import Gateway

/// When a question of the core about the account leaves that has failed: the core asks again a second behind each failure, the
/// exchange is asked ever more seldom.
///
/// The pause is out here: the core's commands are what they were, one behind each answer, and every recording replays with
/// them. What grows is how long a question waits until it leaves, so that its answer, and with it the next command, comes later.
///
/// Times are monotonic nanoseconds.
struct RepeatedQuestions {
    /// From a failure to the next time at most.
    static let longest: Int64 = 30_000_000_000
    private static let second: Int64 = 1_000_000_000
    /// What has not failed for so long begins with the shortest pause again.
    private static let memory: Int64 = 120_000_000_000

    private struct Failure {
        var count = 0
        /// Of the last one.
        var time: Int64 = 0

        /// The core has waited the first second by itself.
        var due: Int64 {
            guard count > 1 else { return time }
            let pause = RepeatedQuestions.second << Int64(min(count - 1, 5))
            return time + min(RepeatedQuestions.longest, pause)
        }
    }

    private struct Waiting {
        var call: RESTCall
        var due: Int64
    }

    /// Failures in a row, by what was asked.
    private var failures: [String: Failure] = [:]
    private var waiting: [Waiting] = []

    /// True when a question may leave now; else it waits, and ``take(at:all:)`` gives it when it is due.
    ///
    /// Market data has pauses of its own, and a page that follows another belongs to an answer that has just come. Of the same question twice the later one waits: its
    /// answer serves both.
    ///
    /// - Parameter all: it leaves in any case, and what waits of it does not leave once more.
    mutating func mayLeave(_ call: RESTCall, at now: Int64, all: Bool = false) -> Bool {
        guard call.request.isSigned, !Self.isPage(call.request) else { return true }
        waiting.removeAll { $0.call.request == call.request }
        guard !all else { return true }
        let subject = Self.subject(call.request)
        let due = max(failures[subject]?.due ?? now, failures[Self.pages(subject)]?.due ?? now)
        guard due > now else { return true }
        waiting.append(Waiting(call: call, due: due))
        return false
    }

    /// Those that waited long enough, in the order they came; whoever takes them asks.
    mutating func take(at now: Int64, all: Bool = false) -> [RESTCall] {
        guard !waiting.isEmpty else { return [] }
        let due = waiting.filter { all || $0.due <= now }.map(\.call)
        waiting.removeAll { all || $0.due <= now }
        return due
    }

    /// A question has ended, with success or without.
    mutating func ended(_ call: RESTCall, isSuccess: Bool, at now: Int64) {
        guard call.request.isSigned else { return }
        let subject = Self.subject(call.request)
        let isPage = Self.isPage(call.request)
        guard !isSuccess else {
            // A page that came says nothing of one behind it: those are forgotten by time alone.
            if !isPage { failures[subject] = nil }
            return
        }
        failures = failures.filter { now - $0.value.time < Self.memory }
        let key = isPage ? Self.pages(subject) : subject
        failures[key, default: Failure()].count += 1
        failures[key]?.time = now
    }

    /// The account's own socket is back: what failed while it was not says nothing any more.
    mutating func forget() {
        failures.removeAll()
        for place in waiting.indices { waiting[place].due = .min }
    }

    private static func isPage(_ request: RESTRequest) -> Bool {
        request.query.split(separator: "&").contains { $0.hasPrefix("cursor=") }
    }

    /// A list reaches to another end each time.
    private static func subject(_ request: RESTRequest) -> String {
        let parts = request.query.split(separator: "&").filter {
            !$0.hasPrefix("cursor=") && !$0.hasPrefix("endTime=")
        }
        return request.path + "?" + parts.joined(separator: "&")
    }

    private static func pages(_ subject: String) -> String { subject + " pages" }
}

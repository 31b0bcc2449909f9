import Bybit
import Market

/// The public sockets of one category: which topics are on which.
///
/// With redundancy each group of topics is on several sockets. Every socket has a slot of its own, which stands in the
/// names of its streams.
struct PublicSockets {
    private(set) var plan: SocketPlan
    /// Places in the session's sockets, for each group of topics.
    private(set) var numbers: [[Int]] = []
    /// Groups whose sockets have not been told what they carry now.
    private var untold: Set<Int> = []
    /// What changed since it was last carried out whole.
    private var change: SubscriptionPlan.Change?

    /// - Parameter copies: sockets of each group, which all count towards the exchange's limit.
    init(limits: SubscriptionLimits, copies: Int = 1) {
        plan = SocketPlan(limits: limits, socketsMax: SocketPlan.socketsMax / max(1, copies))
    }

    /// Something is not carried out: for want of a socket, mostly.
    var isUnfinished: Bool { change != nil }

    /// The rules pick other topics.
    mutating func take(_ next: SubscriptionPlan.Change) {
        change = change?.followed(by: next) ?? next
    }

    /// Makes the sockets that are missing, and tells each whose topics changed what it carries.
    ///
    /// What is done when making one fails is kept; called again, this goes on with the rest.
    ///
    /// - Parameters:
    ///   - copies: sockets of each group.
    ///   - make: a socket for a slot, from 1; its place in the session's.
    ///   - want: has the socket at a place carry these topics.
    /// - Returns: what has changed since the last time that all was carried out, and the topics that find no room;
    ///   `nil` when nothing was to be done.
    mutating func carryOut<Failure: Error>(
        _ topics: [String],
        copies: Int,
        make: (_ slot: Int) throws(Failure) -> Int,
        want: (_ number: Int, _ topics: [String]) -> Void
    ) throws(Failure) -> (change: SubscriptionPlan.Change, refused: [String])? {
        guard let change else { return nil }
        let outcome = plan.assign(topics)
        untold.formUnion(outcome.changed)
        for group in untold.sorted() {
            while numbers.count <= group { numbers.append([]) }
            for copy in numbers[group].count..<max(copies, numbers[group].count) {
                numbers[group].append(try make(group * copies + copy + 1))
            }
            for number in numbers[group] { want(number, plan.sockets[group]) }
            untold.remove(group)
        }
        self.change = nil
        return (change, outcome.refused)
    }
}

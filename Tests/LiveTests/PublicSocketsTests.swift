import Bybit
import Market
import Testing

@testable import Live

/// Which public socket carries which topics, where sockets cannot always be made.
@Suite struct PublicSocketsTests {
    private struct NoSocket: Error {}

    /// Sockets as a session has them: places, slots, and what each is to carry.
    private struct Shelf {
        var slots: [Int] = []
        var wanted: [Int: [String]] = [:]
        /// Sockets that can still be made.
        var room = Int.max
    }

    private func carryOut(
        _ sockets: inout PublicSockets,
        _ shelf: inout Shelf,
        _ topics: [String],
        copies: Int = 1
    ) throws(NoSocket) -> (change: SubscriptionPlan.Change, refused: [String])? {
        var mine = shelf
        defer { shelf = mine }
        let box = Box(mine)
        defer { mine = box.shelf }
        return try sockets.carryOut(
            topics,
            copies: copies,
            make: { (slot) throws(NoSocket) in
                guard box.shelf.room > 0 else { throw NoSocket() }
                box.shelf.room -= 1
                box.shelf.slots.append(slot)
                return box.shelf.slots.count - 1
            },
            want: { box.shelf.wanted[$0] = $1 }
        )
    }

    private final class Box {
        var shelf: Shelf
        init(_ shelf: Shelf) { self.shelf = shelf }
    }

    private func change(added: [String] = [], removed: [String] = []) -> SubscriptionPlan.Change {
        SubscriptionPlan.Change(category: .option, added: added, removed: removed)
    }

    /// Room for two topics a socket.
    private static var limits: SubscriptionLimits {
        var limits = SubscriptionLimits(.publicData(.option))
        limits.topicsPerConnection = 2
        return limits
    }

    @Test func `what finds no socket is carried out later, although the rules pick nothing new`()
        throws
    {
        var sockets = PublicSockets(limits: Self.limits)
        var shelf = Shelf(room: 1)
        sockets.take(change(added: ["a", "b", "c"]))
        #expect(throws: NoSocket.self) {
            _ = try carryOut(&sockets, &shelf, ["a", "b", "c"])
        }
        #expect(shelf.wanted == [0: ["a", "b"]] && sockets.isUnfinished)
        #expect(throws: NoSocket.self) {
            _ = try carryOut(&sockets, &shelf, ["a", "b", "c"])
        }
        shelf.room = 1
        let done = try #require(try carryOut(&sockets, &shelf, ["a", "b", "c"]))
        #expect(shelf.wanted == [0: ["a", "b"], 1: ["c"]] && shelf.slots == [1, 2])
        #expect(done.change.added == ["a", "b", "c"] && !sockets.isUnfinished)
        #expect(try carryOut(&sockets, &shelf, ["a", "b", "c"]) == nil)
    }

    @Test func `of several copies those that are there stay, and only the others are made`() throws
    {
        var sockets = PublicSockets(limits: Self.limits)
        var shelf = Shelf(room: 1)
        sockets.take(change(added: ["a"]))
        #expect(throws: NoSocket.self) { _ = try carryOut(&sockets, &shelf, ["a"], copies: 2) }
        #expect(shelf.slots == [1])
        shelf.room = 5
        _ = try carryOut(&sockets, &shelf, ["a"], copies: 2)
        #expect(shelf.slots == [1, 2] && shelf.wanted == [0: ["a"], 1: ["a"]])
    }

    @Test func `copies count towards the sockets that the exchange takes`() throws {
        var sockets = PublicSockets(limits: Self.limits, copies: 3)
        var shelf = Shelf()
        let topics = (0..<1_000).map { "t\($0)" }
        sockets.take(change(added: topics))
        let done = try #require(try carryOut(&sockets, &shelf, topics, copies: 3))
        #expect(shelf.slots.count == 999 && shelf.slots.count <= SocketPlan.socketsMax)
        #expect(done.refused.count == 1_000 - 333 * 2)
    }

    @Test func `a change that was not carried out and the next one are told as one`() throws {
        var sockets = PublicSockets(limits: Self.limits)
        var shelf = Shelf(room: 0)
        sockets.take(change(added: ["a", "b"]))
        #expect(throws: NoSocket.self) { _ = try carryOut(&sockets, &shelf, ["a", "b"]) }
        sockets.take(change(added: ["c"], removed: ["a"]))
        shelf.room = 1
        let done = try #require(try carryOut(&sockets, &shelf, ["b", "c"]))
        #expect(done.change.added == ["b", "c"] && done.change.removed.isEmpty)
        #expect(shelf.wanted == [0: ["b", "c"]])
    }
}

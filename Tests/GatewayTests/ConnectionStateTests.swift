import Bybit
import Market
import Testing

@testable import Gateway

private typealias Action = ConnectionState.Action

private let second: Int64 = 1_000_000_000

private func answer(
    _ operation: String,
    _ id: String,
    success: Bool = true,
    message: String = ""
) -> ControlFrame {
    var answer = ControlFrame.Answer()
    answer.operation = operation
    answer.requestID = id
    answer.isSuccess = success
    answer.message = message
    return .answer(answer)
}

private func machine(_ socket: SocketName, topics: [String] = []) -> ConnectionState {
    var state = ConnectionState(settings: ConnectionState.Settings(socket))
    _ = state.want(topics, now: 0)
    return state
}

/// A public connection that is ready with its topics at `now` 0.
private func readyMachine(_ topics: [String]) -> ConnectionState {
    var state = machine(.publicData(.linear), topics: topics)
    _ = state.start(now: 0)
    _ = state.opened(now: 0)
    _ = state.received(answer("subscribe", "r1"), now: 0, chance: 0)
    return state
}

@Suite struct ConnectionStateTests {
    @Test func `a public connection subscribes as soon as it is open and is ready when answered`() {
        var state = machine(.publicData(.linear), topics: ["tickers.A", "tickers.B"])
        #expect(state.start(now: 0) == [.connect])
        #expect(
            state.opened(now: 1) == [
                .report(.connected, reason: ""),
                .send(.subscribe(["tickers.A", "tickers.B"]), requestID: "r1"),
            ]
        )
        #expect(!state.isReady)
        #expect(
            state.received(answer("subscribe", "r1"), now: 2, chance: 0)
                == [.report(.ready, reason: "")]
        )
        #expect(state.isReady)
        #expect(state.subscribed == ["tickers.A", "tickers.B"])
    }

    @Test func `a private connection subscribes only after its authentication was answered`() {
        var state = machine(.privateData(account: "main"), topics: ["order"])
        _ = state.start(now: 0)
        #expect(
            state.opened(now: 1)
                == [.report(.connected, reason: ""), .authenticate(requestID: "r1")]
        )
        #expect(
            state.received(answer("auth", "r1"), now: 2, chance: 0)
                == [.send(.subscribe(["order"]), requestID: "r2")]
        )
        #expect(
            state.received(answer("subscribe", "r2"), now: 3, chance: 0)
                == [.report(.ready, reason: "")]
        )
    }

    @Test func `without topics a connection is ready when it is open`() {
        var state = machine(.publicData(.linear))
        _ = state.start(now: 0)
        #expect(
            state.opened(now: 1)
                == [.report(.connected, reason: ""), .report(.ready, reason: "")]
        )
    }

    @Test func `a refused authentication is told and tried again on a new connection`() {
        var state = machine(.privateData(account: "main"), topics: ["order"])
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        let actions = state.received(
            answer("auth", "r1", success: false, message: "Params Error"),
            now: 0,
            chance: 0
        )
        #expect(
            actions == [
                .report(.failed, reason: "authentication refused: Params Error"),
                .close,
                .report(.disconnected, reason: "authentication refused: Params Error"),
            ]
        )
        #expect(state.phase == .waiting(until: second / 4))
        #expect(state.wake(now: second / 4, chance: 0) == [.connect])
    }

    @Test func `an answer to an older authentication changes nothing`() {
        var state = machine(.privateData(account: "main"))
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        #expect(state.received(answer("auth", "r0"), now: 0, chance: 0) == [])
        #expect(state.phase == .authenticating(requestID: "r1", since: 0))
    }

    @Test func `a connection that does not come about is tried again, and each wait is longer`() {
        var state = machine(.publicData(.linear))
        _ = state.start(now: 0)
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 1...8 {
            #expect(
                state.closed(reason: "refused", now: now, chance: 0)
                    == [.report(.failed, reason: "refused")]
            )
            let deadline = state.deadline ?? 0
            waits.append((deadline - now) / (second / 4))
            now = deadline
            #expect(state.wake(now: now, chance: 0) == [.connect])
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 40, 40])
    }

    @Test(arguments: [(readyFor: Int64(1), wait: Int64(2)), (readyFor: 4, wait: 1)])
    func `only a connection that was steady begins again with the shortest wait`(
        readyFor: Int64,
        wait: Int64
    ) {
        var state = machine(.publicData(.linear))
        _ = state.start(now: 0)
        _ = state.closed(reason: "refused", now: 0, chance: 0)
        let again = state.deadline ?? 0
        _ = state.wake(now: again, chance: 0)
        _ = state.opened(now: again)
        let lost = again + readyFor * second
        #expect(
            state.closed(reason: "reset", now: lost, chance: 0)
                == [.report(.disconnected, reason: "reset")]
        )
        #expect(state.phase == .waiting(until: lost + wait * second / 4))
    }

    @Test func `after a reconnect everything is subscribed anew, under new ids`() {
        var state = readyMachine(["tickers.A"])
        _ = state.closed(reason: "reset", now: second, chance: 0)
        _ = state.wake(now: 2 * second, chance: 0)
        #expect(
            state.opened(now: 2 * second) == [
                .report(.connected, reason: ""),
                .send(.subscribe(["tickers.A"]), requestID: "r2"),
            ]
        )
        #expect(!state.isReady)
        #expect(state.connections == 2)
    }

    @Test func `only the difference is subscribed and unsubscribed`() {
        var state = readyMachine(["a", "b", "c"])
        #expect(
            state.want(["b", "c", "d"], now: 1) == [
                .send(.unsubscribe(["a"]), requestID: "r2"),
                .send(.subscribe(["d"]), requestID: "r3"),
            ]
        )
        #expect(state.want(["b", "c", "d"], now: 1) == [])
        _ = state.received(answer("unsubscribe", "r2"), now: 2, chance: 0)
        _ = state.received(answer("subscribe", "r3"), now: 2, chance: 0)
        #expect(state.subscribed == ["b", "c", "d"])
    }

    @Test func `a topic dropped while it is being asked for is unsubscribed when answered`() {
        var state = machine(.publicData(.linear), topics: ["a"])
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        #expect(state.want([], now: 0) == [])
        #expect(
            state.received(answer("subscribe", "r1"), now: 1, chance: 0)
                == [.send(.unsubscribe(["a"]), requestID: "r2")]
        )
        #expect(
            state.received(answer("unsubscribe", "r2"), now: 2, chance: 0)
                == [.report(.ready, reason: "")]
        )
        #expect(state.subscribed == [])
    }

    @Test func `a topic is resubscribed by leaving it first`() {
        var state = readyMachine(["a", "b"])
        #expect(
            state.resubscribe("a", now: 1) == [.send(.unsubscribe(["a"]), requestID: "r2")]
        )
        #expect(state.resubscribe("a", now: 1) == [])
        #expect(
            state.received(answer("unsubscribe", "r2"), now: 2, chance: 0)
                == [.send(.subscribe(["a"]), requestID: "r3")]
        )
        #expect(state.received(answer("subscribe", "r3"), now: 3, chance: 0) == [])
        #expect(state.subscribed == ["a", "b"])
        #expect(state.resubscribe("unknown", now: 4) == [])
    }

    @Test func `spot asks for ten topics at a time`() {
        var state = machine(.publicData(.spot), topics: (1...23).map { "tickers.\($0)" })
        _ = state.start(now: 0)
        let counts = state.opened(now: 0).compactMap { action -> Int? in
            if case .send(.subscribe(let topics), _) = action { return topics.count }
            return nil
        }
        #expect(counts == [10, 10, 3])
    }

    @Test func `topics beyond 21,000 characters are told, not asked for`() {
        let topics = (100...2_099).map { "publicTrade.\($0)" }
        var state = ConnectionState(settings: ConnectionState.Settings(.publicData(.linear)))
        let refused = state.want(topics, now: 0)
        let length = state.wanted.reduce(2) { $0 + $1.utf8.count + 3 }
        #expect(length <= 21_000)
        #expect(state.wanted.count + refused.count == topics.count)
        #expect(
            refused.first
                == .report(
                    .failed,
                    reason:
                        "\(topics[state.wanted.count]) is beyond what one connection may subscribe"
                )
        )
    }

    @Test func `a ping leaves every 20 s while data flows`() {
        var state = readyMachine([])
        var pings: [Int64] = []
        for step in Int64(0)...61 {
            let now = step * second
            _ = state.received(nil, now: now, chance: 0)
            if state.wake(now: now, chance: 0) == [.send(.ping, requestID: "")] {
                pings.append(now / second)
            }
        }
        #expect(pings == [20, 40, 60])
    }

    @Test func `a silent connection is asked after 4 s and given up after 9 s`() {
        var state = readyMachine([])
        #expect(state.deadline == 4 * second)
        #expect(state.wake(now: 4 * second, chance: 0) == [.send(.ping, requestID: "")])
        #expect(state.wake(now: 8 * second, chance: 0) == [.send(.ping, requestID: "")])
        #expect(state.deadline == 9 * second)
        #expect(
            state.wake(now: 9 * second, chance: 0)
                == [.close, .report(.disconnected, reason: "nothing received for 9 s")]
        )
        #expect(state.phase == .waiting(until: 9 * second + second / 4))
    }

    @Test func `a pong keeps a connection without data alive`() {
        var state = readyMachine([])
        for step in 1...20 {
            let now = Int64(step) * 4 * second
            #expect(state.wake(now: now, chance: 0) == [.send(.ping, requestID: "")])
            #expect(state.received(.pong, now: now, chance: 0) == [])
        }
        #expect(state.isReady)
    }

    @Test func `a connection that is not read is not called silent`() {
        var state = readyMachine([])
        state.pause()
        #expect(state.wake(now: 19 * second, chance: 0) == [])
        #expect(state.wake(now: 20 * second, chance: 0) == [.send(.ping, requestID: "")])
        state.resume(now: 100 * second)
        _ = state.wake(now: 100 * second, chance: 0)
        #expect(state.isReady)
        #expect(state.deadline == 104 * second)
    }

    @Test(arguments: [
        (private: false, "no answer to subscribe within the time"),
        (private: true, "no answer to auth within the time"),
    ])
    func `a request that is not answered in 10 s ends the connection`(
        isPrivate: Bool,
        reason: String
    ) {
        let socket: SocketName = isPrivate ? .privateData(account: "a") : .publicData(.linear)
        var state = machine(socket, topics: ["x"])
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        for step in Int64(1)...9 { _ = state.received(nil, now: step * second, chance: 0) }
        #expect(
            state.wake(now: 10 * second, chance: 0)
                == [.close, .report(.disconnected, reason: reason)]
        )
    }

    @Test func `a handshake that takes 10 s is given up`() {
        var state = machine(.publicData(.linear))
        _ = state.start(now: 0)
        #expect(state.deadline == 10 * second)
        #expect(
            state.wake(now: 10 * second, chance: 0)
                == [.close, .report(.failed, reason: "no handshake within the time")]
        )
    }

    @Test func `an attempt that may not be made yet is made later, and is none`() {
        var state = machine(.publicData(.linear))
        #expect(state.start(now: 0) == [.connect])
        let until = 600 * second
        #expect(
            state.postponed(until: until, reason: "shut out", chance: 0)
                == [.report(.failed, reason: "shut out")]
        )
        #expect(state.attempt == 0)
        #expect(state.wake(now: until, chance: 0).isEmpty)
        // Those that wait for one moment do not come at one moment.
        #expect(state.deadline.map { $0 > until && $0 <= until + second / 2 } == true)
        #expect(state.wake(now: until + second, chance: 0) == [.connect])
        // Nor is it told again that there is still no room.
        #expect(state.postponed(until: until + second, reason: "full", chance: 0).isEmpty)
        #expect(state.wake(now: until + 2 * second, chance: 0) == [.connect])
        #expect(
            state.opened(now: until + 2 * second) == [
                .report(.connected, reason: ""), .report(.ready, reason: ""),
            ]
        )
        #expect(state.postponed(until: 700 * second, reason: "late", chance: 0).isEmpty)
    }

    @Test func `a stopped connection stays down`() {
        var state = readyMachine(["a"])
        #expect(state.stop() == [.close, .report(.disconnected, reason: "stopped")])
        #expect(state.deadline == nil)
        #expect(state.closed(reason: "late", now: 1, chance: 0) == [])
        #expect(state.wake(now: 100 * second, chance: 0) == [])
        #expect(state.stop() == [])
        #expect(state.start(now: 200 * second) == [.connect])
    }

    @Test func `what is refused is known with the exchange's words, until it is wanted no more`() {
        var state = machine(.publicData(.linear), topics: ["tickers.A", "tickers.B"])
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        let words = "error:handler not found,topic:tickers.B"
        let actions = state.received(
            answer("subscribe", "r1", success: false, message: words),
            now: 1,
            chance: 0
        )
        #expect(
            actions == [
                .report(.failed, reason: "subscribe of tickers.B refused: \(words)"),
                .send(.subscribe(["tickers.A"]), requestID: "r2"),
            ]
        )
        #expect(state.refused == ["tickers.B": words])
        _ = state.received(answer("subscribe", "r2"), now: 2, chance: 0)
        #expect(state.subscribed == ["tickers.A"] && state.refused == ["tickers.B": words])
        _ = state.want(["tickers.A"], now: 3)
        #expect(state.refused.isEmpty)
        // Wanted again, it is asked for again.
        #expect(
            state.want(["tickers.A", "tickers.B"], now: 4)
                == [.send(.subscribe(["tickers.B"]), requestID: "r3")]
        )
        _ = state.received(
            answer("subscribe", "r3", success: false, message: words),
            now: 5,
            chance: 0
        )
        #expect(state.refused == ["tickers.B": words])
        _ = state.closed(reason: "gone", now: 6, chance: 0)
        _ = state.wake(now: 60 * second, chance: 0)
        _ = state.opened(now: 61 * second)
        #expect(state.refused.isEmpty, "another connection may give it")
    }

    @Test func `a key that was refused is known to be until it is taken`() {
        var state = machine(.privateData(account: "main"), topics: ["order"])
        _ = state.start(now: 0)
        _ = state.opened(now: 0)
        #expect(state.authenticationRefusal == nil)
        _ = state.received(
            answer("auth", "r1", success: false, message: "API key is invalid."),
            now: 1,
            chance: 0
        )
        #expect(state.authenticationRefusal == "API key is invalid.")
        _ = state.wake(now: 60 * second, chance: 0)
        _ = state.opened(now: 61 * second)
        #expect(state.authenticationRefusal == "API key is invalid.")
        _ = state.received(answer("auth", "r2"), now: 62 * second, chance: 0)
        #expect(state.authenticationRefusal == nil)
    }
}

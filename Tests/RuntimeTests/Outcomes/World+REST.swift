import Bybit
import Market

@testable import Gateway

/// REST between session and exchange, as the REST client does it: requests of a key one after the other, ten seconds
/// for each, an answer after that is nobody's.
extension World {
    struct Waiting {
        var call: RESTCall
        var done: (RESTExchange) -> Void
    }

    struct Active {
        var exchange: RESTExchange
        var done: (RESTExchange) -> Void
    }

    /// As many at a time as the REST client has connections for.
    private static let connections = 4

    func submit(_ call: RESTCall, done: @escaping (RESTExchange) -> Void) {
        waiting[call.lane.rawValue].append(Waiting(call: call, done: done))
        startWaiting()
    }

    private func startWaiting() {
        for lane in RESTCall.Lane.allCases {
            var used = active.values.count { $0.exchange.call.lane == lane }
            var keys = Set(active.values.map(\.exchange.call.orderingKey))
            var rest: [Waiting] = []
            for item in waiting[lane.rawValue] {
                let key = item.call.orderingKey
                if used < World.connections, key.isEmpty || !keys.contains(key) {
                    used += 1
                    begin(item)
                } else {
                    rest.append(item)
                }
                keys.insert(key)
            }
            waiting[lane.rawValue] = rest
        }
    }

    private func begin(_ item: Waiting) {
        callNumber += 1
        let number = callNumber
        let call = item.call
        let account = call.request.isSigned ? "main" : "public"
        active[number] = Active(
            exchange: RESTExchange(call: call, account: account, sent: now),
            done: item.done
        )
        agenda.add(at: time + call.timeout) { [unowned self] in
            finish(number, .timedOut, "no answer in \(call.timeout / 1_000_000) ms")
        }
        guard time >= noNetworkUntil else {
            agenda.add(at: time + latency()) { [unowned self] in
                finish(number, .failed, "no network")
            }
            return
        }
        let fates = fates(of: call.request)
        let stamp = now.milliseconds
        let arrived: () -> Void = { [unowned self] in arrive(number, call, stamp, fates) }
        switch fates.way {
        case .none: travel(latency(), arrived)
        case .late(let delay): hold(delay, lostWith: nil, arrived)
        case .dropped: break
        case .cut: travel(latency()) { [unowned self] in cut(number) }
        }
    }

    private func arrive(_ number: Int, _ call: RESTCall, _ stamp: Int64, _ fates: Fates) {
        switch fates.taken {
        case .dropped: return
        case .late(let delay) where now.milliseconds - stamp <= 5_000:
            // Its time was looked at when it came in.
            hold(delay, lostWith: nil) { [unowned self] in
                carryOut(number, call, now.milliseconds, fates)
            }
            if fates.isCutWhileTaken { finish(number, .failed, "the connection was reset") }
        case .none, .late: carryOut(number, call, stamp, fates)
        case .cut:
            carryOut(number, call, stamp, fates)
            cut(number)
        }
    }

    private func carryOut(_ number: Int, _ call: RESTCall, _ stamp: Int64, _ fates: Fates) {
        var answer = exchange.answer(call.request, timestamp: stamp)
        drain()
        if fates.isServerError { answer = (200, World.serverError(now)) }
        let arrived: () -> Void = { [unowned self] in
            finish(number, .answered, "", answer.status, answer.body)
        }
        switch fates.answer {
        case .none: travel(latency(), arrived)
        case .late(let delay): hold(delay, lostWith: nil, arrived)
        case .dropped: break
        case .cut: travel(latency()) { [unowned self] in cut(number) }
        }
    }

    private static func serverError(_ now: Timestamp) -> [UInt8] {
        Array(
            #"{"retCode":10016,"retMsg":"Server error","result":{},"retExtInfo":{},"time":\#(now.milliseconds)}"#
                .utf8
        )
    }

    private func finish(
        _ number: Int,
        _ outcome: Reply.Outcome,
        _ reason: String,
        _ status: Int = 0,
        _ body: [UInt8] = []
    ) {
        guard var ended = active.removeValue(forKey: number) else { return }
        ended.exchange.outcome = outcome
        ended.exchange.reason = reason
        ended.exchange.status = status
        ended.exchange.body = body
        ended.exchange.received = now
        ingest(ended.exchange.stream.text, ended.exchange.payload)
        ended.done(ended.exchange)
        startWaiting()
    }

    /// The connection of this exchange is gone; in some scenarios the whole network.
    private func cut(_ number: Int) {
        if scenario.outage > 0 { return beginOutage() }
        finish(number, .failed, "the connection was reset")
    }

    /// Nothing comes through for a while: all connections end, and what was under way is lost.
    func beginOutage() {
        epoch += 1
        noNetworkUntil = time + Int64(scenario.outage) * 1_000_000
        for wire in wires { lose(wire, "no network") }
        for number in active.keys.sorted() { finish(number, .failed, "no network") }
    }

    // MARK: - On the way

    /// Comes after `delay` nanoseconds, unless the network is gone by then.
    func travel(_ delay: Int64, _ body: @escaping () -> Void) {
        let epoch = epoch
        agenda.add(at: time + delay) { [unowned self] in if epoch == self.epoch { body() } }
    }

    /// The same for what is held up for `delay` milliseconds; the scenario waits for it.
    ///
    /// - Parameter wire: the connection whose end is its end too; `nil`: none.
    func hold(_ delay: Int, lostWith wire: Wire?, _ body: @escaping () -> Void) {
        held += 1
        let (epoch, generation) = (epoch, wire?.generation)
        agenda.add(at: time + Int64(delay) * 1_000_000) { [unowned self] in
            held -= 1
            if epoch == self.epoch, generation == wire?.generation { body() }
        }
    }
}

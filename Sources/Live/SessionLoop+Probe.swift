public import Bybit
import Gateway
import Journal
import Logging
public import Market
import NIOCore
import Runtime

/// What the exchange answered to a question that somebody else than the core asked.
public struct SessionAnswer: Sendable {
    /// HTTP status; 0 without an answer.
    public var status: Int
    /// `retCode`; −1 without one.
    public var code: Int64
    public var message: String
    public var body: [UInt8]

    public var isSuccess: Bool { status == 200 && code == 0 }
}

/// Questions, requests and subscriptions by whoever owns the session; each is a record like any other.
extension SessionLoop {
    /// A question is asked again when it gets no answer, anything else is sent once, and only where orders may go.
    func carry(
        _ request: RESTRequest,
        attempt: Int = 1,
        whenDone: @escaping (SessionAnswer) -> Void
    ) {
        guard request.method == "GET" || configuration.mayTrade, !isStopped else {
            return whenDone(
                SessionAnswer(status: 0, code: -1, message: "this session may not trade", body: [])
            )
        }
        let call = RESTCall(request, after: recorder.watermarks.appended, attempt: attempt)
        submit(call) { [unowned self] exchange in
            let isQuestion = request.method == "GET"
            guard isQuestion, exchange.mayBeAskedAgain, attempt < RESTCall.attemptsMax, !isStopped
            else {
                let reply = stepper.event.reply
                return whenDone(
                    SessionAnswer(
                        status: exchange.status,
                        code: stepper.event.kind == .reply ? reply.code : -1,
                        message: exchange.outcome == .answered ? reply.message : exchange.reason,
                        body: exchange.body
                    )
                )
            }
            loop.assumeIsolated().scheduleTask(in: .nanoseconds(RESTCall.pause(after: attempt))) {
                [weak self] in
                self?.carry(request, attempt: attempt + 1, whenDone: whenDone)
            }
        }
    }

    /// An order's request by the trade socket, one at a time.
    ///
    /// - Parameter whenDone: gets `nil` where there is no such socket.
    func carryBySocket(
        _ request: RESTRequest,
        key: String,
        whenDone: @escaping (SessionAnswer?) -> Void
    ) {
        guard configuration.mayTrade, !isStopped, tradeSocket != nil, tradeWaiter == nil else {
            return whenDone(nil)
        }
        tradeWaiter = whenDone
        enter(RESTCall(request, orderingKey: key, after: recorder.watermarks.appended))
    }

    /// News of the exchange, on a socket of its own; its topic stands under `public/linear`, as the proxy has it.
    func followStatus() {
        do throws(GatewayError) {
            let slot = SocketSlot(.publicData(.linear), slot: SessionLoop.statusSlot)
            let number = try add(slot, nil, path: "/v5/public/misc/status")
            sockets[number].want(["system.status"])
            sockets[number].start()
        } catch {
            logger.error(
                "the exchange's news are not subscribed",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Beyond all that the rules make.
    private static let statusSlot = 99

    /// Has the first socket of a category subscribe these topics beside those of its rules, or no more than the rules.
    func follow(_ extra: [String], _ category: Category) {
        guard let home = homes[category], let group = home.plan.sockets.first,
            let numbers = home.numbers.first
        else { return }
        for number in numbers { sockets[number].want(group + extra) }
    }
}

extension Session {
    /// Sends a request and waits for its end; what changes something only where orders may go.
    public func carry(_ request: RESTRequest) async -> SessionAnswer {
        await onLoopLater { core, done in core.carry(request, whenDone: done) }
    }

    /// The same for a new order, an amendment or a cancel by the trade socket; `nil` where there is none.
    public func carryBySocket(_ request: RESTRequest, key: String) async -> SessionAnswer? {
        await onLoopLater { core, done in core.carryBySocket(request, key: key, whenDone: done) }
    }

    /// Subscribes `system.status`.
    public func followStatus() async { await onLoop { $0.followStatus() } }

    public func follow(_ extra: [String], _ category: Category) async {
        await onLoop { $0.follow(extra, category) }
    }
}

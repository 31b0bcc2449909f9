import Bybit
import Gateway
import Logging
import Market
import Runtime

/// What a key may do, asked before anything of its account is recorded.
///
/// A recorder's key that leaks must not cost the account: one with which money can be moved out is refused. As long as
/// the exchange does not say what the key may do, nothing private is connected or asked.
struct KeyCheck: Sendable {
    enum Outcome: Sendable {
        /// No key: public data only.
        case none
        /// Nothing speaks against it.
        case permitted(KeyDescription)
        /// Demo and loopback have accounts without money, and may lack the question.
        case notOffered(String)
        /// No answer, or none that says it: asked again while the session runs.
        case unknown(String)
        case refused(SessionError)
    }

    /// The question, as everybody who needs the key's rights or its expiry asks it.
    static let question = RESTRequest(endpoint: .other("/v5/user/query-api"))
    /// Nanoseconds between questions while the rights are not known.
    static let pause: Int64 = 10_000_000_000

    var outcome = Outcome.none
    /// All that was asked, to be recorded once it is clear that the account may be.
    var exchanges: [RESTExchange] = []

    /// Asks for the clock, by which requests are signed, and for the key's rights; each a few times.
    static func ask(
        _ configuration: SessionConfiguration,
        _ wiring: Wiring
    ) async throws(SessionError) -> KeyCheck {
        var check = KeyCheck()
        guard let credentials = wiring.credentials else { return check }
        let client: RESTClient
        let clock = SessionClock()
        do throws(GatewayError) {
            client = try wiring.client(
                credentials,
                account: configuration.account,
                clock: clock
            )
        } catch {
            throw SessionError(error)
        }
        let time = await check.answer(RESTRequest(.serverTime), client)
        if let reply = KeyCheck.decoded(time)?.reply, reply.isSuccess {
            var offset = ClockOffset()
            offset.measure(sent: reply.sent, received: reply.received, server: reply.serverTime)
            if let best = offset.best { client.setClockOffset(best.offset) }
        }
        // Where nothing answers, the question would only take its time to fail as well.
        if time.outcome == .answered {
            let exchange = await check.answer(question, client)
            check.outcome = judge(exchange, configuration, wiring.destination)
        } else {
            check.outcome = .unknown(time.reason)
        }
        if case .refused(let error) = check.outcome { throw error }
        return check
    }

    private mutating func answer(_ request: RESTRequest, _ client: RESTClient) async -> RESTExchange
    {
        var attempt = 1
        while true {
            let exchange = await client.exchange(
                RESTCall(request, attempt: attempt, timeout: 3_000_000_000)
            )
            exchanges.append(exchange)
            guard exchange.mayBeAskedAgain, attempt < RESTCall.attemptsMax else { return exchange }
            try? await Task.sleep(for: .nanoseconds(RESTCall.pause(after: attempt)))
            attempt += 1
        }
    }

    static func decoded(_ exchange: RESTExchange) -> Event? {
        var event = Event()
        exchange.payload.withUnsafeBytes {
            MessageDecoder().decode(exchange.stream, $0, into: &event)
        }
        return event.kind == .reply ? event : nil
    }

    /// What an answer means for the session.
    static func judge(
        _ exchange: RESTExchange,
        _ configuration: SessionConfiguration,
        _ destination: Destination
    ) -> Outcome {
        guard exchange.outcome == .answered, let event = decoded(exchange) else {
            return .unknown(exchange.reason)
        }
        let reply = event.reply
        guard reply.isSuccess else {
            let words = "HTTP \(reply.httpStatus), \(reply.code) \(reply.message)"
            let isAbsent = reply.httpStatus == 404 || reply.code == 10_017
            let isPlay = destination.isLoopback || destination.environment == .demo
            return isAbsent && isPlay ? .notOffered(words) : .unknown(words)
        }
        guard case .key(let key) = event.details.first, key.namesRights else {
            return .unknown("the answer does not say what the key may do")
        }
        return judge(key, configuration)
    }

    static func judge(_ key: KeyDescription, _ configuration: SessionConfiguration) -> Outcome {
        let rights = key.movesFunds
        guard !rights.isEmpty else { return .permitted(key) }
        return .refused(
            .credentials(
                place: configuration.keyName,
                what: "the key may move money: it has " + rights.joined(separator: ", "),
                todo:
                    "Make a key without withdrawal and transfer rights (for `record` a read-only one) and name that",
                status: 77
            )
        )
    }
}

extension SessionConfiguration {
    /// How errors call the key.
    var keyName: String {
        switch key {
        case .named(let name, _): "credentials \(name)"
        case .builtIn, nil: "credentials \(account)"
        }
    }
}

/// Requests and what becomes of them.
extension BybitClient {
    /// Asks any question of the protocol, and decodes its answer.
    ///
    /// One that got no answer, or was refused for the moment, is asked again, four times in all.
    ///
    /// - Throws: ``ClientError`` unless the exchange answered with success.
    @concurrent
    public func ask(_ request: RESTRequest) async throws(ClientError) -> Event {
        guard request.method == "GET" else { throw .unfit("\(request.path) is no question") }
        try await prepare(request)
        var attempt = 1
        while true {
            let exchange = await lifetime.rest.exchange(
                RESTCall(request, attempt: attempt, timeout: configuration.timeout)
            )
            guard exchange.mayBeAskedAgain, attempt < RESTCall.attemptsMax, !Task.isCancelled else {
                return try BybitClient.answer(exchange)
            }
            do {
                try await Task.sleep(for: .nanoseconds(RESTCall.pause(after: attempt)))
            } catch {
                // Cancelled: nobody waits for another answer.
                return try BybitClient.answer(exchange)
            }
            attempt += 1
        }
    }

    /// Sends a request that changes something: once, whatever becomes of it.
    @concurrent
    func send(_ request: RESTRequest, orderingKey: String) async throws(ClientError) -> Event {
        guard lifetime.rest.settings.takesOrders else {
            throw .ordersRefused(destination: configuration.destination.description)
        }
        try await prepare(request)
        let call = RESTCall(request, orderingKey: orderingKey, timeout: configuration.timeout)
        if let excess = lifetime.rest.settings.limiter?.excess(of: call) {
            throw .batchTooLarge(path: request.path, orders: excess.orders, most: excess.most)
        }
        return BybitClient.event(await lifetime.rest.exchange(call))
    }

    /// A signed request needs a key, and is dated by the exchange's clock.
    private func prepare(_ request: RESTRequest) async throws(ClientError) {
        guard request.isSigned else { return }
        guard configuration.credentials != nil else { throw .noCredentials(what: request.path) }
        await lifetime.awaitClock()
    }

    /// Unix milliseconds of the exchange's clock; of this machine's where it could not be asked for.
    func exchangeMilliseconds() async -> Int64 {
        await lifetime.awaitClock()
        return await lifetime.hop.get { $0.exchangeMilliseconds }
    }

    private static func event(_ exchange: RESTExchange) -> Event {
        var event = Event()
        let decoder = MessageDecoder(instrumentFacts: true)
        exchange.payload.withUnsafeBytes { decoder.decode(exchange.stream, $0, into: &event) }
        return event
    }

    private static func answer(_ exchange: RESTExchange) throws(ClientError) -> Event {
        let event = event(exchange)
        let path = exchange.call.request.path
        switch exchange.outcome {
        case .notSent: throw .notSent(path: path, reason: exchange.reason)
        case .timedOut, .failed:
            throw .noAnswer(path: path, reason: "\(exchange.outcome.rawValue): \(exchange.reason)")
        case .answered: break
        }
        let reply = event.reply
        if reply.isSuccess, event.kind == .reply { return event }
        guard reply.code == -1, reply.message.isEmpty else {
            throw .refused(path: path, code: reply.code, message: reply.message)
        }
        guard exchange.status == 200 else { throw .http(path: path, status: exchange.status) }
        throw .unreadable(path: path, findings: event.findings)
    }

    static func words(_ reply: Reply) -> String {
        guard reply.outcome == .answered else {
            return reply.message.isEmpty
                ? reply.outcome.rawValue : "\(reply.outcome.rawValue): \(reply.message)"
        }
        return reply.code == -1 && reply.message.isEmpty
            ? "HTTP \(reply.httpStatus)" : "\(reply.code) \(reply.message)"
    }
}

extension InstrumentID {
    /// `BTCUSDT` of a category.
    ///
    /// - Throws: ``ClientError/unfit(_:)`` for what is no symbol.
    public init(_ category: Category, named name: String) throws(ClientError) {
        guard let symbol = Symbol(name) else { throw .unfit("\(name) is no symbol") }
        self.init(category, symbol)
    }
}

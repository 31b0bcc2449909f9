import NIOCore

/// Which topic goes on which socket, within the limits of one connection.
extension ClientLoop {
    /// Has the sockets of these categories subscribe what is read, and nothing else; `nil` is the private socket.
    func assign(_ categories: Set<Category?>) {
        guard !isClosed else { return }
        for category in Category.allCases where categories.contains(category) {
            assignPublic(category)
        }
        if categories.contains(nil) { assignPrivate() }
    }

    private func assignPublic(_ category: Category) {
        let name = SocketName.publicData(category)
        var home =
            homes[category] ?? PublicSockets(plan: SocketPlan(limits: SubscriptionLimits(name)))
        let outcome = home.plan.assign(order.filter { $0.category == category }.map(\.name))
        for group in outcome.changed {
            while home.numbers.count <= group {
                guard let number = add(SocketSlot(name, slot: home.numbers.count + 1), nil) else {
                    return
                }
                home.numbers.append(number)
            }
        }
        homes[category] = home
        for group in outcome.changed {
            place(home.plan.sockets[group], category, on: home.numbers[group])
        }
        for topic in outcome.refused {
            fail(TopicKey(category: category, name: topic), .noRoom(topic: topic))
        }
    }

    private func assignPrivate() {
        let topics = order.filter { $0.category == nil }.map(\.name)
        if privateNumber == nil, !topics.isEmpty {
            privateNumber = add(
                SocketSlot(ClientLoop.privateSocket),
                configuration.credentials
            )
        }
        guard let number = privateNumber else { return }
        place(topics, nil, on: number)
    }

    private func place(_ topics: [String], _ category: Category?, on number: Int) {
        for topic in topics {
            guard let feed = feeds[TopicKey(category: category, name: topic)] else { continue }
            feed.socket = number
            feedsByHash[number][feed.hash] = feed
        }
        sockets[number].want(topics)
        guard !topics.isEmpty else { return stopIfIdle(number) }
        guard sockets[number].state.phase == .idle else { return }
        guard category == nil else { return sockets[number].start() }
        // Its authentication is dated by the exchange's clock.
        withClock { [weak self] in
            guard let self, !isClosed, !sockets[number].state.wanted.isEmpty else { return }
            sockets[number].start()
        }
    }

    /// A socket more; its place among ``sockets``.
    ///
    /// Where the key may go was checked when the client was made: it does not fail for that.
    private func add(_ slot: SocketSlot, _ credentials: Credentials?) -> Int? {
        do throws(GatewayError) {
            var settings = try Socket.Settings(
                slot: slot,
                number: sockets.count,
                destination: configuration.destination,
                tls: tls,
                credentials: credentials
            )
            settings.proxy = configuration.proxy
            settings.proxyCredentials = configuration.proxyCredentials
            settings.limiter = rest.settings.limiter
            let socket = Socket(settings: settings, loop: loop, clock: clock) {
                [weak self] message in
                self?.happened(message)
            }
            socket.clockOffset = clockOffset.best?.offset ?? 0
            sockets.append(socket)
            failures.append("")
            feedsByHash.append([:])
            return sockets.count - 1
        } catch {
            for key in order where key.category == nil { fail(key, .gateway(error)) }
            return nil
        }
    }

    // MARK: - The exchange's clock

    /// Unix milliseconds of the exchange's clock; of this machine's where that is not known.
    var exchangeMilliseconds: Int64 {
        clock.now().advanced(nanoseconds: clockOffset.best?.offset ?? 0).milliseconds
    }

    /// Runs `body` when the exchange's clock is known, or could not be asked for; at once where it is.
    func withClock(_ body: @escaping () -> Void) {
        guard clockOffset.best == nil, !isClosed else { return body() }
        clockWaiters.append(body)
        measure()
    }

    /// Asks for the clock, as often as a question is asked; then once a minute.
    private func measure(attempt: Int = 1) {
        guard attempt > 1 || !isMeasuring else { return }
        isMeasuring = true
        let call = RESTCall(
            RESTRequest(.serverTime),
            attempt: attempt,
            timeout: configuration.timeout
        )
        rest.send(call, on: loop) { [weak self] exchange in
            guard let self, !isClosed else { return }
            if exchange.mayBeAskedAgain, attempt < RESTCall.attemptsMax {
                after(RESTCall.pause(after: attempt)) { $0.measure(attempt: attempt + 1) }
                return
            }
            isMeasuring = false
            take(exchange)
            let waiters = clockWaiters
            clockWaiters.removeAll()
            for waiter in waiters { waiter() }
            if clockOffset.best != nil { after(60_000_000_000) { $0.measure() } }
        }
    }

    private func take(_ exchange: RESTExchange) {
        var event = Event()
        exchange.payload.withUnsafeBytes { decoder.decode(exchange.stream, $0, into: &event) }
        guard event.reply.isSuccess else { return }
        let reply = event.reply
        clockOffset.measure(sent: reply.sent, received: reply.received, server: reply.serverTime)
        guard let offset = clockOffset.best?.offset else { return }
        rest.setClockOffset(offset)
        for socket in sockets { socket.clockOffset = offset }
    }

    private func after(_ nanoseconds: Int64, _ body: @escaping (ClientLoop) -> Void) {
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds)) { [weak self] in
            guard let self, !isClosed else { return }
            body(self)
        }
    }
}

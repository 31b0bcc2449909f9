import Market

extension Engine {
    /// State first, then the strategies.
    mutating func dispatch(_ event: inout Event, _ header: RecordHeader) {
        switch event.kind {
        case .book:
            if desk.bookPush(&event, header) {
                let id = InstrumentID(event.category, event.symbol)
                tell { $0.bookChanged(id, &$1) }
            }
        case .publicTrades:
            desk.tradesPush(&event, header)
            if !desk.risk.unpriced.isEmpty { desk.priceUnpriced() }
            let symbol = event.symbol.isNone ? event.trades.first?.symbol : event.symbol
            if let symbol, !seats.isEmpty {
                let id = InstrumentID(event.category, symbol)
                tell { $0.tradesSeen(event.trades, of: id, &$1) }
            }
        case .ticker:
            if desk.tickerPush(&event, header) {
                if !desk.risk.unpriced.isEmpty { desk.priceUnpriced() }
                let id = InstrumentID(event.category, event.symbol)
                tell { $0.tickerChanged(id, &$1) }
            }
        case .candles:
            if !event.symbol.isNone {
                let id = InstrumentID(event.category, event.symbol)
                tell { $0.candlesSeen(event.candles, of: id, &$1) }
            }
        case .orders, .executions, .positions, .wallets: accountPush(&event)
        case .reply:
            var changed: InstrumentID?
            watchHalt { changed = $0.reply(event, header) }
            if let changed { tell { $0.bookChanged(changed, &$1) } }
        case .link:
            var spoiled: [InstrumentID] = []
            watchHalt { spoiled = $0.link(event.link) }
            for id in spoiled { tell { $0.bookChanged(id, &$1) } }
            tell { $0.linkChanged(event.link, &$1) }
        case .timer:
            if desk.timers.fire(event.timer) { tellTimer(event.timer) }
        case .tick: watchHalt { $0.tick() }
        case .sessionStart: start()
        case .operatorRequest: operate(event.operatorRequest)
        case .unknown: desk.unknownRecord(header)
        case .acknowledgement:
            if !event.acknowledgement.isSuccess {
                desk.find(
                    .refused,
                    header.stream.text,
                    seen: event.acknowledgement.message,
                    note: event.acknowledgement.operation
                )
            }
            desk.refusedItems(
                event.details,
                event.acknowledgement.operation,
                header.stream.text
            )
        // Fills count when they come with their fee, on `execution`.
        case .fastExecutions, .strategyOrders: break
        case .spreadOrders, .spreadExecutions: accountPush(&event)
        // Whether anything of it is missing, and no more: no strategy hears of it.
        case .improvementBook: desk.improvementPush(&event, header)
        // Recorded; no state is made of them.
        case .liquidations, .priceLimits, .insurance, .deleveragingAlerts,
            .systemStatus, .greeks, .disconnectProtection:
            break
        case .malformed: malformed(header)
        case .none, .pong, .clock, .sessionEnd: break
        }
    }

    private mutating func accountPush(_ event: inout Event) {
        for row in event.orders { desk.orderRow(row) }
        desk.executionRows(event.executions)
        for row in event.positions { desk.ledger.told(row) }
        for row in event.wallets { desk.ledger.told(row, at: event.exchangeMilliseconds) }
        if !event.details.isEmpty {
            desk.combinationOrders(event.details)
            desk.combinationExecutions(event.details)
        }
        // What could not be read of it may be the row that matters.
        if !event.findings.isEmpty { watchHalt { $0.unreadablePrivate() } }
    }

    private mutating func malformed(_ header: RecordHeader) {
        switch header.stream.kind {
        case .privateTopic, .privateOther: watchHalt { $0.unreadablePrivate() }
        default:
            if let id = desk.unreadablePush(header) { tell { $0.bookChanged(id, &$1) } }
        }
    }

    /// Calls every strategy, in the order of the configuration.
    private mutating func tell(_ call: (inout any Strategy, inout Desk) -> Void) {
        guard !desk.links.isStopping else { return }
        for place in seats.indices {
            desk.strategy = seats[place].name
            call(&seats[place].logic, &desk)
        }
        desk.strategy = Desk.own
    }

    /// Orders that changed and fills, each to the strategy whose they are.
    mutating func tellNews() {
        let news = desk.news
        desk.news.removeAll(keepingCapacity: true)
        guard !desk.links.isStopping else { return }
        for item in news {
            switch item {
            case .order(let serial):
                guard let place = desk.orderStore.place(ofSerial: serial),
                    let seat = seat(desk.orderStore[place].strategy)
                else { continue }
                let order = desk.orderStore[place]
                desk.strategy = seats[seat].name
                seats[seat].logic.orderChanged(order, &desk)
            case .fill(let fill, let strategy):
                guard let seat = seat(strategy) else { continue }
                desk.strategy = strategy
                seats[seat].logic.filled(fill, &desk)
            }
        }
        desk.strategy = Desk.own
    }

    private func seat(_ name: String) -> Int? { seats.firstIndex { $0.name == name } }

    private mutating func tellTimer(_ timer: TimerEvent) {
        guard !desk.links.isStopping, let seat = seat(timer.strategy) else { return }
        desk.strategy = timer.strategy
        seats[seat].logic.timerFired(timer.name, &desk)
        desk.strategy = Desk.own
    }

    private mutating func watchHalt(_ body: (inout Desk) -> Void) {
        let before = desk.haltReason
        body(&desk)
        if desk.haltReason != before { tell { $0.haltChanged(&$1) } }
    }

    private mutating func start() {
        desk.beginRun()
        isStarted = true
        tell { $0.started(&$1) }
    }

    private mutating func operate(_ request: OperatorRequest) {
        if request.verb == "stop" {
            guard !desk.links.isStopping else { return }
            tell { $0.stopping(&$1) }
            desk.stop()
        } else {
            watchHalt { $0.operatorRequest(request) }
            // A checkpoint is made of it.
            if configuration.categories != desk.categories {
                configuration.categories = desk.categories
            }
        }
    }
}

extension Desk {
    /// A new record: its time is now, and nothing has been said yet.
    mutating func begin(_ header: RecordHeader) {
        time = header.time
        cause = header.sequence
        ordinal = 0
        strategy = Desk.own
        if !bookings.isEmpty { bookings.removeAll(keepingCapacity: true) }
        if !flowBookings.isEmpty { flowBookings.removeAll(keepingCapacity: true) }
        beginDay()
        askDeferred()
    }

    /// Most fields of one record that are told one by one.
    private static let findingsTold = 16

    mutating func decodeFindings(_ findings: [DecodeFinding], _ header: RecordHeader) {
        for finding in findings.prefix(Desk.findingsTold) {
            find(
                .decode,
                finding.field.isEmpty
                    ? header.stream.text : header.stream.text + " " + finding.field,
                note: finding.description
            )
        }
        if findings.count > Desk.findingsTold {
            find(
                .decode,
                header.stream.text,
                note: "\(findings.count - Desk.findingsTold) more fields could not be read"
            )
        }
    }

    /// The first record of an unknown kind on a stream is told, the others are counted.
    mutating func unknownRecord(_ header: RecordHeader) {
        let place = links.unknown.index(of: header.stream.text, orInsert: 0)
        links.unknown.values[place] += 1
        if links.unknown.values[place] == 1 {
            find(
                .unknown,
                header.stream.text,
                note: "a record that this version does not know; more of them are only counted"
            )
        }
    }
}

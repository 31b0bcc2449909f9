import Bybit
import JSON
import Journal
import Market
import Simulation
import Trading

extension SimulatedRun {
    /// A record comes to the client.
    func arrive(_ item: MarketItem) throws(SimulatedError) {
        if item.role == .output { return }
        record = item.number
        if item.role == .start {
            try begin(item)
            return
        }
        guard isVerbatim else {
            guard item.role != .account, !item.isWithheld else { return }
            noteLink(&item.event)
            feed(&item.event, item.stream)
            return
        }
        noteLink(&item.event)
        forgetQuestion(item)
        // One that was delayed comes behind others that have larger numbers.
        sequence = max(sequence, item.number.value)
        outputs.removeAll()
        if !item.isWithheld {
            engine?.apply(
                &item.event,
                at: RecordHeader(sequence: item.number, time: item.time, stream: item.stream),
                outputs: &outputs
            )
        }
        compare(item)
    }

    private func noteLink(_ event: inout Event) {
        guard event.kind == .link, event.link.socket.hasPrefix("private/") else { return }
        switch event.link.change {
        case .ready: isPrivateReady = true
        case .disconnected: isPrivateReady = false
        // Of a socket that stands, a refused topic; of another one there is nothing to lose.
        case .connected, .failed, .shed, .rules, .absent: break
        }
    }

    /// A run of the session begins: its engine is made, with what is to be another one.
    private func begin(_ item: MarketItem) throws(SimulatedError) {
        var start: SessionStart
        do throws(JSONError) {
            start = try item.payload.withUnsafeBufferPointer { bytes throws(JSONError) in
                try SessionStart(payload: UnsafeRawBufferPointer(bytes), parser: parser)
            }
        } catch {
            throw .replay(.start(item.number, error))
        }
        if start.format > SessionStart.formatVersion {
            throw .replay(.newer(item.number, format: start.format))
        }
        if let strategies = plan.strategies { start.strategies = strategies }
        if let limits = plan.limits { start.limits = limits }
        for change in plan.limitOverrides {
            start.limits.removeAll { $0.name == change.name }
            start.limits.append(change)
        }
        let program = "tapedeck \(start.program) (\(start.build))"
        for change in plan.overrides {
            let place = start.strategies.firstIndex { $0.name == change.strategy }
            guard let place else {
                throw .replay(
                    .engine(item.number, .strategyName(change.strategy), program: program)
                )
            }
            start.strategies[place].parameters.removeAll { $0.name == change.parameter }
            start.strategies[place].parameters.append(Setting(change.parameter, change.value))
        }
        if !start.account.isEmpty { answers = SimulatedAnswers(account: start.account) }
        if start.continues == nil {
            do throws(EngineError) {
                engine = try Engine(configuration: start.engineConfiguration, registry: registry)
            } catch {
                throw .replay(.engine(item.number, error, program: program))
            }
            agenda.removeTimers()
            isPrivateReady = false
        }
        guard isVerbatim else {
            feed(&item.event, item.stream)
            if !survey.hasPrivate { connect(start.account) }
            return
        }
        sequence = item.number.value
        outputs.removeAll()
        engine?.apply(
            &item.event,
            at: RecordHeader(sequence: item.number, time: item.time, stream: item.stream),
            outputs: &outputs
        )
        compare(item)
    }

    /// The recording had no private socket: the simulated exchange has one.
    private func connect(_ account: String) {
        let name = "private/" + (account.isEmpty ? "main" : account)
        for change in [LinkEvent.Change.connected, .ready] {
            var event = Event()
            event.kind = .link
            event.link.change = change
            event.link.socket = name
            noteLink(&event)
            feed(&event, StreamName("link/" + name))
        }
    }

    // MARK: - Verbatim

    /// Holds what the engine said against what it had said then; the first difference ends the verbatim part.
    private func compare(_ item: MarketItem) {
        let recorded = reader.outputs(after: item)
        var place = 0
        var reason: String?
        for (index, output) in outputs.elements.enumerated() {
            guard case .command(let command) = output else { continue }
            if case .place(let request) = command.action,
                plan.without.contains(request.orderLinkID)
            {
                reason = "order \(request.orderLinkID) is left out"
            }
            let isEqual =
                place < recorded.count
                && outputs.withPayload(index) { $0.elementsEqual(recorded[place]) }
            if !isEqual, reason == nil {
                reason = "another command than was recorded"
            }
            place += 1
        }
        if reason == nil, place < recorded.count { reason = "a recorded command is not given" }
        guard let reason else { return carryOutRecorded() }
        beginSimulated(at: item, reason)
    }

    /// As it was: commands are not carried out again, and counted.
    private func carryOutRecorded() {
        for output in outputs.elements {
            switch output {
            case .command(let command):
                switch command.action {
                case .place(let request):
                    note(request, command.strategy, isSimulated: false)
                case .amend: result.amends += 1
                case .cancel: result.cancels += 1
                case .lookUp(let question): open.append(question)
                case .resubscribe, .setTimer: break
                }
            case .verdict(let verdict): note(verdict)
            case .finding: result.findings += 1
            case .state: break
            }
        }
    }

    /// An answer of the account ends a question of its kind.
    private func forgetQuestion(_ item: MarketItem) {
        for row in item.event.executions where row.type.isFill { note(row) }
        guard item.event.kind == .reply, !open.isEmpty else { return }
        let endpoint = item.event.reply.endpoint
        let place = open.firstIndex { question in
            switch question {
            case .openOrders, .order, .orderByID: endpoint == .openOrders
            case .orderHistory, .orderHistoryByID, .ordersSince: endpoint == .orderHistory
            case .executions: endpoint == .executions
            case .positions: endpoint == .positions
            case .wallet: endpoint == .wallet
            case .transactionLog: endpoint == .transactionLog
            case .serverTime, .instruments, .recentTrades, .fullBook, .page: false
            }
        }
        if let place { open.remove(at: place) }
    }

    /// From here on the recorded answers are those of another history: the exchange is given what the engine knows, and
    /// answers from now on.
    private func beginSimulated(at item: MarketItem, _ why: String) {
        isVerbatim = false
        reader.keepsAccount = false
        result.simulatedFrom = item.number
        result.reason = why
        venue.advance(to: now)
        guard let before = engine else { return }
        endow(before)
        for timer in before.timers {
            // Those of this turn are carried out below.
            var event = TimerEvent()
            event.strategy = timer.strategy
            event.name = timer.name
            event.due = timer.due
            agenda.add(.timer(event), at: max(now, timer.due.nanoseconds))
        }
        let entry = now + latency.at(now).entry
        for question in open {
            agenda.add(
                .arrival(
                    .lookUp(question),
                    sent: Timestamp(nanoseconds: now),
                    after: SequenceNumber(sequence)
                ),
                at: entry
            )
        }
        open = []
        result.notes.append(
            "orders that rested when the simulation began are taken to be last at their price"
        )
        let said = outputs
        restore(before, except: said)
        outputs = said
        carryOutNew()
        reader.withholdMatchedBooks()
        for id in survey.depths.keys where venue.simulates(id) {
            guard let update = venue.snapshot(id) else { continue }
            var event = Event()
            event.kind = .book
            event.category = id.category
            event.symbol = id.symbol
            event.book = update
            let topic = "orderbook.\(update.depth).\(id.symbol)"
            feed(&event, StreamName("public/\(id.category.name)/\(topic)"))
        }
    }

    /// The commands of the turn that differs; its timers wait already.
    private func carryOutNew() {
        var kept = Outputs()
        for output in outputs.elements {
            if case .command(let command) = output, case .setTimer = command.action { continue }
            kept.append(output)
        }
        outputs = kept
        carryOut()
    }

    /// Balances and positions by the ledger.
    private func endow(_ engine: Engine) {
        let ledger = engine.ledger
        guard ledger.opened != nil else {
            for deposit in SimulatedRun.deposits(plan, survey) {
                venue.deposit(deposit.amount, of: deposit.coin)
            }
            return
        }
        for (coin, wallet) in zip(ledger.wallets.keys, ledger.wallets.values) {
            guard let balance = wallet.balance, !balance.isZero else { continue }
            venue.deposit(balance, of: coin)
        }
        for (id, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            guard let instrument = survey.instruments[id],
                let size = account.net.size(in: instrument.scale), size.units != 0
            else { continue }
            let value = account.net.entryValue
            venue.open(size, entryValue: value < .zero ? value.negated : value, of: id)
        }
    }

    /// Orders by the engine: those that rest are put in, those on their way set off again.
    private func restore(_ engine: Engine, except said: Outputs) {
        var new: Set<String> = []
        var busy: Set<String> = []
        for output in said.elements {
            guard case .command(let command) = output else { continue }
            if case .place(let request) = command.action {
                new.insert(request.orderLinkID)
            } else {
                busy.insert(command.action.orderLinkID)
            }
        }
        for order in engine.orders where !order.isClosed && !new.contains(order.orderLinkID) {
            guard venue.simulates(order.instrument), let request = remaining(order) else {
                continue
            }
            let sent = Timestamp(nanoseconds: now)
            let after = SequenceNumber(sequence)
            let entry = now + latency.at(now).entry
            if order.phase == .asked {
                agenda.add(.arrival(.place(request), sent: sent, after: after), at: entry)
                continue
            }
            _ = venue.place(request)
            guard !busy.contains(order.orderLinkID) else { continue }
            if order.isCancelPending {
                let cancel = CancelRequest(
                    instrument: order.instrument,
                    orderLinkID: order.orderLinkID
                )
                agenda.add(.arrival(.cancel(cancel), sent: sent, after: after), at: entry)
            } else if let amend = order.pendingAmend {
                let change = AmendRequest(
                    instrument: order.instrument,
                    orderLinkID: order.orderLinkID,
                    quantity: amend.quantity,
                    price: amend.price
                )
                agenda.add(.arrival(.amend(change), sent: sent, after: after), at: entry)
            }
        }
    }

    private func remaining(_ order: Order) -> OrderRequest? {
        guard let instrument = survey.instruments[order.instrument] else { return nil }
        let rest = order.remaining
        let step = PowerOfTen.int128(Amount.decimals - instrument.scale.quantityDecimals)
        guard rest > .zero, let units = Int64(exactly: rest.units / step), units > 0 else {
            return nil
        }
        let left = instrument.scale.numeral(Quantity(units: units))
        let filled = SimulatedRun.difference(order.quantity, left)
        if !filled.isZero { carried[order.orderLinkID] = filled }
        return OrderRequest(
            instrument: order.instrument,
            orderLinkID: order.orderLinkID,
            side: order.side,
            type: order.type,
            // It rests: what it would do on arrival is over, but one that may not take must not take now.
            timeInForce: order.phase == .asked || order.timeInForce == .postOnly
                ? order.timeInForce : .goodTillCancelled,
            quantity: left,
            price: order.price,
            reduceOnly: order.reduceOnly
        )
    }
}

import Market

extension Desk {
    /// How far before the last execution the exchange is asked again: 60 s.
    static let overlap: Int64 = 60_000
    /// A failed question is asked again after 1 s.
    private static let pause: Int64 = 1_000_000_000

    /// A private socket is complete from here on: what was missed before is asked for.
    mutating func beginReconciliation() {
        var waiting: [Reconciliation.Part] = []
        for category in categories {
            for endpoint in [Desk.openOrders(category), Desk.executions(category)] {
                waiting.append(Reconciliation.Part(endpoint: endpoint, category: category))
            }
            // Of combinations the legs are held, as positions of their own.
            if category != .spot, category != .spread {
                waiting.append(Reconciliation.Part(endpoint: .positions, category: category))
            }
        }
        waiting.append(Reconciliation.Part(endpoint: .wallet, category: nil))
        links.isReconciled = false
        links.damage?.covered()
        // Executions that wait for one that is under way wait for this one.
        let executions = links.reconciliation?.executions ?? []
        let since = newestExecution
        links.lookBack = nil
        links.reconciliation = Reconciliation(
            began: cause,
            beganAt: time,
            since: since,
            waiting: waiting,
            executions: executions
        )
        for part in waiting { asDesk { desk in desk.command(.lookUp(desk.lookUp(part))) } }
    }

    private func lookUp(_ part: Reconciliation.Part) -> LookUp {
        let category = part.category ?? .linear
        return switch part.endpoint {
        case .openOrders, .spreadOpenOrders: .openOrders(category)
        case .executions, .spreadExecutions:
            .executions(category, sinceMilliseconds: executionsSince)
        case .positions: .positions(category)
        default: .wallet
        }
    }

    var executionsSince: Int64 { max(0, newestExecution - Desk.overlap) }

    /// The newest execution before which nothing is known to be missing, Unix milliseconds.
    ///
    /// While something may have been missed, not what came behind it: after an outage the first push can be here before
    /// the lists are asked for.
    private var newestExecution: Int64 {
        let counted = ledger.window.newest > 0 ? ledger.window.newest : links.began.milliseconds
        return min(links.lookBack ?? counted, links.reconciliation?.since ?? counted)
    }

    /// From here on something may have been missed.
    mutating func keepLookBack() { links.lookBack = newestExecution }

    /// A page that is the last of its window has come: true when all windows of its part have.
    mutating func isWhole(_ part: Reconciliation.Part, with reply: Reply) -> Bool {
        guard let began = links.reconciliation?.beganAt.milliseconds,
            let start = Int64(Desk.parameter("startTime", of: reply.query))
        else { return true }
        // Without an end it reaches to now; one that was asked for something else may begin later than what is missing.
        let end = Int64(Desk.parameter("endTime", of: reply.query)) ?? .max
        let new = Reconciliation.Window(part: part, start: start, end: end)
        var windows = links.reconciliation?.windows ?? []
        if !windows.contains(new) { windows.append(new) }
        links.reconciliation?.windows = windows
        var covered = executionsSince
        while covered < began,
            let next = windows.first(where: {
                $0.part == part && $0.start <= covered && $0.end > covered
            })
        { covered = next.end }
        return covered >= began
    }

    func isAwaited(_ endpoint: Endpoint, _ category: Category?) -> Bool {
        links.reconciliation?.waiting
            .contains(Reconciliation.Part(endpoint: endpoint, category: category)) ?? false
    }

    mutating func askAgain(_ part: Reconciliation.Part) {
        guard isAwaited(part.endpoint, part.category) else { return }
        ask(lookUp(part), at: time.advanced(nanoseconds: Desk.pause))
    }

    mutating func partEnded(_ part: Reconciliation.Part) {
        guard let index = links.reconciliation?.waiting.firstIndex(of: part) else { return }
        links.reconciliation?.waiting.remove(at: index)
        guard let done = links.reconciliation, done.waiting.isEmpty else { return }
        links.reconciliation = nil
        complete(done)
    }

    /// All replies are in: the ledger is opened the first time, then everything is merged in the order of time.
    private mutating func complete(_ done: Reconciliation) {
        let isFirst = !links.isOpened
        if isFirst { open(done) }
        let before = ledger.window.counted
        for row in ExecutionOrder.sorted(done.executions) { execution(row) }
        let counted = ledger.window.counted - before
        for row in done.positions { ledger.told(row) }
        for row in done.wallets { ledger.told(row, at: done.walletMilliseconds) }
        var unlisted = 0
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial) else { continue }
            let order = orderStore[place]
            // Of one whose request is on its way the answer will tell; of a run before this one nothing will.
            let isOnItsWay = order.phase == .asked && order.since >= links.began
            guard !order.isClosed, order.phase != .unknown, !isOnItsWay, order.cause < done.began,
                !done.listed.contains(order.orderLinkID), !done.listed.contains(order.orderID)
            else { continue }
            guard order.heard < done.began else {
                // The exchange has said that it has it, since or while the list was on its way.
                askForRow(order)
                continue
            }
            unlisted += 1
            beginUnknown(place, why: "not among the open orders after a reconnect")
        }
        links.isOpened = true
        links.isReconciled = true
        find(
            .reconciled,
            "private",
            seen: "\(done.orders) open orders, \(counted) executions new of"
                + " \(done.executions.count), \(done.positions.count) positions,"
                + " \(done.wallets.count) coins, \(unlisted) orders not listed",
            note: isFirst ? "the ledger is open" : "what was missed is merged"
        )
        askForModes()
    }

    /// Lists name what is held alone: whether a contract of two sides is one of one position again, asking for it by its
    /// symbol tells.
    private mutating func askForModes() {
        var last: InstrumentID?
        for id in ledger.pendingPositions.keys where id.index > 0 && id.instrument != last {
            last = id.instrument
            let query = "category=\(id.instrument.category.name)&symbol=\(id.instrument.symbol)"
            asDesk { $0.command(.lookUp(.page(.positions, query: query, cursor: ""))) }
        }
    }

    /// The session begins with what is there: positions at the exchange's entry price, balances as told.
    private mutating func open(_ done: Reconciliation) {
        for row in done.positions {
            let known = markets.instruments[row.instrument].map { ContractTerms($0) }
            guard let terms = known ?? ContractTerms(name: row.instrument) else {
                find(
                    .unknown,
                    "\(row.instrument) opening position",
                    note: "not counted: its coins are not known; ask for its category's instruments"
                )
                continue
            }
            do throws(NumberError) {
                try ledger.open(row, terms: terms)
                countFromOpening(
                    PositionID(instrument: row.instrument, index: row.positionIndex),
                    at: row.markPrice
                )
            } catch {
                number("\(row.instrument) opening position", error)
            }
        }
        // Fills of before are in the opening even where no position is left to say so. Their times are the
        // exchange's, and so are these: the two clocks need not agree.
        for place in done.positionMilliseconds.keys.indices {
            ledger.openedPositions[done.positionMilliseconds.keys[place]] = Timestamp(
                milliseconds: done.positionMilliseconds.values[place]
            )
        }
        var opened = done.beganAt
        if done.walletMilliseconds > 0, let told = Timestamp(milliseconds: done.walletMilliseconds)
        {
            opened = told
        }
        do throws(NumberError) {
            try ledger.openWallets(done.wallets, at: opened)
        } catch {
            number("opening balance", error)
        }
    }

    // MARK: Sockets, operator, time

    /// A socket's life; returns the instruments whose book was whole and is not any more.
    mutating func link(_ event: LinkEvent) -> [InstrumentID] {
        let category = Desk.category(ofSocket: event.socket)
        switch event.change {
        case .connected:
            links.set(event.socket, event.isCarried ? .carried : .connected)
            return []
        case .ready:
            links.set(event.socket, .ready)
            if event.socket.hasPrefix("private/") { beginReconciliation() }
            if let category { awaitSnapshots(category) }
            return []
        // A topic that was refused; what ends a connection is told as `disconnected`.
        case .failed where links.isAlive(event.socket): return []
        case .disconnected, .failed:
            links.set(event.socket, .down)
            if event.socket.hasPrefix("private/"), !links.isPrivateReady {
                keepLookBack()
                links.isReconciled = false
                links.reconciliation = nil
            }
            let slot = Desk.slot(ofSocket: event.socket)
            return category.map { spoil($0, slot: slot, resubscribing: false) } ?? []
        case .shed:
            find(
                .gap,
                "link/" + event.socket,
                seen: "\(event.count) messages",
                note: "public data was not kept; books are stale until a snapshot"
            )
            var spoiled: [InstrumentID] = []
            if let category {
                let slot = Desk.slot(ofSocket: event.socket)
                // While the journal has no room a snapshot would be shed as well: asked for when it has.
                let hasRoom = links.journalHalt == nil
                asDesk { spoiled = $0.spoil(category, slot: slot, resubscribing: hasRoom) }
                if !hasRoom { awaitSnapshots(category) }
            }
            return spoiled
        case .rules: return rulesChanged(event.feeds)
        // The run's own start has made everything stale already.
        case .absent: return []
        }
    }

    /// `public/linear` is 1, `public/linear@2` is 2.
    private static func slot(ofSocket socket: String) -> Int { StreamName(socket).slot }

    private static func category(ofSocket socket: String) -> Category? {
        guard socket.hasPrefix("public/") else { return nil }
        let name = socket.dropFirst(7).prefix { $0 != "@" }
        return Category(name: name)
    }

    mutating func operatorRequest(_ request: OperatorRequest) {
        switch request.verb {
        case "halt":
            links.operatorHalt =
                request.reason.isEmpty ? "halted by operator" : "halted: " + request.reason
        case "resume": links.operatorHalt = nil
        case "journal-halt": links.journalHalt = "halted by the journal: " + request.reason
        case "journal-resume": links.journalHalt = nil
        case "mark":
            find(.strategy, "operator", note: request[OperatorRequest.text] ?? request.reason)
        case "reload": reloaded(request)
        case "audit": auditRequest()
        case "stop": break
        default:
            find(.unknown, "desk/operator", seen: request.verb, note: "not done: no such verb")
        }
    }

    /// The session file was read anew: categories come to those that are reconciled, and none goes.
    ///
    /// Orders and positions may be left in it. What is subscribed is told by records of its own.
    private mutating func reloaded(_ request: OperatorRequest) {
        for name in (request[OperatorRequest.categories] ?? "").split(separator: " ") {
            guard let category = Category(name: name) else {
                find(.unknown, "desk/operator", seen: String(name), note: "no such category")
                continue
            }
            guard !categories.contains(category) else { continue }
            categories.append(category)
            askAll(category, since: max(0, links.began.milliseconds - Desk.overlap))
        }
        categories.sort()
    }

    /// Orders, executions, positions, wallet and flows, as the exchange has them.
    private mutating func auditRequest() {
        let since = max(0, links.began.milliseconds - Desk.overlap)
        for category in categories { askAll(category, since: since) }
        asDesk { $0.command(.lookUp(.wallet)) }
    }

    private mutating func askAll(_ category: Category, since: Int64) {
        asDesk { desk in
            desk.command(.lookUp(.openOrders(category)))
            desk.command(.lookUp(.ordersSince(category, sinceMilliseconds: since)))
            desk.command(.lookUp(.executions(category, sinceMilliseconds: since)))
            guard category != .spread else { return }
            if category != .spot { desk.command(.lookUp(.positions(category))) }
            desk.command(.lookUp(.transactionLog(category, sinceMilliseconds: since)))
        }
    }

    /// The strategies have ended: what is open is cancelled, and what opens late will be.
    mutating func stop() {
        links.isStopping = true
        timers.removeAll()
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial) else { continue }
            cancelIfStopping(place)
        }
    }

    /// Once a second: snapshots that did not come, differences that stay.
    mutating func tick() {
        if links.isPrivateReady, links.damage?.isDue(at: time) == true { beginReconciliation() }
        asDesk { $0.askForSnapshots() }
        askForTrades()
        askForOverdue()
        for standing in ledger.audit(at: time) {
            find(
                .audit,
                "\(standing.subject) \(standing.difference.field)",
                expected: standing.difference.ours,
                seen: standing.difference.theirs,
                note: standing.isPending
                    ? "pending: the exchange's figure differs from ours, and a row of its transaction log"
                        + " may tell why"
                    : "the exchange's figure differs from ours and has stayed so"
            )
        }
    }

    /// A new run of the session: nothing is connected, and what was on its way is not known.
    mutating func beginRun() {
        let isFirst = links.began == .zero
        if !isFirst { keepLookBack() }
        links.began = time
        guard !isFirst else { return }
        links.forgetSockets()
        links.isReconciled = false
        links.reconciliation = nil
        // The run that begins writes to files of its own.
        links.journalHalt = nil
        timers.removeAll()
        // Pages and lists that were on their way do not come any more.
        markets.lists.removeAll()
        for place in markets.states.keys.indices {
            markets.states.values[place].isTradeListAsked = false
            for gap in markets.states.values[place].trades.gaps.indices {
                markets.states.values[place].trades.gaps[gap].questions = 0
            }
        }
        for category in Category.allCases { _ = spoil(category, slot: nil, resubscribing: false) }
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial) else { continue }
            orderStore.update(place) {
                $0.pendingAmend = nil
                $0.pendingCancel = nil
            }
        }
    }
}

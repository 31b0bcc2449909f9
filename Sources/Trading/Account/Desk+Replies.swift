import Market

extension Desk {
    /// A REST exchange ended: its rows are merged, and what it was about is settled or asked again.
    ///
    /// - Returns: the instrument whose book it changed.
    mutating func reply(_ event: Event, _ header: RecordHeader) -> InstrumentID? {
        let reply = event.reply
        guard !reply.isCarried, links.sockets[header.stream.text] != .carried else {
            carriedReply(event, header)
            return nil
        }
        switch reply.endpoint {
        case .createOrder: created(reply)
        case .amendOrder: amended(reply)
        case .cancelOrder: cancelled(reply)
        case .openOrders, .orderHistory:
            ordersReply(event.reply, event.orders, isWhole: event.findings.isEmpty)
        case .spreadOpenOrders, .spreadOrderHistory:
            ordersReply(
                event.reply,
                OrderUpdate.combinations(of: event.details),
                isWhole: event.findings.isEmpty
            )
        case .instruments: instrumentsReply(event)
        case .spreadInstruments: combinationsReply(event)
        case .executions, .positions, .wallet: accountReply(event, event.executions)
        case .spreadExecutions: accountReply(event, ExecutionReport.combinations(of: event.details))
        case .transactionLog: transactionsReply(event)
        case .recentTrades, .spreadRecentTrades: tradesReply(event)
        case .fullOrderBook: return fullBookReply(event, header)
        case .serverTime, .orderBook, .cancelAllOrders, .other:
            if !reply.isSuccess { refused(reply, header.stream.text) }
            refusedItems(event.details, "POST " + reply.endpoint.path, header.stream.text)
        }
        return nil
    }

    /// Flows that no execution tells of; in the order in which they were, the list comes newest first.
    private mutating func transactionsReply(_ event: Event) {
        let reply = event.reply
        let rows = event.transactions.enumerated().sorted {
            ($0.element.timeMilliseconds, -$0.offset) < ($1.element.timeMilliseconds, -$1.offset)
        }
        let judged = ledger.judge(rows.map(\.element))
        for row in judged.byTime { sayByTime(row) }
        for late in judged.booked { lateFlow(late.report, late.booking) }
        for row in judged.turned + rows.map(\.element) {
            if let late = ledger.bookOwed(row) { lateFlow(late.report, late.booking) }
            do throws(NumberError) {
                guard let counted = try ledger.count(row) else { continue }
                flowBookings.append(
                    FlowBooking(
                        row: row,
                        kind: counted.kind,
                        changes: counted.changes,
                        parts: counted.parts
                    )
                )
                if counted.kind == .other {
                    find(
                        .unknown,
                        "transaction \(row.id)",
                        seen: row.type,
                        note: "counted as it says, but of no kind that this version knows"
                    )
                }
                if let difference = counted.discrepancy {
                    find(
                        .audit,
                        "\(row.symbol) transaction \(row.id) \(difference.field)",
                        expected: difference.ours,
                        seen: difference.theirs,
                        note: "the exchange's figure differs from ours"
                    )
                }
            } catch {
                number("transaction \(row.id)", error)
            }
        }
        // The answer for one category is not the account's, and one that has a page left is not whole.
        let isWhole = Desk.category(of: reply) == nil && reply.nextPageCursor.isEmpty
        if reply.isSuccess, isWhole { ledger.logAsked = reply.sent }
        listEnded(reply, Reconciliation.Part(endpoint: .transactionLog, category: nil))
    }

    static func words(_ reply: Reply) -> String {
        switch reply.outcome {
        case .answered: "\(reply.code) \(reply.message)"
        case .timedOut, .failed, .notSent:
            reply.message.isEmpty
                ? reply.outcome.rawValue : "\(reply.outcome.rawValue): \(reply.message)"
        }
    }

    mutating func refused(_ reply: Reply, _ subject: String) {
        find(
            .refused,
            subject,
            expected: "0",
            seen: Desk.words(reply),
            note: "\(reply.endpoint.method) \(reply.endpoint.path)"
        )
    }

    /// Orders of a batch that were refused: what stands above them says 0 all the same.
    ///
    /// The desk sends no batches; those of others are told, and what becomes of their orders their rows say.
    ///
    /// - Source: bybit-v5 trap 36.
    mutating func refusedItems(_ details: [Detail], _ note: String, _ stream: String) {
        for case .acceptedOrder(let row) in details where row.code != 0 {
            let name = row.orderLinkID.isEmpty ? row.orderID : row.orderLinkID
            find(
                .refused,
                name.isEmpty ? stream : name,
                expected: "0",
                seen: "\(row.code) \(row.message)",
                note: note
            )
        }
    }

    // MARK: Lists

    /// - Parameter isWhole: every row could be read.
    private mutating func ordersReply(_ reply: Reply, _ rows: [OrderUpdate], isWhole: Bool) {
        let isCurrent = isOfReconciliation(reply)
        for row in rows {
            orderRow(row, heard: reply.after)
            guard isCurrent else { continue }
            links.reconciliation?.listed.append(row.orderID)
            if !row.orderLinkID.isEmpty { links.reconciliation?.listed.append(row.orderLinkID) }
        }
        if isCurrent { links.reconciliation?.orders += rows.count }
        let linkID = Desk.linkID(of: reply)
        // An order of others need not have an id of the client's.
        let orderID = linkID.isEmpty ? Desk.parameter("orderId", of: reply.query) : ""
        guard !linkID.isEmpty || !orderID.isEmpty else {
            let part = Reconciliation.Part(
                endpoint: reply.endpoint,
                category: Desk.category(of: reply)
            )
            listEnded(reply, part)
            return
        }
        guard let place = orderStore.place(linkID: linkID, orderID: orderID) else { return }
        let order = orderStore[place]
        let question = Desk.isHistory(reply.endpoint) ? order.historyQuestion : order.question
        guard reply.isSuccess else {
            refused(reply, linkID.isEmpty ? orderID : linkID)
            ask(question, at: time.advanced(nanoseconds: 1_000_000_000))
            return
        }
        let isThere = rows.contains {
            linkID.isEmpty ? $0.orderID == orderID : $0.orderLinkID == linkID
        }
        if isThere {
            requestsEnded(place, reply)
            cancelIfStopping(place)
        } else if isWhole {
            absent(place, reply)
        } else if !order.isClosed {
            // What could not be read may be its row: no verdict is made of that, and a finding has been.
            ask(question, at: time.advanced(nanoseconds: 10_000_000_000))
        }
    }

    /// A row that was asked for after a request had ended is the truth: it has been carried out or never will be.
    private mutating func requestsEnded(_ place: Int, _ reply: Reply) {
        let changed = orderStore.update(place) { order in
            var changed = false
            if let since = order.pendingAmend?.settles, reply.after >= since {
                order.pendingAmend = nil
                changed = true
            }
            if let since = order.pendingCancel?.settles, reply.after >= since {
                order.pendingCancel = nil
                changed = true
            }
            if changed { order.overdue = nil }
            return changed
        }
        if changed { news.append(.order(serial: orderStore[place].serial)) }
    }

    private mutating func accountReply(_ event: Event, _ executions: [ExecutionReport]) {
        let reply = event.reply
        if links.reconciliation != nil {
            links.reconciliation?.executions.append(contentsOf: executions)
            // Positions and balances of before the socket was ready may lack what was missed.
            if isOfReconciliation(reply) {
                links.reconciliation?.positions.append(contentsOf: event.positions)
                links.reconciliation?.wallets.append(contentsOf: event.wallets)
                noteTime(of: reply, event.exchangeMilliseconds)
            }
        } else {
            for row in ExecutionOrder.sorted(executions) { execution(row) }
            for row in event.positions { ledger.told(row) }
            for row in event.wallets { ledger.told(row, at: event.exchangeMilliseconds) }
        }
        listEnded(
            reply,
            Reconciliation.Part(
                endpoint: reply.endpoint,
                category: reply.endpoint == .wallet ? nil : Desk.category(of: reply)
            )
        )
    }

    /// When the exchange said so, by its own clock: what it has done since is not in it.
    private mutating func noteTime(of reply: Reply, _ milliseconds: Int64) {
        guard reply.isSuccess, milliseconds > 0 else { return }
        switch reply.endpoint {
        case .wallet: links.reconciliation?.walletMilliseconds = milliseconds
        case .positions:
            guard let category = Desk.category(of: reply) else { return }
            let list = OpenedList(
                category,
                coin: Desk.parameter("settleCoin", of: reply.query)
            )
            guard links.reconciliation?.positionMilliseconds.index(of: list) == nil else { return }
            links.reconciliation?.positionMilliseconds[list] = milliseconds
        default: break
        }
    }

    /// True when the next page was asked for.
    @discardableResult
    mutating func nextPage(_ reply: Reply) -> Bool {
        let query: String
        if !reply.nextPageCursor.isEmpty {
            query = reply.query
        } else if let other = Desk.otherCoin(reply) {
            query = other
        } else {
            return false
        }
        asDesk {
            $0.command(
                .lookUp(.page(reply.endpoint, query: query, cursor: reply.nextPageCursor))
            )
        }
        return true
    }

    /// Linear lists come by the coin that is settled in: the question for the second coin, behind the last page of the first.
    private static func otherCoin(_ reply: Reply) -> String? {
        guard [.openOrders, .orderHistory, .positions].contains(reply.endpoint),
            linkID(of: reply).isEmpty, parameter("settleCoin", of: reply.query) == "USDT"
        else { return nil }
        return reply.query.split(separator: "&")
            .map { $0 == "settleCoin=USDT" ? "settleCoin=USDC" : String($0) }
            .filter { !$0.hasPrefix("cursor=") }
            .joined(separator: "&")
    }

    /// A page of a list has come, or has not: the next one, the end of the part, or the same again.
    private mutating func listEnded(_ reply: Reply, _ part: Reconciliation.Part) {
        if reply.isSuccess {
            guard !nextPage(reply), isOfReconciliation(reply), isWhole(part, with: reply) else {
                return
            }
            partEnded(part)
            return
        }
        refused(reply, part.endpoint.path)
        guard isOfReconciliation(reply) else { return }
        guard Desk.isForbidden(reply, part) else { return askAgain(part) }
        find(
            .unknown,
            "\(part.endpoint.path)?\(reply.query)",
            seen: Desk.words(reply),
            note: "the key may not ask this: what it would list is not reconciled"
        )
        partEnded(part)
    }

    /// Refused for good, and of what an account need not have: other categories than linear, contracts settled in USDC.
    ///
    /// Of what every account has a refusal is no answer: nothing new is ordered on an account that cannot be seen.
    private static func isForbidden(_ reply: Reply, _ part: Reconciliation.Part) -> Bool {
        guard reply.outcome == .answered, let category = part.category else { return false }
        // Combinations are not there in every mode of an account.
        if category == .spread, reply.httpStatus == 404 { return true }
        guard reply.httpStatus == 200 else { return false }
        let isOptional = category != .linear || parameter("settleCoin", of: reply.query) == "USDC"
        // Parameters, permission, IP, account mode.
        return isOptional && [10001, 10005, 10010, 10024, 10028].contains(reply.code)
    }

    /// True for the answer to a question that was asked after the private socket became ready.
    ///
    /// One of before, of a reconciliation that a lost socket ended, knows nothing of what was missed since.
    private func isOfReconciliation(_ reply: Reply) -> Bool {
        links.reconciliation.map { reply.after >= $0.began } ?? false
    }

    // MARK: What a reply was about

    /// Of the request, from the reply's own field or from its query.
    static func linkID(of reply: Reply) -> String {
        reply.orderLinkID.isEmpty ? parameter("orderLinkId", of: reply.query) : reply.orderLinkID
    }

    static func category(of reply: Reply) -> Category? {
        switch reply.endpoint {
        case .spreadOpenOrders, .spreadOrderHistory, .spreadExecutions, .spreadRecentTrades,
            .spreadInstruments:
            .spread
        default: Category(name: parameter("category", of: reply.query))
        }
    }

    static func isHistory(_ endpoint: Endpoint) -> Bool {
        endpoint == .orderHistory || endpoint == .spreadOrderHistory
    }

    static func openOrders(_ category: Category?) -> Endpoint {
        category == .spread ? .spreadOpenOrders : .openOrders
    }

    static func executions(_ category: Category?) -> Endpoint {
        category == .spread ? .spreadExecutions : .executions
    }

    static func parameter(_ name: String, of query: String) -> String {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return ""
    }
}

import Market

extension SelfAudit {
    /// Rows of the transaction log against the flows that were booked.
    mutating func compareLog(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        guard event.reply.endpoint == .transactionLog, event.reply.isSuccess,
            engine.ledger.opened != nil
        else { return }
        for row in event.transactions where !engine.ledger.isInOpening(row) {
            compare(row, header)
        }
        // One category's flows are not all; the last page ends the answer.
        let isWhole = Desk.category(of: event.reply) == nil && event.reply.nextPageCursor.isEmpty
        if isWhole, event.reply.after > logAsked { logAsked = event.reply.after }
        settle(engine)
    }

    private mutating func compare(_ row: TransactionRow, _ header: RecordHeader) {
        guard rows.insert(row) else { return }
        counts.compare(.flow)
        arithmetic(row, header)
        countDebt(row)
        if let kind = FlowKind(transaction: row) {
            guard kind == .other else { return }
            return add(
                finding(row, "type", "", row.type, header, .unexplained, "no such kind of flow")
            )
        }
        guard !row.tradeID.isEmpty else { return }
        let key = FlowRows.Key(
            trade: row.tradeID,
            coin: row.coin,
            symbol: Symbol(row.symbol) ?? .none
        )
        guard let flow = flows[key] else {
            guard !flows.hasForgotten else { return }
            var finding = finding(
                row,
                "execution",
                "none",
                row.change.description,
                header,
                .pending,
                "transaction \(row.id): an execution is owed"
            )
            finding.subject = row.tradeID
            return begin(finding)
        }
        flows.match(key)
        guard let distance = flow.change.distance(to: row.change) else { return }
        if distance.isZero { return }
        // Cash and fee are rounded each.
        let isRounding = distance.units <= 2 * Ledger.rounding.units
        var found = finding(
            row,
            "change",
            flow.change.description,
            row.change.description,
            header,
            isRounding ? .rounding : .unexplained,
            "execution \(row.tradeID)"
        )
        found.records.append(flow.record)
        add(found)
    }

    /// change = cashFlow + funding − fee.
    private mutating func arithmetic(_ row: TransactionRow, _ header: RecordHeader) {
        do throws(NumberError) {
            let sum = try row.cashFlow.adding(row.funding).subtracting(row.fee)
            guard let distance = sum.distance(to: row.change), !distance.isZero else { return }
            // Rows of spot and of flows without a trade name their change alone.
            if sum.isZero, row.category == .spot || row.category == nil { return }
            add(
                finding(
                    row,
                    "change",
                    sum.description,
                    row.change.description,
                    header,
                    distance <= Ledger.rounding ? .rounding : .unexplained,
                    "cashFlow + funding − fee"
                )
            )
        } catch {
            return
        }
    }

    private func finding(
        _ row: TransactionRow,
        _ field: String,
        _ ours: String,
        _ theirs: String,
        _ header: RecordHeader,
        _ explanation: AuditFinding.Explanation,
        _ note: String
    ) -> AuditFinding {
        AuditFinding(
            kind: .flow,
            subject: row.id,
            field: field,
            ours: ours,
            theirs: theirs,
            records: [header.sequence],
            time: header.time,
            explanation: explanation,
            note: note
        )
    }
}

/// Rows of the log that were compared: the answers overlap.
struct SeenRows: Sendable {
    static let kept = 65_536

    private struct Key: Hashable, Sendable {
        var id: String
        var trade: String
        var type: String
        var coin: String
    }

    /// For look-up only; never walked.
    private var seen: Set<Key> = []
    private var order: [Key] = []
    private var next = 0

    /// True the first time.
    mutating func insert(_ row: TransactionRow) -> Bool {
        let key = Key(id: row.id, trade: row.tradeID, type: row.type, coin: row.coin)
        guard seen.insert(key).inserted else { return false }
        if order.count < SeenRows.kept {
            order.append(key)
        } else {
            seen.remove(order[next])
            order[next] = key
            next = (next + 1) % SeenRows.kept
        }
        return true
    }
}

import GRDB
import Market

extension RowStatements {
    static let addCommand: StaticString = """
        INSERT INTO commands (
          sequence, ordinal, time, cause, cause_ordinal, strategy, action, category, symbol,
          order_link_id, order_id, side, type, time_in_force, quantity, price, reduce_only, detail
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    func write(_ command: Command, _ row: WaitingRow) throws {
        let words = CommandWords(command.action)
        var binder = self.binder(.addCommand)
        binder.place(row)
        binder.integer(Int64(clamping: command.cause.value))
        binder.integer(command.ordinal)
        binder.text(command.strategy)
        binder.text(words.action)
        binder.text(words.instrument?.category.name ?? words.category?.name ?? "")
        binder.text(words.instrument?.symbol.description ?? "")
        binder.text(words.orderLinkID)
        binder.text(words.orderID)
        binder.text(words.side?.name ?? "")
        binder.text(words.type?.name ?? "")
        binder.text(words.timeInForce?.name ?? "")
        binder.text(words.quantity)
        binder.text(words.price)
        binder.flag(words.reduceOnly)
        binder.text(words.detail)
        try binder.run()
    }

    static let addVerdict: StaticString = """
        INSERT INTO verdicts (
          sequence, ordinal, time, cause, cause_ordinal, strategy, category, symbol, intent, allowed
        ) VALUES (?,?,?,?,?,?,?,?,?,?)
        """

    static let addVerdictCheck: StaticString = """
        INSERT INTO verdict_checks (
          sequence, ordinal, place, risk_limit, ceiling, observed, unit, holds
        ) VALUES (?,?,?,?,?,?,?,?)
        """

    func write(_ verdict: Verdict, _ row: WaitingRow) throws {
        let sequence = Int64(row.place.sequence.value)
        var binder = self.binder(.addVerdict)
        binder.place(row)
        binder.integer(Int64(clamping: verdict.cause.value))
        binder.integer(verdict.ordinal)
        binder.text(verdict.strategy)
        binder.instrument(verdict.instrument)
        binder.text(verdict.intent)
        binder.flag(verdict.isAllowed)
        try binder.run()
        guard !verdict.checks.isEmpty else { return }
        var checks = self.binder(.addVerdictCheck)
        for (place, check) in verdict.checks.enumerated() {
            checks.integer(sequence)
            checks.integer(row.ordinal)
            checks.integer(place)
            checks.text(check.limit)
            checks.text(check.ceiling)
            checks.text(check.observed)
            checks.text(check.unit)
            checks.flag(check.holds)
            try checks.run()
        }
    }

    static let addFinding: StaticString = """
        INSERT INTO findings (sequence, ordinal, time, cause, kind, subject, expected, seen, note)
        VALUES (?,?,?,?,?,?,?,?,?)
        """

    static let addGap: StaticString = """
        INSERT INTO gaps (
          sequence, ordinal, time, kind, subject, reason, count, expected, seen, ended_sequence
        ) VALUES (?,?,?,?,?,?,?,?,?,NULL)
        """

    static let endGaps: StaticString = """
        UPDATE gaps SET ended_sequence = ? WHERE subject = ? AND ended_sequence IS NULL
        """

    func write(_ finding: Finding, _ row: WaitingRow) throws {
        var binder = self.binder(.addFinding)
        binder.place(row)
        binder.integer(Int64(clamping: finding.cause.value))
        binder.text(finding.kind.rawValue)
        binder.text(finding.subject)
        binder.text(finding.expected)
        binder.text(finding.seen)
        binder.text(finding.note)
        try binder.run()
        switch finding.kind {
        case .gap:
            try beginGap(
                kind: finding.kind.rawValue,
                subject: finding.subject,
                reason: finding.note,
                expected: finding.expected,
                seen: finding.seen,
                row
            )
        case .reconciled: try endGaps(of: finding.subject, row)
        default: break
        }
    }

    func write(_ link: LinkEvent, _ row: WaitingRow) throws {
        switch link.change {
        case .connected, .rules: break
        case .absent:
            // What no run recorded is over when it is told of.
            try beginGap(
                kind: link.change.rawValue,
                subject: link.socket,
                reason: link.reason,
                row
            )
            try endGaps(of: link.socket, row)
        case .ready: try endGaps(of: link.socket, row)
        case .disconnected, .failed, .shed:
            try beginGap(
                kind: link.change.rawValue,
                subject: link.socket,
                reason: link.reason,
                count: link.count,
                row
            )
        }
    }

    private func beginGap(
        kind: String,
        subject: String,
        reason: String,
        count: Int64 = 0,
        expected: String = "",
        seen: String = "",
        _ row: WaitingRow
    ) throws {
        var binder = self.binder(.addGap)
        binder.place(row)
        binder.text(kind)
        binder.text(subject)
        binder.text(reason)
        binder.integer(count)
        binder.text(expected)
        binder.text(seen)
        try binder.run()
    }

    private func endGaps(of subject: String, _ row: WaitingRow) throws {
        var binder = self.binder(.endGaps)
        binder.integer(Int64(row.place.sequence.value))
        binder.text(subject)
        try binder.run()
    }
}

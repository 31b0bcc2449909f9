import GRDB
public import Market

/// A stretch that was not seen.
public struct Gap: Hashable, Sendable {
    /// `disconnected`, `failed`, `shed`, `absent`, `gap`.
    public var kind: String
    /// Socket, stream or instrument.
    public var subject: String
    public var reason: String
    /// Messages shed; 0 where it cannot be known.
    public var count: Int64
    public var expected: String
    public var seen: String
    /// `nil` while it lasts.
    public var ended: SequenceNumber?
}

/// A row of `commands`.
public struct CommandRow: Hashable, Sendable {
    public var cause: SequenceNumber
    public var ordinal: Int
    /// `place`, `amend`, `cancel`, `look-up`, `resubscribe`, `set-timer`.
    public var action: String
    /// Empty without an instrument.
    public var category: String
    public var symbol: String
    public var orderLinkID: String
    public var orderID: String
    public var side: String
    public var type: String
    public var quantity: Numeral?
    public var price: Numeral?
    public var detail: String
}

extension DeskReader {
    /// Risk's verdicts with their checks, in the order of the journal.
    public func verdicts(
        rejectedOnly: Bool = false,
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<Verdict>] {
        let (condition, arguments) = filter.condition(hasAccount: false)
        let checks = try rows(
            "verdict_checks",
            """
            SELECT sequence, ordinal, risk_limit, ceiling, observed, unit, holds FROM verdict_checks
            ORDER BY sequence, ordinal, place
            """
        ) { columns in
            (
                key: [columns.integer(0), columns.integer(1)],
                check: Verdict.Check(
                    limit: columns.text(2),
                    ceiling: columns.text(3),
                    observed: columns.text(4),
                    unit: columns.text(5),
                    holds: columns.flag(6)
                )
            )
        }
        let checksOfVerdict = Dictionary(grouping: checks, by: \.key)
        return try rows(
            "verdicts",
            """
            SELECT sequence, time, strategy, cause, cause_ordinal, category, symbol, intent, ordinal
            FROM verdicts WHERE \(condition) \(rejectedOnly ? "AND allowed = 0" : "")
            ORDER BY sequence, ordinal
            """,
            arguments
        ) { columns in
            Stored(
                value: Verdict(
                    strategy: columns.text(2),
                    cause: columns.sequence(3),
                    ordinal: Int(columns.integer(4)),
                    instrument: try columns.instrument(5, 6),
                    intent: columns.text(7),
                    checks: checksOfVerdict[[columns.integer(0), columns.integer(8)]]?
                        .map(\.check) ?? []
                ),
                provenance: columns.provenance(0, 1, account: nil),
                strategy: columns.text(2)
            )
        }
    }

    /// Findings, of one kind or all, in the order of the journal.
    public func findings(
        kind: Finding.Kind? = nil
    ) throws(ProjectionError) -> [Stored<Finding>] {
        try rows(
            "findings",
            """
            SELECT sequence, time, cause, kind, subject, expected, seen, note FROM findings
            WHERE kind = :kind OR :kind IS NULL ORDER BY sequence, ordinal
            """,
            ["kind": kind?.rawValue]
        ) { columns in
            Stored(
                value: Finding(
                    kind: Finding.Kind(rawValue: columns.text(3)) ?? .unknown,
                    cause: columns.sequence(2),
                    subject: columns.text(4),
                    expected: columns.text(5),
                    seen: columns.text(6),
                    note: columns.text(7)
                ),
                provenance: columns.provenance(0, 1, account: nil)
            )
        }
    }

    /// What was not seen, in the order of the journal.
    public func gaps() throws(ProjectionError) -> [Stored<Gap>] {
        try rows(
            "gaps",
            """
            SELECT sequence, time, kind, subject, reason, count, expected, seen,
              coalesce(ended_sequence, 0)
            FROM gaps ORDER BY sequence, ordinal
            """
        ) { columns in
            Stored(
                value: Gap(
                    kind: columns.text(2),
                    subject: columns.text(3),
                    reason: columns.text(4),
                    count: columns.integer(5),
                    expected: columns.text(6),
                    seen: columns.text(7),
                    ended: columns.integer(8) == 0 ? nil : columns.sequence(8)
                ),
                provenance: columns.provenance(0, 1, account: nil)
            )
        }
    }

    /// The core's commands, in the order of the journal.
    public func commands(
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<CommandRow>] {
        let (condition, arguments) = filter.condition(hasAccount: false)
        return try rows(
            "commands",
            """
            SELECT sequence, time, strategy, cause, cause_ordinal, action, category, symbol, order_link_id,
              order_id, side, type, quantity, price, detail
            FROM commands WHERE \(condition) ORDER BY sequence, ordinal
            """,
            arguments
        ) { columns in
            Stored(
                value: CommandRow(
                    cause: columns.sequence(3),
                    ordinal: Int(columns.integer(4)),
                    action: columns.text(5),
                    category: columns.text(6),
                    symbol: columns.text(7),
                    orderLinkID: columns.text(8),
                    orderID: columns.text(9),
                    side: columns.text(10),
                    type: columns.text(11),
                    quantity: try columns.optionalNumeral(12),
                    price: try columns.optionalNumeral(13),
                    detail: columns.text(14)
                ),
                provenance: columns.provenance(0, 1, account: nil),
                strategy: columns.text(2)
            )
        }
    }
}

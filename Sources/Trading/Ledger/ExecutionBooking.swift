public import Market

/// What one execution did to the ledger: for read models that store it.
public struct ExecutionBooking: Hashable, Sendable {
    public var report: ExecutionReport
    /// Whose order it was; ``Order/external`` when not of this session.
    public var strategy: String
    /// The settle coin of the amounts.
    public var coin: String
    /// 0 one-way, 1 long, 2 short.
    public var positionIndex: Int
    /// Realised by the account, before fees.
    public var realised: Amount
    /// In the coin above; positive is paid.
    ///
    /// Of funding the extra fees alone.
    public var fee: Amount
    /// Positive is paid; zero for fills.
    public var funding: Amount
    /// Fees in coins that are none of the instrument's (a discount token), one of each coin: no other figure has them.
    public var otherFees: [ExtraFee] = []
    /// Realised by the strategy's own share of the position, before fees.
    public var shareRealised: Amount
    /// Who bears what concerns the whole position: funding and delivery; empty for fills.
    public var parts: [SharePart]
    /// What it did to the wallets.
    public var changes: WalletChanges
    /// A part of what it closed was there before the recording began: its opening fee is not known.
    public var isOpening: Bool
    /// The position with which the recording began has its size already: only what it paid and realised was counted.
    public var isFlowAlone = false
    /// Figures of the exchange (fee, realised P&L, funding) that were compared with ours.
    public var compared: Int
    /// Of those, the ones that differ by no more than the exchange's rounding: theirs were booked.
    public var roundings: Int
    /// The ones that differ by more: ours were booked.
    public var differences: [Discrepancy]
}

/// What one row of the transaction log did to the ledger, which no execution tells of: transfers, interest, conversions,
/// bonus, session settlements.
public struct FlowBooking: Hashable, Sendable {
    public var row: TransactionRow
    public var kind: FlowKind
    /// What it did to the wallets: for a session settlement with fills that were counted before its row came, what they
    /// realised otherwise too.
    public var changes: WalletChanges
    /// Of a session settlement: what each share earned by it.
    public var parts: [SharePart]
}

extension Engine {
    /// Rows of the transaction log that the last record had the ledger book, oldest first; each row once in a session.
    public var flowBookings: [FlowBooking] { desk.flowBookings }

    /// Executions that the last record had the ledger book, in order; each execution once in a session.
    public var bookings: [ExecutionBooking] { desk.bookings }

    /// The order that a row of the exchange is of, as all its rows make it, closed ones for a while too.
    public func order(of row: OrderUpdate) -> Order? {
        desk.orderStore.place(linkID: row.orderLinkID, orderID: row.orderID)
            .map { desk.orderStore[$0] }
    }

    /// An order by our own id, closed ones for a while too; `nil` when it is not known.
    public func order(orderLinkID: String) -> Order? {
        guard !orderLinkID.isEmpty,
            let place = desk.orderStore.place(linkID: orderLinkID, orderID: "")
        else { return nil }
        return desk.orderStore[place]
    }
}

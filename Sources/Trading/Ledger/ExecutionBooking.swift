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
    /// Positive is paid; zero for funding.
    public var fee: Amount
    /// Positive is paid; zero for fills.
    public var funding: Amount
    /// Realised by the strategy's own share of the position, before fees.
    public var shareRealised: Amount
    /// Who bears what concerns the whole position: funding and delivery; empty for fills.
    public var parts: [SharePart]
    /// What it did to the wallets.
    public var changes: [WalletChange]
}

extension Engine {
    /// Executions that the last record had the ledger book, in order; each execution once in a session.
    public var bookings: [ExecutionBooking] { desk.bookings }

    /// An order by our own id, closed ones for a while too; `nil` when it is not known.
    public func order(orderLinkID: String) -> Order? {
        guard !orderLinkID.isEmpty,
            let place = desk.orderStore.place(linkID: orderLinkID, orderID: "")
        else { return nil }
        return desk.orderStore[place]
    }
}

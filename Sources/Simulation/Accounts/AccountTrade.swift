import Market

/// One trade of one account as its money sees it.
struct AccountTrade: Sendable {
    var account: Int
    var listing: Int
    /// Place of the position; two for each listing.
    var position: Int
    var side: Side
    var price: Int64
    var quantity: Int64
    var isMaker = false
    var type = ExecutionKind.trade
    var logType = FlowType.trade
    var order: TradeOrder
    var orderLinkID = ""
    var orderPrice: Int64 = 0
    var orderQuantity: Int64 = 0
    var leaves: Int64 = 0
    var orderType = OrderKind.limit
    var createType = CreateType.user
    var stop: StopKind?
    /// Fees are divided by it: 2 on legs of a combination, 0 for none at all.
    var feeShare: Int64 = 1
}

/// What traded, by which its id is made.
struct TradeOrder: Sendable {
    /// Of an order of the account, or of one that its liquidation would have been.
    private var serial: Int64 = 0
    /// Of a combination: 1 or 2; 0 of an order itself.
    private var leg: UInt8 = 0
    /// Of what happens without an order; empty otherwise.
    private var name = ""

    init(serial: Int64) { self.serial = serial }

    init(name: String) { self.name = name }

    func leg(_ number: Int) -> TradeOrder {
        var order = self
        order.leg = UInt8(number)
        return order
    }

    func id(_ identifiers: Identifiers, account: Int) -> String {
        guard name.isEmpty else { return name }
        let id = identifiers.text(.order, place: account, number: serial)
        return leg == 0 ? id : "\(id)-\(leg)"
    }
}

public import Market

/// What cancel-on-disconnect guards.
public enum ProtectedProduct: String, Hashable, Sendable, CaseIterable {
    /// Linear and inverse.
    case derivatives = "DERIVATIVES"
    case spot = "SPOT"
    case options = "OPTIONS"

    public func holds(_ category: Category) -> Bool {
        switch self {
        case .derivatives: category == .linear || category == .inverse
        case .spot: category == .spot
        case .options: category == .option
        }
    }
}

extension SimulatedExchange {
    /// Cancels every open order of a product, conditional ones included, as `CancelByDCP`.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public mutating func cancelDisconnected(
        _ product: ProtectedProduct,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> Int {
        guard accountStates.indices.contains(account.index) else { return 0 }
        let before = accountStates[account.index].openCount
        let isHeld = facts.map { product.holds($0.category) }
        cancelOrders(of: account.index, .disconnection) { isHeld[$0.listing] }
        report(into: &output)
        return before - accountStates[account.index].openCount
    }
}

/// What the rights of a key mean for whoever is given it.
extension KeyDescription {
    /// Rights by which money can leave the account, as the exchange names them: withdrawals and transfers.
    ///
    /// Of a read-only key none: its lists say what it may look at. Of a key that may write everything in the group
    /// `Wallet` counts, and what is called a transfer or a withdrawal in any other.
    public var movesFunds: [String] {
        guard isReadOnly != 1 else { return [] }
        return permissions.filter { permission in
            let name = permission.lowercased()
            return name.hasPrefix("wallet.") || name.contains("withdraw")
                || name.contains("transfer")
        }
    }

    /// True when orders may be placed with it.
    public var mayTrade: Bool {
        guard isReadOnly != 1 else { return false }
        let trading = ["ContractTrade", "Spot", "Options", "Derivatives", "CopyTrading"]
        return permissions.contains { permission in
            trading.contains { permission.hasPrefix($0 + ".") }
        }
    }

    /// True when the answer says what the key may do; an answer without its rights says nothing of them.
    public var namesRights: Bool { !permissions.isEmpty || isReadOnly == 1 }
}

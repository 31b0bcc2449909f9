import Market
import Testing

/// What a key's rights mean for whoever is given it.
@Suite struct KeyRightsTests {
    private static func key(_ permissions: [String], isReadOnly: Int64 = 0) -> KeyDescription {
        var key = KeyDescription()
        key.permissions = permissions
        key.isReadOnly = isReadOnly
        return key
    }

    @Test(arguments: [
        (["Spot.SpotTrade", "ContractTrade.Order"], [String]()),
        (["Wallet.AccountTransfer", "Spot.SpotTrade"], ["Wallet.AccountTransfer"]),
        (["Wallet.Withdraw"], ["Wallet.Withdraw"]),
        // A name that is not known yet is a right all the same.
        (["Wallet.Something"], ["Wallet.Something"]),
        (["Affiliate.SubMemberTransfer"], ["Affiliate.SubMemberTransfer"]),
        (["Exchange.ExchangeHistory"], []),
    ])
    func `rights by which money leaves are named`(permissions: [String], named: [String]) {
        #expect(Self.key(permissions).movesFunds == named)
        // What a read-only key lists is what it may look at.
        #expect(Self.key(permissions, isReadOnly: 1).movesFunds.isEmpty)
    }

    @Test func `a key trades that may write in a group of trading`() {
        #expect(Self.key(["ContractTrade.Order"]).mayTrade)
        #expect(!Self.key(["ContractTrade.Order"], isReadOnly: 1).mayTrade)
        #expect(!Self.key(["Wallet.AccountTransfer"]).mayTrade)
    }

    @Test func `an answer without rights says nothing of them`() {
        #expect(!Self.key([]).namesRights)
        #expect(Self.key([], isReadOnly: 1).namesRights)
        #expect(Self.key(["Spot.SpotTrade"]).namesRights)
    }
}

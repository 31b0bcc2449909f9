import Market
import Simulation
import Trading

/// What an account begins with that takes the recorded session's place.
extension RecordingSurvey {
    /// Gives an account the positions that were there first.
    func openPositions(in exchange: inout SimulatedExchange, for account: AccountID) {
        for holding in holdings {
            exchange.open(
                holding.size,
                entryValue: holding.entryValue,
                of: holding.id,
                for: account
            )
        }
        guard holdings.isEmpty else { return }
        for row in positions {
            guard let instrument = instruments[row.instrument],
                let size = try? instrument.scale.quantity(row.size), let entry = row.entryPrice
            else { continue }
            let value =
                row.positionValue ?? (try? Amount.value(entry, try Amount(row.size))) ?? .zero
            let signed = Quantity(units: row.side == .sell ? -size.units : size.units)
            exchange.open(signed, entryValue: value, of: row.instrument, for: account)
        }
    }

    /// An account at the rates that the session has paid, else those of a new account.
    func account(
        _ alias: String,
        _ deposits: [AccountConfiguration.Deposit]
    ) -> AccountConfiguration {
        func rate(isMaker: Bool) -> Numeral? {
            let row = executions.first {
                $0.type == .trade && $0.isMaker == isMaker && $0.instrument.category != .spot
            }
            guard let rate = row?.feeRate, let units = try? rate.units(decimals: 8),
                abs(units) <= 1_000_000
            else { return nil }
            return rate
        }
        let usual = AccountConfiguration(alias: alias, deposits: deposits)
        guard rate(isMaker: true) != nil || rate(isMaker: false) != nil else { return usual }
        return AccountConfiguration(
            alias: alias,
            deposits: deposits,
            makerRate: rate(isMaker: true) ?? Numeral(mantissa: 2, decimals: 4),
            takerRate: rate(isMaker: false) ?? Numeral(mantissa: 55, decimals: 5)
        )
    }
}

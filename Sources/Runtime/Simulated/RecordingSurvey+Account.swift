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
        // The account has one position an instrument: of the legs of hedge mode what is left between them.
        var net = ByInstrument<(size: Int64, value: Int128)>()
        for row in positions {
            guard let instrument = instruments[row.instrument],
                let size = try? instrument.scale.quantity(row.size), let entry = row.entryPrice
            else { continue }
            let value =
                row.positionValue ?? (try? Amount.value(entry, try Amount(row.size))) ?? .zero
            let sign: Int64 = row.side == .sell ? -1 : 1
            let leg = net[row.instrument] ?? (0, 0)
            net[row.instrument] = (
                leg.size &+ sign &* size.units, leg.value &+ Int128(sign) &* value.units
            )
        }
        for (id, leg) in zip(net.keys, net.values) where leg.size != 0 {
            exchange.open(
                Quantity(units: leg.size),
                entryValue: Amount(units: max(0, leg.size < 0 ? 0 &- leg.value : leg.value)),
                of: id,
                for: account
            )
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

import Bybit
import Market
import Simulation

/// What happens at multiples of 100 ms of the exchange's clock beside the market: risk topics, greeks, samples of
/// reference prices, cancel-on-disconnect.
extension ExchangeVenue {
    func tick() {
        let now = driver.exchange.now.milliseconds
        if now % 300 == 0 { pushPriceLimits(at: now) }
        if now % 1_000 == 0 {
            driver.withExchange { history.sample($0) }
            pushPools(at: now)
            pushGreeks(at: now)
        }
        fanOut.flush()
        for key in guards.due(at: now) {
            _ = driver.actNow { $0.cancelDisconnected(key.product, for: key.account, into: &$1) }
            driver.flush()
        }
    }

    // MARK: price limits

    private func pushPriceLimits(at now: Int64) {
        for id in fanOut.heardPriceLimits {
            guard let row = priceLimit(id), risk.isNew(row, id) else { continue }
            fanOut.publish(.priceLimit(id)) { RiskFeeds.write(row, id, at: now, &$0) }
        }
    }

    func priceLimit(_ id: InstrumentID) -> PriceLimit? {
        guard let limits = driver.exchange.priceLimits(id),
            let scale = driver.exchange.listing(id)?.instrument.scale
        else { return nil }
        var row = PriceLimit()
        row.symbol = id.symbol
        row.highestBid = scale.numeral(limits.highestBuy)
        row.lowestAsk = scale.numeral(limits.lowestSell)
        row.timeMilliseconds = driver.exchange.now.milliseconds
        return row
    }

    // MARK: insurance and deleveraging

    private func pushPools(at now: Int64) {
        for pool in RiskPool.allCases {
            if fanOut.isHeard(.insurance(pool)) {
                let rows = risk.changed(insurance(pool, at: now), pool)
                if !rows.isEmpty {
                    fanOut.publish(.insurance(pool)) {
                        RiskFeeds.write(rows, pool, isSnapshot: false, at: now, &$0)
                    }
                }
            }
            guard fanOut.isHeard(.deleveraging(pool)) else { continue }
            let rows = deleveraging(pool, symbol: nil)
            fanOut.publish(.deleveraging(pool)) { RiskFeeds.write(rows, pool, at: now, &$0) }
        }
    }

    /// One row a coin: the symbols that share its insurance, and its balance.
    func insurance(_ pool: RiskPool, at now: Int64) -> [InsuranceBalance] {
        var rows: [InsuranceBalance] = []
        for listing in driver.exchange.listings where pool.holds(listing.instrument) {
            let coin = listing.instrument.settleCoin
            let symbol = listing.instrument.id.symbol.description
            if let known = rows.firstIndex(where: { $0.coin == coin }) {
                rows[known].symbols += "," + symbol
                continue
            }
            let balance = Numeral(rounding: driver.exchange.balance(.insurance, coin: coin))
            var row = InsuranceBalance()
            row.coin = coin
            row.symbols = symbol
            row.balance = balance
            row.value = value(balance, of: coin)
            row.timeMilliseconds = now
            rows.append(row)
        }
        return rows
    }

    /// In US dollars: of another coin by the index price of its inverse or linear contract.
    private func value(_ balance: Numeral, of coin: String) -> Numeral {
        guard coin != "USDT", coin != "USDC" else { return balance }
        let contract = driver.exchange.listings.first {
            $0.instrument.baseCoin == coin
                && ($0.instrument.id.category == .inverse || $0.instrument.id.category == .linear)
        }
        guard let contract, let amount = try? Amount(balance),
            let index = driver.exchange.reference(contract.instrument.id)?.index
        else { return .zero }
        let price = contract.instrument.scale.numeral(index)
        let worth = try? amount.scaled(
            by: Int128(price.mantissa),
            over: PowerOfTen.int128(Int(price.decimals)),
            rounding: .halfEven
        )
        return worth.map { Numeral(rounding: $0) } ?? .zero
    }

    /// A contract's deleveraging begins when its pool is empty: thresholds of nothing, and no ratio but the pool's.
    func deleveraging(_ pool: RiskPool, symbol: Symbol?) -> [DeleveragingAlert] {
        driver.exchange.listings.map(\.instrument)
            .filter { pool.holds($0) && (symbol == nil || symbol == $0.id.symbol) }
            .map { instrument in
                let coin = instrument.settleCoin
                let balance = Numeral(rounding: driver.exchange.balance(.insurance, coin: coin))
                var row = DeleveragingAlert()
                row.coin = coin
                row.symbol = instrument.id.symbol.description
                row.balance = balance
                row.balanceMax = balance
                row.insuranceRatio = .zero
                row.ratio = .zero
                row.triggerThreshold = .zero
                row.stopRatio = .zero
                return row
            }
    }

    // MARK: greeks

    private func pushGreeks(at now: Int64) {
        for account in driver.exchange.accounts where fanOut.isHeard(.greeks, by: account) {
            let rows = driver.exchange.greeks(account)
            guard risk.isNew(rows, account), !rows.isEmpty else { continue }
            fanOut.tell(account, .greeks, rows.map { .greeks($0) }, at: now)
        }
    }

    // MARK: what a subscriber gets first

    func sendFirstRisk(of feed: PublicFeed, to client: Client, at now: Int64) {
        switch feed {
        case .priceLimit(let id):
            guard let row = priceLimit(id) else { return }
            fanOut.send(to: client) { RiskFeeds.write(row, id, at: now, &$0) }
        case .insurance(let pool):
            let rows = insurance(pool, at: now)
            risk.keep(rows, pool)
            fanOut.send(to: client) {
                RiskFeeds.write(rows, pool, isSnapshot: true, at: now, &$0)
            }
        case .deleveraging(let pool):
            let rows = deleveraging(pool, symbol: nil)
            fanOut.send(to: client) { RiskFeeds.write(rows, pool, at: now, &$0) }
        default: break
        }
    }

    /// Tells everybody who listens to `system.status`.
    func announce(_ status: SystemStatus) {
        fanOut.publish(.systemStatus) {
            $0.details(
                [.systemStatus(status)],
                topic: "system.status",
                isPrivate: false,
                time: driver.exchange.now.milliseconds
            )
        }
        fanOut.flush()
    }
}

/// What was sent last on the topics that are pushed on change.
final class RiskFeeds {
    private var limits: [InstrumentID: PriceLimit] = [:]
    private var balances: [RiskPool: [InsuranceBalance]] = [:]
    private var totals: [AccountID: [Greeks]] = [:]

    /// Times aside.
    func isNew(_ row: PriceLimit, _ id: InstrumentID) -> Bool {
        defer { limits[id] = row }
        guard let old = limits[id] else { return true }
        return old.highestBid != row.highestBid || old.lowestAsk != row.lowestAsk
    }

    func isNew(_ rows: [Greeks], _ account: AccountID) -> Bool {
        defer { totals[account] = rows }
        return totals[account] != rows
    }

    func keep(_ rows: [InsuranceBalance], _ pool: RiskPool) { balances[pool] = rows }

    func changed(_ rows: [InsuranceBalance], _ pool: RiskPool) -> [InsuranceBalance] {
        defer { balances[pool] = rows }
        let old = balances[pool] ?? []
        return rows.filter { row in
            !old.contains { $0.coin == row.coin && $0.balance == row.balance }
        }
    }

    // MARK: writing

    static func write(
        _ row: PriceLimit,
        _ id: InstrumentID,
        at ts: Int64,
        _ out: inout MessageWriter
    ) {
        out.details(
            [.priceLimit(row)],
            topic: "priceLimit.\(id.symbol)",
            isPrivate: false,
            time: ts
        )
    }

    static func write(
        _ rows: [InsuranceBalance],
        _ pool: RiskPool,
        isSnapshot: Bool,
        at ts: Int64,
        _ out: inout MessageWriter
    ) {
        out.details(
            rows.map { .insurance($0) },
            topic: "insurance.\(pool.rawValue)",
            type: isSnapshot ? "snapshot" : "delta",
            isPrivate: false,
            time: ts
        )
    }

    static func write(
        _ rows: [DeleveragingAlert],
        _ pool: RiskPool,
        at ts: Int64,
        _ out: inout MessageWriter
    ) {
        out.details(
            rows.map { .deleveraging($0) },
            topic: "adlAlert.\(pool.rawValue)",
            isPrivate: false,
            time: ts
        )
    }
}

import JSON
import Market

/// One coin of a `wallet` row and of `account/wallet-balance`. - Source: bybit-v5 §4.5.
extension WalletUpdate: WireRow {
    static func blank(category: Category) -> WalletUpdate {
        WalletUpdate(coin: "", walletBalance: .zero)
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("coin", &coin, .required)
        coder.amount("equity", &equity, .empty)
        coder.derived { $0.amount("usdValue", WalletUpdate.isDollar(coin) ? equity : .zero) }
        coder.amount("walletBalance", &walletBalance, .required)
        coder.amount("locked", &locked, .empty)
        coder.remark("borrowAmount", &borrowed)
        coder.remark("spotBorrow", &spotBorrowed)
        coder.remark("accruedInterest", &accruedInterest)
        coder.derived { $0.amount("totalOrderIM", margins?.orders ?? .zero) }
        coder.derived { $0.amount("totalPositionIM", margins?.positions ?? .zero) }
        coder.derived { $0.amount("totalPositionMM", margins?.maintenance ?? .zero) }
        coder.amount("unrealisedPnl", &unrealisedPnL, .empty)
        coder.amount("cumRealisedPnl", &cumulativeRealisedPnL, .empty)
        coder.constant("bonus", #""0""#)
        coder.constant("spotHedgingQty", #""0""#)
        coder.constant("colRes", #""0""#)
        coder.constant("collateralSwitch", "true")
        coder.constant("marginCollateral", "true")
        coder.constant("availableToWithdraw", #""""#)
        coder.constant("availableToBorrow", #""""#)
        coder.constant("free", #""""#)
    }

    /// Coins that count as one dollar in the account's totals.
    private static func isDollar(_ coin: String) -> Bool { coin == "USDT" || coin == "USDC" }

    /// The account's row around its coins.
    ///
    /// Totals are in dollars, over the coins that count as one.
    static func writeAccount(
        _ coins: [WalletUpdate],
        _ totals: AccountTotals? = nil,
        to writer: inout WireWriter
    ) {
        let dollars = coins.filter { isDollar($0.coin) }
        let equity = sum(dollars.map { $0.equity ?? $0.walletBalance })
        let rates = totals?.rates
        writer.beginObject()
        writer.constant("accountType", #""UNIFIED""#)
        writer.numeral("accountIMRate", rates?.initial ?? .zero)
        writer.numeral("accountMMRate", rates?.maintenance ?? .zero)
        writer.numeral("accountIMRateByMp", rates?.initial ?? .zero)
        writer.numeral("accountMMRateByMp", rates?.maintenance ?? .zero)
        writer.constant("accountLTV", #""0""#)
        writer.amount("totalEquity", totals?.equity ?? equity)
        writer.amount(
            "totalWalletBalance",
            totals?.walletBalance ?? sum(dollars.map(\.walletBalance))
        )
        writer.amount("totalMarginBalance", totals?.marginBalance ?? equity)
        writer.amount("totalAvailableBalance", totals?.available ?? equity)
        writer.amount(
            "totalPerpUPL",
            totals?.unrealisedPnL ?? sum(dollars.map { $0.unrealisedPnL ?? .zero })
        )
        writer.amount("totalInitialMargin", totals?.initialMargin ?? .zero)
        writer.amount("totalMaintenanceMargin", totals?.maintenanceMargin ?? .zero)
        writer.amount("totalInitialMarginByMp", totals?.initialMargin ?? .zero)
        writer.amount("totalMaintenanceMarginByMp", totals?.maintenanceMargin ?? .zero)
        writer.beginArray("coin")
        for coin in coins {
            writer.beginObject()
            coin.write(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    /// The sum; `nil`, written `""`, when it does not fit.
    private static func sum(_ amounts: [Amount]) -> Amount? {
        var total = Amount.zero
        for amount in amounts {
            guard let next = try? total.adding(amount) else { return nil }
            total = next
        }
        return total
    }

    /// Reads the coins of all accounts of a list.
    static func readAccounts(
        _ list: JSONValue,
        into rows: inout [WalletUpdate],
        findings: inout Findings
    ) {
        guard list.isArray else {
            findings.add(list, .wrongType)
            return
        }
        for account in list.elements {
            guard account.isObject else {
                findings.add(account, .wrongType)
                continue
            }
            guard let coins = account["coin"] else {
                findings.missing("coin", in: account)
                continue
            }
            readAll(coins, category: .linear, form: .push, into: &rows, findings: &findings)
        }
    }
}

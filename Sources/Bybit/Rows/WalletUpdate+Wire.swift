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
        coder.constant("borrowAmount", #""0""#)
        coder.constant("spotBorrow", #""0""#)
        coder.constant("accruedInterest", #""0""#)
        coder.constant("totalOrderIM", #""0""#)
        coder.constant("totalPositionIM", #""0""#)
        coder.constant("totalPositionMM", #""0""#)
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
    static func writeAccount(_ coins: [WalletUpdate], to writer: inout WireWriter) {
        let dollars = coins.filter { isDollar($0.coin) }
        let balance = sum(dollars.map(\.walletBalance))
        let equity = sum(dollars.map { $0.equity ?? $0.walletBalance })
        writer.beginObject()
        writer.constant("accountType", #""UNIFIED""#)
        writer.constant("accountIMRate", #""0""#)
        writer.constant("accountMMRate", #""0""#)
        writer.constant("accountIMRateByMp", #""0""#)
        writer.constant("accountMMRateByMp", #""0""#)
        writer.constant("accountLTV", #""0""#)
        writer.amount("totalEquity", equity)
        writer.amount("totalWalletBalance", balance)
        writer.amount("totalMarginBalance", equity)
        writer.amount("totalAvailableBalance", equity)
        writer.amount("totalPerpUPL", sum(dollars.map { $0.unrealisedPnL ?? .zero }))
        writer.constant("totalInitialMargin", #""0""#)
        writer.constant("totalMaintenanceMargin", #""0""#)
        writer.constant("totalInitialMarginByMp", #""0""#)
        writer.constant("totalMaintenanceMarginByMp", #""0""#)
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

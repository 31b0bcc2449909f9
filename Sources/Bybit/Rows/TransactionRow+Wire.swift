import Market

/// A row of `account/transaction-log`. - Source: bybit-v5 §6.8.
extension TransactionRow: WireRow {
    static func blank(category: Category) -> TransactionRow {
        TransactionRow(
            id: "",
            type: "",
            category: nil,
            symbol: "",
            coin: "",
            change: .zero,
            balance: .zero,
            timeMilliseconds: 0
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("id", &id, .required)
        coder.text("symbol", &symbol, .optional)
        var name = category?.name ?? ""
        coder.text("category", &name, .optional)
        category = Category(name: name)
        coder.derived { $0.text("side", details?.side?.name ?? "None") }
        coder.time("transactionTime", &timeMilliseconds, .required)
        coder.text("type", &type, .required)
        coder.constant("transSubType", #""""#)
        coder.numeral("qty", &quantity, .empty)
        coder.derived { $0.numeral("size", details?.size) }
        coder.text("currency", &coin, .required)
        coder.numeral("tradePrice", &tradePrice, .empty)
        coder.amount("funding", &funding, .optional)
        coder.amount("fee", &fee, .optional)
        coder.amount("cashFlow", &cashFlow, .optional)
        coder.amount("change", &change, .required)
        coder.amount("cashBalance", &balance, .required)
        coder.derived { $0.numeral("feeRate", details?.feeRate) }
        coder.constant("bonusChange", #""""#)
        coder.constant("extraFees", #""""#)
        coder.text("tradeId", &tradeID, .optional)
        coder.text("orderId", &orderID, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
    }
}

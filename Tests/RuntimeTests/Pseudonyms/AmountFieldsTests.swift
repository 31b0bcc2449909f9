import Market
import Testing

@testable import Bybit
@testable import Runtime

/// `--scale` multiplies all amounts that the exchange says: of each decimal it is known whether it is one.
@Suite struct AmountFieldsTests {
    /// Decimals, and texts that are called as amounts are, that stay as they are.
    private static let noAmounts: Set<String> = [
        // Prices and what is reckoned in them.
        "ask1Price", "askPrice", "avgEntryPrice", "avgExitPrice", "avgPrice", "basePrice",
        "basis", "bid1Price", "bidPrice", "breakEvenPrice", "bustPrice", "buyLmt", "change24h",
        "chaseDistance", "chaseOrderPrice", "close", "deliveryPrice", "entryPrice", "execPrice",
        "executedAvgPrice", "high", "highPrice24h", "iP", "indexPrice", "lastPrice",
        "lastPriceOnCreated", "liqPrice", "low", "lowPrice24h", "mP", "markPrice", "markPriceIv",
        "maxChasePrice", "maxPrice", "minPrice", "open", "orderPrice", "p",
        "predictedDeliveryPrice", "prevPrice1h", "prevPrice24h", "price", "price24hPcnt",
        "priceLimitRatioX", "priceLimitRatioY", "priceScale", "sellLmt", "sessionAvgPrice",
        "slLimitPrice", "slippageTolerance", "stopLoss", "strike", "takeProfit", "tickSize",
        "tpLimitPrice", "tradePrice", "trailingStop", "triggerPrice", "underlyingPrice",
        "usdIndexPrice",
        // Rates, ratios and volatilities.
        "accountIMRate", "accountIMRateByMp", "accountLTV", "accountMMRate", "accountMMRateByMp",
        "adlStopRatio", "adlTriggerThreshold", "ask1Iv", "askIv", "auctionFeeRate", "basisRate",
        "basisRateYear", "bid1Iv", "bidIv", "buyLeverage", "buyRatio", "deliveryFeeRate",
        "feeRate", "fundingCap", "fundingRate", "fundingRateTimestamp", "initialMargin",
        "insurancePnlRatio", "iv", "leverage", "leverageStep", "lowerFundingRate",
        "maintenanceMargin", "makerFeeRate", "markIv", "maxLeverage", "minLeverage", "orderIv",
        "pnlRatio", "sellLeverage", "sellRatio", "takerFeeRate", "upperFundingRate",
        "withdrawPercentageFee",
        // What one option has, whoever holds how many.
        "delta", "gamma", "theta", "vega",
        // Times.
        "begin", "createAt", "createdAt", "createdTime", "deliveryTime", "end", "endTime",
        "execTime", "fundingIntervalHour", "launchTime", "nextFundingTime", "startTime", "time",
        "timeNano", "timeSecond", "timeWindow", "timestamp", "transactionTime", "ts",
        "updateTime", "updatedAt", "updatedTime",
        // Ids, words, counts and switches.
        "affiliateIDInt64", "extraFees", "feeCoin", "feeCurrency", "feeType", "fillCount",
        "inviterIDInt64", "seq", "subFeeType", "success", "userIDInt64",
        // A coin's networks have their own limits and fees, the same for everybody.
        "chainDeposit", "chainWithdraw", "confirmation", "depositMin", "minAccuracy",
        "safeConfirmNumber", "withdrawFee", "withdrawMax", "withdrawMin",
    ]

    private static let publicTopics: Set<String> = [
        "adlAlert", "allLiquidation", "insurance", "kline", "orderbook", "priceLimit",
        "publicTrade", "system", "tickers",
    ]

    private static let publicCombinations: Set<String> = [
        "/v5/spread/instrument", "/v5/spread/orderbook", "/v5/spread/recent-trade",
        "/v5/spread/tickers",
    ]

    /// The stream on which messages of the kind are recorded; `nil` of answers, which have no amounts.
    private static func stream(_ kind: String) -> StreamName? {
        let words = kind.split(separator: " ").map(String.init)
        guard words.count > 1 else { return nil }
        switch words[0] {
        case "push":
            let topic = words[1].split(separator: ".").first.map(String.init) ?? words[1]
            return publicTopics.contains(topic)
                ? StreamName("public/linear/\(words[1]).BTCUSDT")
                : StreamName("private/main/\(words[1])")
        case "reply":
            let isPublic =
                words[1].hasPrefix("/v5/market/") || publicCombinations.contains(words[1])
            return StreamName("rest/\(isPublic ? "public" : "main")/GET\(words[1])")
        default: return nil
        }
    }

    /// A decimal, or a text whose name says that it may be an amount.
    private static func mayBeAmount(_ field: ExpectedFields.Field) -> Bool {
        if field.name == "[]" || field.name == "*" { return false }
        if field.types.contains("d") { return true }
        let name = field.name.lowercased()
        return field.types.contains("s")
            && ["qty", "size", "value", "amount", "fee", "pnl"].contains { name.contains($0) }
    }

    @Test func `of each decimal of the exchange it is known whether it is an amount`() {
        var left = Self.noAmounts
        var amounts: Set<String> = []
        // Volatilities are called values.
        for kind in ExpectedFields.all where !kind.name.hasSuffix("/historical-volatility") {
            guard let stream = Self.stream(kind.name) else { continue }
            let fields = AmountFields(stream.kind)
            for object in kind.objects {
                for field in object.fields where Self.mayBeAmount(field) {
                    if fields?.has(field.name, in: "", column: nil) ?? false {
                        amounts.insert(field.name)
                    } else {
                        #expect(Self.noAmounts.contains(field.name), "\(kind.name) \(field.name)")
                        left.remove(field.name)
                    }
                }
            }
        }
        #expect(left.isEmpty, "\(left.sorted())")
        #expect(amounts.intersection(Self.noAmounts).isEmpty)
        let missed = ["position", "postOnlyMaxLimitOrderSize", "filledPositionValue"]
        #expect(amounts.isSuperset(of: missed) && amounts.count > 80, "\(amounts.count)")
    }
}

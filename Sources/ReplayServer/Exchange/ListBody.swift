import Market
import Simulation

/// Bodies of the list endpoints that no client of ours reads, and other people's do.
///
/// - Source: fields and their JSON types of `market/tickers`, `kline`, `recent-trade`, `account/fee-rate`,
///   `account/info`, `user/query-api`, `asset/coin/query-info`.
enum ListBody {
    static func tickers(
        _ rows: [(id: InstrumentID, ticker: TickerUpdate)],
        _ category: Category,
        time: Int64
    ) -> [UInt8] {
        list(category, time: time) { json in
            for row in rows {
                json.object { json in
                    json.field("symbol", row.id.symbol.description)
                    ticker(row.ticker, isSpot: category == .spot, &json)
                }
            }
        }
    }

    /// A spot row is told from a contract's by the fields that it does not have.
    private static func ticker(
        _ ticker: TickerUpdate,
        isSpot: Bool,
        _ json: inout JSONWriter
    ) {
        json.field("bid1Price", text(ticker.bidPrice))
        json.field("bid1Size", text(ticker.bidSize))
        json.field("ask1Price", text(ticker.askPrice))
        json.field("ask1Size", text(ticker.askSize))
        json.field("lastPrice", text(ticker.lastPrice))
        json.field("prevPrice24h", text(ticker.previousPrice24h))
        json.field("price24hPcnt", text(ticker.change24h))
        json.field("highPrice24h", text(ticker.highPrice24h))
        json.field("lowPrice24h", text(ticker.lowPrice24h))
        json.field("turnover24h", text(ticker.turnover24h))
        json.field("volume24h", text(ticker.volume24h))
        guard !isSpot else {
            return json.field("usdIndexPrice", text(ticker.value(.dollarIndexPrice)))
        }
        json.field("indexPrice", text(ticker.indexPrice))
        json.field("markPrice", text(ticker.markPrice))
        json.field("prevPrice1h", text(ticker.previousPrice24h))
        json.field("openInterest", text(ticker.openInterest))
        json.field("openInterestValue", text(value(ticker.openInterest, ticker.markPrice)))
        json.field("fundingRate", text(ticker.fundingRate))
        json.field("nextFundingTime", ticker.nextFundingTime.map { String($0) } ?? "")
        for name in ["predictedDeliveryPrice", "basisRate", "deliveryFeeRate", "basis"] {
            json.field(name, "")
        }
        json.field("deliveryTime", "0")
    }

    private static func value(_ size: Numeral?, _ price: Numeral?) -> Amount? {
        guard let size, let price, let amount = try? Amount(size) else { return nil }
        return try? amount.scaled(
            by: Int128(price.mantissa),
            over: PowerOfTen.int128(Int(price.decimals)),
            rounding: .halfEven
        )
    }

    private static func text(_ value: (some CustomStringConvertible)?) -> String {
        value.map(\.description) ?? ""
    }

    /// Rows of strings, newest first: start, open, high, low, close, volume, turnover.
    static func candles(_ rows: [Candle], _ id: InstrumentID, time: Int64) -> [UInt8] {
        list(id.category, symbol: id.symbol, time: time) { json in
            for row in rows {
                json.array { json in
                    json.value(String(row.startMilliseconds))
                    for price in [row.open, row.high, row.low, row.close] {
                        json.value(price.description)
                    }
                    json.value(row.volume.description)
                    json.value(row.turnover.description)
                }
            }
        }
    }

    static func trades(_ rows: [PublicTrade], _ category: Category, time: Int64) -> [UInt8] {
        list(category, time: time) { json in
            for row in rows {
                json.object { json in
                    json.field("execId", row.id)
                    json.field("symbol", row.symbol.description)
                    json.field("price", row.price.description)
                    json.field("size", row.size.description)
                    json.field("side", row.side.name)
                    json.field("time", String(row.timeMilliseconds))
                    json.field("isBlockTrade", row.isBlockTrade)
                    json.field("isRPITrade", false)
                    json.field("seq", String(row.crossSequence))
                }
            }
        }
    }

    static func feeRates(_ rows: [FeeRateRow], _ category: Category, time: Int64) -> [UInt8] {
        list(category, time: time) { json in
            for row in rows {
                json.object { json in
                    json.field("symbol", row.instrument.symbol.description)
                    json.field("takerFeeRate", row.takerRate.description)
                    json.field("makerFeeRate", row.makerRate.description)
                }
            }
        }
    }

    /// A unified account 2.0 with cross margin: what ccxt asks before its first private call.
    static func accountInfo(time: Int64) -> [UInt8] {
        envelope(time: time) { json in
            json.field("marginMode", "REGULAR_MARGIN")
            json.field("updatedTime", String(time))
            json.field("unifiedMarginStatus", 5)
            json.field("dcpStatus", "OFF")
            json.field("timeWindow", 10)
            json.field("smpGroup", 0)
            json.field("isMasterTrader", false)
            json.field("spotHedgingStatus", "OFF")
        }
    }

    /// - Parameter account: place of the key, from which a user id follows.
    static func apiKey(_ key: String, account: Int, time: Int64) -> [UInt8] {
        envelope(time: time) { json in
            json.field("id", String(account + 1))
            json.field("note", "loopback")
            json.field("apiKey", key)
            json.field("readOnly", 0)
            json.field("secret", "")
            json.field(
                "permissions",
                object: { json in
                    json.field("ContractTrade", texts: ["Order", "Position"])
                    json.field("Spot", texts: ["SpotTrade"])
                    for name in ["Wallet", "Options", "Derivatives", "Exchange"] {
                        json.field(name, texts: [])
                    }
                }
            )
            json.field("ips", texts: ["*"])
            json.field("type", 1)
            json.field("deadlineDay", 90)
            json.field("expiredAt", "2099-12-31T00:00:00Z")
            json.field("createdAt", "2025-01-01T00:00:00Z")
            json.field("unified", 0)
            json.field("uta", 1)
            json.field("userID", account + 1)
            json.field("vipLevel", "No VIP")
            json.field("mktMakerLevel", "0")
            json.field("rsaPublicKey", "")
            json.field("isMaster", true)
            json.field("parentUid", "0")
        }
    }

    /// No coin has a chain here: nothing is withdrawn from a simulation.
    static func coins(time: Int64) -> [UInt8] {
        envelope(time: time) { $0.field("rows", texts: []) }
    }

    private static func list(
        _ category: Category,
        symbol: Symbol? = nil,
        time: Int64,
        _ rows: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        envelope(time: time) { json in
            json.field("category", category.name)
            if let symbol { json.field("symbol", symbol.description) }
            json.field("list", array: rows)
            json.field("nextPageCursor", "")
        }
    }

    private static func envelope(
        time: Int64,
        _ result: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", 0)
            json.field("retMsg", "OK")
            json.field("result", object: result)
            json.field("retExtInfo", object: { _ in })
            json.field("time", time)
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func field(_ name: String, texts: [String]) {
        field(name, array: { json in for text in texts { json.value(text) } })
    }
}

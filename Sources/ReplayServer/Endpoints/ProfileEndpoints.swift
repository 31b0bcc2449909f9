import Bybit
import Market
import Simulation

/// What an account and its key are.
///
/// - Source: bybit-v5 §6.7.
enum ProfileEndpoints {
    static let all: [(path: String, handler: Route.Handler)] = [
        ("/v5/account/fee-rate", feeRates),
        ("/v5/account/info", account),
        ("/v5/account/query-dcp-info", disconnectProtection),
        ("/v5/account/instruments-info", instruments),
        ("/v5/user/query-api", key),
        ("/v5/asset/coin/query-info", coins),
    ]

    /// Of options one row a base coin.
    static func feeRates(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let id = try call.instrument(category)
        let coin = call.query["baseCoin"]
        let exchange = venue.driver.exchange
        var seen: Set<String> = []
        let rows = exchange.feeRates(call.account, category).filter { rate in
            guard let base = exchange.listing(rate.instrument)?.instrument.baseCoin,
                id == nil || id == rate.instrument, coin.isEmpty || coin == base
            else { return false }
            return category != .option || seen.insert(base).inserted
        }.map { rate -> Detail in
            var row = FeeRate()
            row.takerRate = rate.takerRate
            row.makerRate = rate.makerRate
            if category == .option {
                row.baseCoin = exchange.listing(rate.instrument)?.instrument.baseCoin ?? ""
            } else {
                row.symbol = rate.instrument.symbol.description
            }
            return .feeRate(row)
        }
        return Envelope.list(
            category == .option ? category : nil,
            cursor: nil,
            time: call.time,
            rows: rows
        )
    }

    /// A unified account 2.0 with cross margin: what ccxt asks before its first private call.
    static func account(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        Envelope.object(time: call.time) { json in
            json.field("marginMode", "REGULAR_MARGIN")
            json.field("updatedTime", String(call.time))
            json.field("unifiedMarginStatus", 5)
            json.field("dcpStatus", "OFF")
            json.field("timeWindow", 10)
            json.field("smpGroup", 0)
            json.field("isMasterTrader", false)
            json.field("spotHedgingStatus", "OFF")
        }
    }

    static func disconnectProtection(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        Envelope.object(message: "success", time: call.time) { json in
            json.field(
                "dcpInfos",
                array: { json in
                    for product in [ProtectedProduct.spot, .derivatives, .options] {
                        var row = DisconnectProtection()
                        row.product = product.rawValue
                        row.status = venue.guards.isArmed(product, call.account) ? "ON" : "OFF"
                        row.timeWindow = String(venue.guards.window(product, call.account))
                        json.row(.disconnectProtection(row))
                    }
                }
            )
        }
    }

    static func instruments(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        try MarketEndpoints.instruments(venue, call, isPersonal: true)
    }

    /// The place of the key is a user id.
    static func key(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        Envelope.object(message: "", time: call.time) { json in
            json.field("id", String(call.place + 1))
            json.field("note", "loopback")
            json.field("apiKey", venue.directory.entries[call.place].key)
            json.field("readOnly", 0)
            json.field("secret", "")
            json.field(
                "permissions",
                object: { json in
                    json.field("ContractTrade", texts: ["Order", "Position"])
                    json.field("Spot", texts: ["SpotTrade"])
                    json.field("Wallet", texts: [])
                    json.field("Options", texts: ["OptionsTrade"])
                    json.field("Derivatives", texts: ["DerivativesTrade"])
                    for name in [
                        "CopyTrading", "BlockTrade", "Exchange", "NFT", "Affiliate", "Earn",
                        "FiatP2P",
                        "FiatBybitPay", "FiatBitPay", "FiatConvertBroker", "ByXPost",
                    ] {
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
            json.field("userID", Int(call.account.index) + 1)
            json.field("inviterID", 0)
            json.field("vipLevel", "No VIP")
            json.field("mktMakerLevel", "0")
            json.field("affiliateID", 0)
            json.field("rsaPublicKey", "")
            json.field("isMaster", true)
            json.field("parentUid", "0")
            json.field("kycLevel", "LEVEL_DEFAULT")
            json.field("kycRegion", "")
            for name in ["userIDInt64", "inviterIDInt64", "affiliateIDInt64"] {
                json.field(name, "0")
            }
        }
    }

    /// Every coin of a listing; none has a chain, since nothing is withdrawn from a simulation.
    static func coins(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let wanted = call.query["coin"]
        let instruments = venue.driver.exchange.listings.map(\.instrument)
        let all = instruments.flatMap { [$0.baseCoin, $0.quoteCoin, $0.settleCoin] }
        var seen: Set<String> = []
        let coins = all.filter {
            !$0.isEmpty && (wanted.isEmpty || wanted == $0) && seen.insert($0).inserted
        }
        return Envelope.object(message: "success", time: call.time) { json in
            json.field(
                "rows",
                array: { json in
                    for coin in coins {
                        json.object { json in
                            json.field("name", coin)
                            json.field("coin", coin)
                            json.field("remainAmount", "10000000")
                            json.field("chains", array: { _ in })
                        }
                    }
                }
            )
        }
    }
}

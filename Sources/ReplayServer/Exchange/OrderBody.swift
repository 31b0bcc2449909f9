import Bybit
import JSON
import Market
import Simulation

/// Reads bodies of order entry beyond what our own desk sends: options of an order, batches, settings.
///
/// A wish that the exchange here does not know is refused, never ignored: an order without its trigger or exit would be
/// another order.
enum OrderBody {
    static func read<Value>(
        _ body: [UInt8],
        _ take: (JSONValue) throws(RequestError) -> Value
    ) -> Result<Value, RequestError> {
        let parser = JSONParser()
        return body.withUnsafeBytes { bytes in
            do {
                return .success(try take(try parser.root(bytes)))
            } catch let error as RequestError {
                return .failure(error)
            } catch {
                return .failure(invalid("body \(error)"))
            }
        }
    }

    private static func invalid(_ what: String) -> RequestError {
        RequestError(code: 10_001, message: "params error: \(what)")
    }

    // MARK: - Fields

    private static func numeral(
        _ root: JSONValue,
        _ name: String
    ) throws(RequestError) -> Numeral? {
        guard let found = root[name], !found.isNull else { return nil }
        let text =
            found.string ?? (found.isNumber ? String(decoding: found.raw, as: UTF8.self) : nil)
        guard let text else { throw invalid("\(name) invalid") }
        if text.isEmpty { return nil }
        guard let numeral = try? Numeral(text: text) else { throw invalid("\(name) invalid") }
        return numeral
    }

    private static func word<Word: RawRepresentable<String>>(
        _ root: JSONValue,
        _ name: String,
        _ usual: Word
    ) throws(RequestError) -> Word {
        let text = root[name]?.string ?? ""
        if text.isEmpty { return usual }
        guard let word = Word(rawValue: text) else { throw invalid("\(name) invalid") }
        return word
    }

    private static func text(_ root: JSONValue, _ name: String) -> String {
        root[name]?.string ?? ""
    }

    static func symbol(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> InstrumentID {
        guard let symbol = Symbol(text(root, "symbol")) else { throw invalid("symbol invalid") }
        return InstrumentID(category, symbol)
    }

    static func symbolIfAny(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> InstrumentID? {
        text(root, "symbol").isEmpty ? nil : try symbol(root, category)
    }

    static func category(_ root: JSONValue) throws(RequestError) -> Market.Category {
        guard let category = Market.Category(name: text(root, "category")) else {
            throw RequestError(code: 10_001, message: "Illegal category")
        }
        return category
    }

    // MARK: - Orders

    static func options(_ root: JSONValue) throws(RequestError) -> OrderOptions {
        for name in ["slippageTolerance", "bboSideType", "orderIv"] where !text(root, name).isEmpty
        {
            throw invalid("\(name) is not available here")
        }
        if root["isLeverage"]?.int == 1 || root["mmp"]?.bool == true {
            throw invalid("isLeverage and mmp are not available here")
        }
        var options = OrderOptions()
        options.positionIndex = root["positionIdx"]?.int ?? 0
        options.closeOnTrigger = root["closeOnTrigger"]?.bool ?? false
        options.triggerPrice = try numeral(root, "triggerPrice")
        options.triggerDirection = root["triggerDirection"]?.int ?? 0
        options.triggerBy = try word(root, "triggerBy", TriggerSource.last)
        options.selfMatch = try word(root, "smpType", SelfMatchPrevention.none)
        options.filter = try word(root, "orderFilter", OrderFilter.order)
        options.exitMode = try word(root, "tpslMode", ExitMode.full)
        options.takeProfit = try exit(root, "takeProfit", "tp")
        options.stopLoss = try exit(root, "stopLoss", "sl")
        switch text(root, "marketUnit") {
        case "": break
        case "baseCoin": options.isQuoteQuantity = false
        case "quoteCoin": options.isQuoteQuantity = true
        default: throw invalid("marketUnit invalid")
        }
        return options
    }

    /// - Parameter isChange: an amendment says a limit by its price alone.
    private static func exit(
        _ root: JSONValue,
        _ name: String,
        _ prefix: String,
        isChange: Bool = false
    ) throws(RequestError) -> ExitTerms? {
        guard let price = try numeral(root, name) else { return nil }
        let limit = try numeral(root, prefix + "LimitPrice")
        let isLimit =
            text(root, prefix + "OrderType") == "Limit" || isChange && limit?.isZero == false
        if isLimit, limit == nil { throw invalid("\(prefix)LimitPrice is required") }
        return ExitTerms(
            price: price,
            by: try word(root, prefix + "TriggerBy", TriggerSource.last),
            limit: isLimit ? limit : nil
        )
    }

    static func amendOptions(_ root: JSONValue) throws(RequestError) -> AmendOptions {
        if !text(root, "orderIv").isEmpty { throw invalid("orderIv is not available here") }
        for (name, prefix) in [("takeProfit", "tp"), ("stopLoss", "sl")] {
            guard try numeral(root, name) == nil else { continue }
            for word in [prefix + "TriggerBy", prefix + "LimitPrice"] where root[word] != nil {
                guard text(root, word).isEmpty else {
                    throw invalid("\(word) without \(name) is not available here")
                }
            }
        }
        var options = AmendOptions()
        options.triggerPrice = try numeral(root, "triggerPrice")
        if !text(root, "triggerBy").isEmpty {
            options.triggerBy = try word(root, "triggerBy", TriggerSource.last)
        }
        options.takeProfit = try exit(root, "takeProfit", "tp", isChange: true)
        options.stopLoss = try exit(root, "stopLoss", "sl", isChange: true)
        return options
    }

    /// `nil` for kinds of orders that this exchange does not take: it has none to cancel.
    static func cancelAllFilter(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> CancelAllFilter? {
        let kind = text(root, "orderFilter")
        if category == .spot, kind == "OcoOrder" || kind == "BidirectionalTpslOrder" { return nil }
        var filter = CancelAllFilter()
        filter.baseCoin = text(root, "baseCoin")
        filter.settleCoin = text(root, "settleCoin")
        if !text(root, "orderFilter").isEmpty {
            filter.filter = try word(root, "orderFilter", OrderFilter.order)
        }
        filter.stopOrderType = text(root, "stopOrderType")
        return filter
    }

    // MARK: - Batches

    /// The items of a batch, each read on its own: one that cannot be read has an answer of its own.
    static func items<Item>(
        _ root: JSONValue,
        _ take: (JSONValue, Market.Category) throws(RequestError) -> Item
    ) throws(RequestError) -> Batch<Item> {
        let category = try category(root)
        guard let list = root["request"], list.isArray else { throw invalid("request invalid") }
        guard list.count <= SimulatedExchange.batchMax(category), list.count > 0 else {
            throw invalid("request has \(list.count) items")
        }
        var items: [BatchItem<Item>] = []
        for element in list.elements {
            let read: Result<Item, RequestError>
            do throws(RequestError) {
                read = .success(try take(element, category))
            } catch {
                read = .failure(error)
            }
            items.append(
                BatchItem(
                    symbol: text(element, "symbol"),
                    orderLinkID: text(element, "orderLinkId"),
                    request: read
                )
            )
        }
        return Batch(category: category, items: items)
    }

    static func order(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> (OrderRequest, OrderOptions) {
        guard let side = Side(name: text(root, "side")) else { throw invalid("side invalid") }
        guard let quantity = try numeral(root, "qty") else { throw invalid("qty is missing") }
        let timeInForce = text(root, "timeInForce")
        let request = OrderRequest(
            instrument: try symbol(root, category),
            orderLinkID: text(root, "orderLinkId"),
            side: side,
            type: OrderType(name: text(root, "orderType")),
            timeInForce: timeInForce.isEmpty ? .goodTillCancelled : TimeInForce(name: timeInForce),
            quantity: quantity,
            price: try numeral(root, "price"),
            reduceOnly: root["reduceOnly"]?.bool ?? false
        )
        return (request, try options(root))
    }

    static func amend(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> (AmendRequest, AmendOptions) {
        let request = AmendRequest(
            instrument: try symbol(root, category),
            orderLinkID: text(root, "orderLinkId"),
            orderID: text(root, "orderId"),
            quantity: try numeral(root, "qty"),
            price: try numeral(root, "price")
        )
        guard !request.orderID.isEmpty || !request.orderLinkID.isEmpty else {
            throw invalid("orderId or orderLinkId is required")
        }
        return (request, try amendOptions(root))
    }

    static func cancel(
        _ root: JSONValue,
        _ category: Market.Category
    ) throws(RequestError) -> CancelRequest {
        let request = CancelRequest(
            instrument: try symbol(root, category),
            orderLinkID: text(root, "orderLinkId"),
            orderID: text(root, "orderId")
        )
        guard !request.orderID.isEmpty || !request.orderLinkID.isEmpty else {
            throw invalid("orderId or orderLinkId is required")
        }
        return request
    }

    // MARK: - Settings

    static func leverage(
        _ root: JSONValue
    ) throws(RequestError) -> (instrument: InstrumentID, leverage: Numeral) {
        let id = try symbol(root, try category(root))
        guard let buy = try numeral(root, "buyLeverage"),
            let sell = try numeral(root, "sellLeverage"),
            buy == sell
        else { throw invalid("buyLeverage and sellLeverage must be equal") }
        return (id, buy)
    }

    static func mode(
        _ root: JSONValue
    ) throws(RequestError) -> (hedged: Bool, instrument: InstrumentID?, coin: String) {
        let category = try category(root)
        guard let mode = root["mode"]?.int, mode == 0 || mode == 3 else {
            throw invalid("mode invalid")
        }
        let coin = text(root, "coin")
        if !text(root, "symbol").isEmpty { return (mode == 3, try symbol(root, category), coin) }
        guard !coin.isEmpty else { throw invalid("symbol or coin is required") }
        return (mode == 3, nil, coin)
    }

    static func tradingStop(_ root: JSONValue) throws(RequestError) -> TradingStop {
        var stop = TradingStop(instrument: try symbol(root, try category(root)))
        stop.positionIndex = root["positionIdx"]?.int ?? 0
        stop.mode = try word(root, "tpslMode", ExitMode.full)
        stop.takeProfit = try exit(root, "takeProfit", "tp")
        stop.stopLoss = try exit(root, "stopLoss", "sl")
        stop.trailingStop = try numeral(root, "trailingStop")
        stop.activePrice = try numeral(root, "activePrice")
        let sizes = (try numeral(root, "tpSize"), try numeral(root, "slSize"))
        if let first = sizes.0, let second = sizes.1, first != second {
            throw invalid("tpSize and slSize must be equal")
        }
        stop.quantity = sizes.0 ?? sizes.1
        return stop
    }

    static func marginMode(_ root: JSONValue) throws(RequestError) -> String {
        text(root, "setMarginMode")
    }
}

/// A batch as it was asked for.
struct Batch<Item> {
    var category: Market.Category
    var items: [BatchItem<Item>]
}

struct BatchItem<Item> {
    var symbol: String
    var orderLinkID: String
    var request: Result<Item, RequestError>
}

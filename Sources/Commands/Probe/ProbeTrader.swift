import Bybit
import JSON
import Live
import Market

/// The smallest orders that show what the exchange does with them: rest, amend and cancel by both ways, post-only cross, fill, reduce-only
/// close, TP/SL, and a combination where one is offered.
///
/// Each has a client order id that begins with `probe-`. Whatever fails, what was opened is cancelled and closed at the end,
/// and what cannot be is said.
struct ProbeTrader {
    struct Step: Sendable {
        var name: String
        var isDone: Bool
        var words: String
    }

    private let session: Session
    private let symbol: Symbol
    private let combination: Symbol?
    private let mark: String
    private var number = 0
    private(set) var steps: [Step] = []

    /// Price and quantity steps of an instrument, and its touch.
    private struct Terms {
        var tick: Numeral
        var step: Numeral
        var quantity: Numeral
        var bid: Numeral
        var ask: Numeral
    }

    init(_ session: Session, _ symbol: Symbol, _ combination: Symbol?, mark: String) {
        self.session = session
        self.symbol = symbol
        self.combination = combination
        self.mark = mark
    }

    mutating func run() async {
        guard let market = await market() else {
            return steps.append(
                Step(name: "market", isDone: false, words: "no instrument or book of \(symbol)")
            )
        }
        let low = ProbeTrader.part(market.bid, 90, market.tick)
        let lower = ProbeTrader.part(market.bid, 89, market.tick)
        let resting = link()
        await step(
            "rest",
            "/v5/order/create",
            order(resting, "Buy", market, price: low, "PostOnly")
        )
        await step("amend", "/v5/order/amend", ids(resting) + #","price":"\#(lower)"}"#)
        await step("cancel", "/v5/order/cancel", ids(resting) + "}")
        await bySocket(market, low, lower)
        let crossing = ProbeTrader.part(market.ask, 101, market.tick)
        await step(
            "post-only cross",
            "/v5/order/create",
            order(link(), "Buy", market, price: crossing, "PostOnly")
        )
        await step("fill", "/v5/order/create", order(link(), "Buy", market, price: nil, "IOC"))
        await exits(market)
        await step(
            "reduce-only close",
            "/v5/order/create",
            order(link(), "Sell", market, price: nil, "IOC", reduces: true)
        )
        if let combination { await combine(combination) }
        await end()
    }

    private mutating func link() -> String {
        number += 1
        return "probe-\(mark)-\(number)"
    }

    private func ids(_ link: String) -> String {
        #"{"category":"linear","symbol":"\#(symbol)","orderLinkId":"\#(link)""#
    }

    private func order(
        _ link: String,
        _ side: String,
        _ market: Terms,
        price: Numeral?,
        _ timeInForce: String,
        reduces: Bool = false
    ) -> String {
        var body =
            ids(link) + #","side":"\#(side)","orderType":"\#(price == nil ? "Market" : "Limit")""#
        body += #","qty":"\#(market.quantity)","timeInForce":"\#(timeInForce)""#
        if let price { body += #","price":"\#(price)""# }
        if reduces { body += #","reduceOnly":true"# }
        return body + "}"
    }

    /// The same once more by the trade socket, where the environment has one.
    private mutating func bySocket(_ market: Terms, _ low: Numeral, _ lower: Numeral) async {
        let resting = link()
        for (name, path, body) in [
            ("rest", "create", order(resting, "Buy", market, price: low, "PostOnly")),
            ("amend", "amend", ids(resting) + #","price":"\#(lower)"}"#),
            ("cancel", "cancel", ids(resting) + "}"),
        ] {
            let request = ProbePlan.post("/v5/order/" + path, body)
            guard let answer = await session.carryBySocket(request, key: resting) else { return }
            await note("trade socket: " + name, answer)
        }
    }

    private mutating func exits(_ market: Terms) async {
        let profit = ProbeTrader.part(market.ask, 110, market.tick)
        let stop = ProbeTrader.part(market.bid, 90, market.tick)
        let head = #"{"category":"linear","symbol":"\#(symbol)","tpslMode":"Full","positionIdx":0"#
        let path = "/v5/position/trading-stop"
        await step("TP/SL", path, head + #","takeProfit":"\#(profit)","stopLoss":"\#(stop)"}"#)
        await step("TP/SL taken back", path, head + #","takeProfit":"0","stopLoss":"0"}"#)
    }

    private mutating func combine(_ combination: Symbol) async {
        let list = await session.carry(
            ProbePlan.request("/v5/spread/instrument", Query("symbol", "\(combination)").text)
        )
        let book = await session.carry(
            ProbePlan.request("/v5/spread/orderbook", Query("symbol", "\(combination)").text)
        )
        let parser = JSONParser()
        guard
            let (tick, size) = try? parser.read(
                list.body,
                { root -> (Numeral, Numeral)? in
                    let row = root["result"]?["list"]?[0]
                    guard let tick = ProbeTrader.numeral(row?["tickSize"]),
                        let size = ProbeTrader.numeral(row?["minSize"])
                    else { return nil }
                    return (tick, size)
                }
            ),
            let bid = try? parser.read(
                book.body,
                { root -> Numeral? in
                    ProbeTrader.numeral(root["result"]?["b"]?[0]?[0])
                }
            )
        else {
            return steps.append(
                Step(name: "combination", isDone: false, words: "no book of \(combination)")
            )
        }
        // Far below: ten thousand ticks, since a price of a combination may be nought or less.
        let price = ProbeTrader.moved(bid, -10_000, tick)
        let name = link()
        let head = #"{"symbol":"\#(combination)","orderLinkId":"\#(name)""#
        await step(
            "combination rests",
            "/v5/spread/order/create",
            head
                + #","side":"Buy","orderType":"Limit","qty":"\#(size)","price":"\#(price)","timeInForce":"PostOnly"}"#
        )
        await step("combination cancelled", "/v5/spread/order/cancel", head + "}")
    }

    /// Nothing of the probe's may stay.
    private mutating func end() async {
        let query = Query(.linear).with("symbol", "\(symbol)").text
        let open = await session.carry(ProbePlan.request("/v5/order/realtime", query))
        let links = try? JSONParser().read(open.body) { root in
            root["result"]?["list"]?.elements.compactMap { $0["orderLinkId"]?.string } ?? []
        }
        for link in links ?? [] where link.hasPrefix("probe-\(mark)-") {
            _ = await session.carry(ProbePlan.post("/v5/order/cancel", ids(link) + "}"))
        }
        let positions = await session.carry(ProbePlan.request("/v5/position/list", query))
        let size = try? JSONParser().read(positions.body) { root -> String in
            let rows = root["result"]?["list"]?.elements.map { $0["size"]?.string ?? "" } ?? []
            return rows.first { $0.contains { $0 != "0" && $0 != "." } } ?? ""
        }
        let isFlat = size?.isEmpty == true
        steps.append(
            Step(
                name: "nothing left",
                isDone: isFlat,
                words: isFlat
                    ? ""
                    : "a position of \(size ?? "unknown size") in \(symbol) stands; it may be one of before. Look at it"
            )
        )
    }

    // MARK: - Requests

    private mutating func step(_ name: String, _ path: String, _ body: String) async {
        await note(name, await session.carry(ProbePlan.post(path, body)))
    }

    private mutating func note(_ name: String, _ answer: SessionAnswer) async {
        steps.append(
            Step(
                name: name,
                isDone: answer.isSuccess,
                words: answer.isSuccess ? "" : "\(answer.code) \(answer.message)"
            )
        )
        // What follows on the private socket is to be there before the next.
        try? await Task.sleep(for: .milliseconds(700))
    }

    private func market() async -> Terms? {
        let query = Query(.linear).with("symbol", "\(symbol)").text
        let list = await session.carry(ProbePlan.request("/v5/market/instruments-info", query))
        let book = await session.carry(ProbePlan.request("/v5/market/orderbook", query))
        let parser = JSONParser()
        let sizes = try? parser.read(list.body) { root -> (Numeral, Numeral, Numeral, Numeral)? in
            let row = root["result"]?["list"]?[0]
            let lots = row?["lotSizeFilter"]
            guard let tick = ProbeTrader.numeral(row?["priceFilter"]?["tickSize"]),
                let step = ProbeTrader.numeral(lots?["qtyStep"]),
                let least = ProbeTrader.numeral(lots?["minOrderQty"])
            else { return nil }
            return (tick, step, least, ProbeTrader.numeral(lots?["minNotionalValue"]) ?? .zero)
        }
        let touch = try? parser.read(book.body) { root -> (Numeral, Numeral)? in
            guard let bid = ProbeTrader.numeral(root["result"]?["b"]?[0]?[0]),
                let ask = ProbeTrader.numeral(root["result"]?["a"]?[0]?[0])
            else { return nil }
            return (bid, ask)
        }
        guard let sizes = sizes ?? nil, let touch = touch ?? nil else { return nil }
        let (tick, step, least, value) = sizes
        // At the lowest price of an order here the value must still be enough.
        let price = ProbeTrader.part(touch.0, 89, tick)
        var quantity = least
        while ProbeTrader.isBelow(quantity, price, value) {
            quantity = ProbeTrader.moved(quantity, 1, step)
        }
        return Terms(tick: tick, step: step, quantity: quantity, bid: touch.0, ask: touch.1)
    }

    private static func isBelow(_ quantity: Numeral, _ price: Numeral, _ value: Numeral) -> Bool {
        let product = Int128(quantity.mantissa) * Int128(price.mantissa)
        // Both sides with the decimals of all three, which at most eighteen digits each leave room for.
        let shift = Int(quantity.decimals) + Int(price.decimals) - Int(value.decimals)
        var left = product
        var right = Int128(value.mantissa)
        for _ in 0..<max(0, shift) {
            right = right.multipliedReportingOverflow(by: 10).partialValue
        }
        for _ in 0..<max(0, -shift) { left = left.multipliedReportingOverflow(by: 10).partialValue }
        return left < right
    }

    private static func numeral(_ value: JSONValue?) -> Numeral? {
        guard let value, value.isString else { return nil }
        return try? Numeral(text: value.raw)
    }

    /// So many percent of a price, on a tick.
    private static func part(_ price: Numeral, _ percent: Int64, _ tick: Numeral) -> Numeral {
        let decimals = Int(max(price.decimals, tick.decimals))
        guard let units = try? price.units(decimals: decimals),
            let step = try? tick.units(decimals: decimals), step > 0
        else { return price }
        return Numeral(mantissa: units / 100 * percent / step * step, decimals: UInt8(decimals))
    }

    private static func moved(_ number: Numeral, _ count: Int64, _ step: Numeral) -> Numeral {
        let decimals = Int(max(number.decimals, step.decimals))
        guard let units = try? number.units(decimals: decimals),
            let size = try? step.units(decimals: decimals)
        else { return number }
        return Numeral(mantissa: units + count * size, decimals: UInt8(decimals))
    }
}

public import Market

extension MessageWriter {
    /// A push of a topic whose rows are details: `allLiquidation.…`, `priceLimit.…`, `greeks`, `spread.order` and so on.
    ///
    /// - Parameters:
    ///   - topic: the whole topic, with its symbol or coin.
    ///   - type: `snapshot` or `delta`, of the public topics that have one.
    ///   - id: the message's id; empty leaves it out.
    ///   - time: `ts` of a public topic, `creationTime` of a private one; Unix milliseconds.
    ///   - isPrivate: whether the frame has `creationTime`.
    public mutating func details(
        _ details: [Detail],
        topic: String,
        type: String = "snapshot",
        id: String = "",
        isPrivate: Bool,
        time: Int64
    ) {
        out.form = .push
        out.beginObject()
        out.text("topic", topic)
        if !id.isEmpty { out.text("id", id) }
        if isPrivate {
            out.integer("creationTime", time)
        } else {
            if !topic.hasPrefix("priceLimit."), topic != "system.status" { out.text("type", type) }
            out.integer("ts", time)
        }
        if topic.hasPrefix("priceLimit."), let only = details.first {
            out.beginObject("data")
            only.writeFields(to: &out)
            out.endObject()
        } else {
            out.beginArray("data")
            for detail in details { detail.write(to: &out) }
            out.endArray()
        }
        out.endObject()
    }

    /// One row as it stands in the `list` of a reply.
    public mutating func listRow(_ detail: Detail) {
        out.form = .list
        detail.write(to: &out)
        out.form = .push
    }
}

extension Detail {
    func write(to out: inout WireWriter) {
        if case .candle(let row) = self { return row.write(to: &out) }
        out.beginObject()
        writeFields(to: &out)
        out.endObject()
    }

    func writeFields(to out: inout WireWriter) {
        switch self {
        case .liquidation(let row): row.write(to: &out)
        case .priceLimit(let row): row.write(to: &out)
        case .insurance(let row): row.write(to: &out)
        case .deleveraging(let row): row.write(to: &out)
        case .systemStatus(let row): row.write(to: &out)
        case .ticker(let row):
            TickerMessage.write(row.ticker, category: .linear, symbol: row.symbol, to: &out)
        case .instrumentFacts(let row): row.write(to: &out)
        case .candle: break
        case .fundingRate(let row): row.write(to: &out)
        case .openInterest(let row): row.write(to: &out)
        case .riskLimit(let row): row.write(to: &out)
        case .deliveryPrice(let row): row.write(to: &out)
        case .accountRatio(let row): row.write(to: &out)
        case .volatility(let row): row.write(to: &out)
        case .fastExecution(let row): row.write(to: &out)
        case .greeks(let row): row.write(to: &out)
        case .strategyOrder(let row): row.write(to: &out)
        case .spreadOrder(let row): row.write(to: &out)
        case .spreadExecution(let row): row.write(to: &out)
        case .acceptedOrder(let row): row.write(to: &out)
        case .preCheck(let row): row.write(to: &out)
        case .closedPnL(let row): row.write(to: &out)
        case .closedOption(let row): row.write(to: &out)
        case .symbolLeverage(let row): row.write(to: &out)
        case .feeRate(let row): row.write(to: &out)
        case .account(let row): row.write(to: &out)
        case .disconnectProtection(let row): row.write(to: &out)
        case .key(let row): row.write(to: &out)
        case .coin(let row): row.write(to: &out)
        case .delivery(let row): row.write(to: &out)
        case .settlement(let row): row.write(to: &out)
        case .marginMode(let row): row.write(to: &out)
        case .spreadInstrument(let row): row.write(to: &out)
        case .spreadQuantityMax(let row): row.write(to: &out)
        }
    }
}

import Market

/// What an event says, line by line, for people to read and tests to compare.
func lines(of event: Event) -> [String] {
    var lines = ["kind \(event.kind)"]
    if event.kind == .none || event.kind == .unknown { return lines }
    lines.append("category \(event.category.name)")
    if !event.symbol.isNone { lines.append("symbol \(event.symbol)") }
    if event.exchangeMilliseconds != 0 { lines.append("at \(event.exchangeMilliseconds)") }
    switch event.kind {
    case .book, .improvementBook: lines += bookLines(event.book)
    case .ticker: lines += tickerLines(event.ticker)
    case .acknowledgement, .pong:
        let answer = event.acknowledgement
        lines.append(
            "\(answer.operation) success \(answer.isSuccess) id '\(answer.requestID)' '\(answer.message)'"
        )
    case .reply:
        lines += replyLines(event.reply)
        if !event.book.bids.isEmpty { lines += bookLines(event.book) }
    case .link:
        lines.append(
            "\(event.link.socket) \(event.link.change) \(event.link.count) '\(event.link.reason)'"
        )
    case .timer: lines.append("\(event.timer.strategy) \(event.timer.name) \(event.timer.due)")
    case .operatorRequest:
        lines.append("\(event.operatorRequest.verb) '\(event.operatorRequest.reason)'")
    default: break
    }
    for trade in event.trades {
        lines.append(
            "trade \(trade.symbol) \(trade.side) \(trade.price) x \(trade.size) \(trade.timeMilliseconds) \(trade.id)"
                + " seq \(trade.crossSequence) block \(trade.isBlockTrade) \(trade.tickDirection)"
                + (trade.isRPI ? " rpi" : "") + (trade.terms.map { " \($0)" } ?? "")
        )
    }
    for candle in event.candles {
        lines.append(
            "candle \(candle.interval) \(candle.startMilliseconds)...\(candle.endMilliseconds) "
                + "\(candle.open) \(candle.high) \(candle.low) \(candle.close) volume \(candle.volume)"
                + " turnover \(candle.turnover) confirmed \(candle.isConfirmed) \(candle.timeMilliseconds)"
        )
    }
    lines += event.orders.map(orderLine) + event.executions.map(executionLine)
    lines += event.positions.map(positionLine) + event.wallets.map(walletLine)
    lines += event.instruments.map(instrumentLine) + event.transactions.map(transactionLine)
    for detail in event.details {
        if case .ticker(let row) = detail {
            lines.append("ticker \(row.symbol)")
            lines += tickerLines(row.ticker)
        } else {
            lines.append("\(detail)")
        }
    }
    lines += event.findings.map { "finding \($0)" }
    return lines
}

private func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "-" }

private func bookLines(_ book: BookUpdate) -> [String] {
    [
        "\(book.isSnapshot ? "snapshot" : "delta") depth \(book.depth) u \(book.updateID)"
            + " seq \(book.crossSequence) match \(book.matchTimeMilliseconds)"
    ] + book.bids.map { "bid \($0.price) x \($0.size)" }
        + book.asks.map { "ask \($0.price) x \($0.size)" }
        + book.bidImprovements.map { "bid improvement \($0)" }
        + book.askImprovements.map { "ask improvement \($0)" }
}

private func tickerLines(_ ticker: TickerUpdate) -> [String] {
    [
        "\(ticker.isSnapshot ? "snapshot" : "delta") last \(text(ticker.lastPrice))"
            + " mark \(text(ticker.markPrice)) index \(text(ticker.indexPrice))"
            + " bid \(text(ticker.bidPrice)) x \(text(ticker.bidSize))"
            + " ask \(text(ticker.askPrice)) x \(text(ticker.askSize))",
        "funding \(text(ticker.fundingRate)) next \(text(ticker.nextFundingTime))"
            + " open interest \(text(ticker.openInterest)) high \(text(ticker.highPrice24h))"
            + " low \(text(ticker.lowPrice24h)) previous \(text(ticker.previousPrice24h))"
            + " change \(text(ticker.change24h)) volume \(text(ticker.volume24h))"
            + " turnover \(text(ticker.turnover24h)) \(text(ticker.tickDirection))"
            + " seq \(ticker.crossSequence)",
    ] + otherLines(ticker)
}

private func otherLines(_ ticker: TickerUpdate) -> [String] {
    var lines = ticker.others.map { "\($0.field) \($0.value)" }
    if let time = ticker.deliveryTime { lines.append("delivery \(time)") }
    if let phase = ticker.preListingPhase { lines.append("phase \(phase)") }
    let cleared = TickerField.allCases.filter { ticker.cleared.contains(TickerFields($0)) }
    if !cleared.isEmpty {
        lines.append("cleared " + cleared.map { "\($0)" }.joined(separator: " "))
    }
    return lines
}

private func replyLines(_ reply: Reply) -> [String] {
    [
        "\(reply.endpoint) \(reply.outcome.rawValue) http \(reply.httpStatus) code \(reply.code) '\(reply.message)'",
        "order '\(reply.orderID)' link '\(reply.orderLinkID)' cursor '\(reply.nextPageCursor)'"
            + " query '\(reply.query)' sent \(reply.sent) received \(reply.received)"
            + (reply.serverTime == .zero ? "" : " clock \(reply.serverTime)"),
    ]
}

private func orderLine(_ order: OrderUpdate) -> String {
    "order \(order.instrument) \(order.orderID) '\(order.orderLinkID)' \(order.side.name) \(order.type.name)"
        + " \(order.timeInForce.name) \(order.status.name) \(text(order.price)) x \(order.quantity)"
        + " average \(text(order.averagePrice)) leaves \(text(order.leavesQuantity))"
        + " filled \(order.filledQuantity) value \(order.filledValue) fee \(order.filledFee)"
        + " \(order.rejectReason) \(order.cancelType) reduce \(order.reduceOnly)"
        + " index \(order.positionIndex) \(order.createdMilliseconds) \(order.updatedMilliseconds)"
}

private func executionLine(_ row: ExecutionReport) -> String {
    "execution \(row.instrument) \(row.executionID) \(row.type.name) \(row.orderID) '\(row.orderLinkID)'"
        + " \(row.side.name) \(row.price) x \(row.quantity) value \(row.value) fee \(row.fee)"
        + " rate \(text(row.feeRate)) \(row.feeCoin) realised \(text(row.realisedPnL))"
        + " closed \(text(row.closedQuantity)) maker \(row.isMaker) leaves \(text(row.leavesQuantity))"
        + " order \(text(row.orderPrice)) x \(text(row.orderQuantity)) \(row.orderType.name)"
        + " mark \(text(row.markPrice)) \(row.timeMilliseconds) seq \(row.crossSequence)"
}

private func positionLine(_ row: PositionUpdate) -> String {
    "position \(row.instrument) index \(row.positionIndex) \(row.side?.name ?? "flat") \(row.size)"
        + " entry \(text(row.entryPrice))\(row.sessionPrice.map { " session \($0)" } ?? "") value \(text(row.positionValue)) mark \(text(row.markPrice))"
        + " unrealised \(text(row.unrealisedPnL)) current \(text(row.currentRealisedPnL))"
        + " cumulative \(text(row.cumulativeRealisedPnL)) leverage \(text(row.leverage))"
        + " \(row.createdMilliseconds) \(row.updatedMilliseconds) seq \(row.crossSequence)"
}

private func walletLine(_ row: WalletUpdate) -> String {
    "wallet \(row.coin) \(row.walletBalance) equity \(text(row.equity))"
        + " unrealised \(text(row.unrealisedPnL)) cumulative \(text(row.cumulativeRealisedPnL))"
        + " locked \(text(row.locked))"
}

private func instrumentLine(_ row: Instrument) -> String {
    let scale = row.scale
    return "instrument \(row.id) \(row.baseCoin) \(row.quoteCoin) \(row.settleCoin) \(row.status)"
        + " '\(row.contractType)' tick \(scale.numeral(row.tickSize))"
        + " step \(scale.numeral(row.quantityStep)) least \(text(row.quantityMin.map(scale.numeral)))"
        + " most \(text(row.quantityMax.map(scale.numeral)))"
        + " market \(text(row.marketQuantityMax.map(scale.numeral))) value \(text(row.valueMin))"
        + " price \(text(row.priceMin.map(scale.numeral)))...\(text(row.priceMax.map(scale.numeral)))"
        + " funding \(text(row.fundingIntervalMinutes)) delivery \(row.deliveryTime.milliseconds)"
}

private func transactionLine(_ row: TransactionRow) -> String {
    "transaction \(row.id) \(row.type) \(row.category?.name ?? "-") '\(row.symbol)' \(row.coin)"
        + " '\(row.orderID)' '\(row.orderLinkID)' '\(row.tradeID)' \(text(row.quantity))"
        + " at \(text(row.tradePrice)) cash \(row.cashFlow) funding \(row.funding) fee \(row.fee)"
        + " change \(row.change) balance \(row.balance) \(row.timeMilliseconds)"
}

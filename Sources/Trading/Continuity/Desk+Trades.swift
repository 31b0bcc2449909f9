import Market

/// Public trades, and those that were missed: what a lost connection did not bring is looked for in the list of recent
/// trades, as far as that reaches.
///
/// The list is a record, so that what was missed stands in the recording. Strategies are not told of it: a trade of
/// before is no news, and ``Desk/lastTrade(_:)`` is newer than all of them.
extension Desk {
    /// Lists that are asked for in a second: a reconnect of a thousand topics must not hold up other questions.
    private static let listsPerSecond = 4
    /// Times that a list is asked for which does not reach the gap's end yet, or is refused.
    private static let listQuestionsMost = 3

    mutating func tradesPush(_ event: inout Event, _ header: RecordHeader) {
        let slot = header.stream.slot
        var start = event.trades.startIndex
        while start < event.trades.endIndex {
            let symbol = event.trades[start].symbol
            let end =
                event.trades[start...].firstIndex { $0.symbol != symbol } ?? event.trades.endIndex
            let instrument = InstrumentID(event.category, symbol)
            let place = markets.index(of: instrument)
            markets.states.values[place].lastTrade = event.trades[end - 1].price
            let isWhole = start == event.trades.startIndex && end == event.trades.endIndex
            let given =
                isWhole
                ? markets.states.values[place].trades.take(event.trades, slot: slot, at: cause)
                : markets.states.values[place].trades.take(
                    Array(event.trades[start..<end]),
                    slot: slot,
                    at: cause
                )
            if let given { tell(instrument, given, nil) }
            start = end
        }
    }

    /// Once a second: asks for the lists that may hold what was missed.
    mutating func askForTrades() {
        guard links.journalHalt == nil else { return }
        var rest = Desk.listsPerSecond
        for place in markets.states.keys.indices {
            guard rest > 0 else { return }
            let gaps = markets.states.values[place].trades.gaps
            guard let least = gaps.map(\.questions).min(), least < Desk.listQuestionsMost else {
                continue
            }
            // An answer is waited for before the next question.
            guard !markets.states.values[place].isTradeListAsked else { continue }
            markets.states.values[place].isTradeListAsked = true
            for gap in gaps.indices { markets.states.values[place].trades.gaps[gap].questions += 1 }
            let instrument = markets.states.keys[place]
            asDesk { $0.command(.lookUp(.recentTrades(instrument))) }
            rest -= 1
        }
    }

    /// A list of recent trades: what was missed is in it, as far as it reaches.
    mutating func tradesReply(_ event: Event) {
        let reply = event.reply
        let instrument = InstrumentID(Desk.category(of: reply) ?? event.category, event.symbol)
        guard let place = markets.states.index(of: instrument) else { return }
        markets.states.values[place].isTradeListAsked = false
        if !reply.isSuccess { refused(reply, "\(instrument) trades") }
        var open: [TradeFeed.Gap] = []
        for gap in markets.states.values[place].trades.gaps {
            let isOfGap = reply.isSuccess && reply.after >= gap.since
            let verdict = isOfGap ? gap.judge(event.trades) : .early
            if verdict == .early, gap.questions < Desk.listQuestionsMost {
                open.append(gap)
            } else {
                tell(instrument, gap, verdict)
            }
        }
        markets.states.values[place].trades.gaps = open
    }

    private mutating func tell(
        _ instrument: InstrumentID,
        _ gap: TradeFeed.Gap,
        _ verdict: TradeFeed.Verdict?
    ) {
        let subject = "\(instrument) trades"
        let expected =
            "trades after \(gap.before.ids.last ?? "") up to \(gap.after.ids.first ?? "")"
        switch verdict {
        case .whole(0):
            find(.reconciled, subject, expected: expected, seen: "0", note: "none was missed")
        case .whole(let missed):
            find(
                .gap,
                subject,
                expected: expected,
                seen: "\(missed) missed",
                note: "filled: the list of recent trades has them all"
            )
        case .part(let missed):
            find(
                .gap,
                subject,
                expected: expected,
                seen: "\(missed) missed, and those of before them",
                note:
                    "not filled: the list of recent trades does not reach back to the gap's beginning"
            )
        case .early, nil:
            find(
                .gap,
                subject,
                expected: expected,
                seen: "not known",
                note: "not filled: no list of recent trades could be had that reaches the gap"
            )
        }
    }

    /// Trades of a topic were missed on a connection that goes on.
    ///
    /// - Parameter topic: what stands behind `publicTrade.`: a symbol, of options a base coin.
    mutating func missTrades(_ category: Category, _ topic: Substring, slot: Int) {
        for place in markets.states.keys.indices
        where markets.states.keys[place].category == category {
            let symbol = markets.states.keys[place].symbol.description
            let isOfTopic = category == .option ? symbol.hasPrefix(topic + "-") : symbol == topic
            if isOfTopic { markets.states.values[place].trades.lose(slot: slot) }
        }
    }
}

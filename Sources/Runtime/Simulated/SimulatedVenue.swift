import Market
import Simulation
import Trading

/// The exchange's side of a simulated run: the recorded market without the recorded session, and an account that trades
/// in it.
struct SimulatedVenue {
    private(set) var exchange: SimulatedExchange
    let account: AccountID
    private var market: RecordedMarket
    /// What the exchange has told and nobody has taken.
    private var output = ExchangeOutput()

    /// - Parameters:
    ///   - deposits: what the account begins with.
    ///   - takesOut: the recorded session's own orders and fills are taken out; false for tests of what that is worth.
    init?(
        _ survey: RecordingSurvey,
        queue: QueueModel,
        deposits: [AccountConfiguration.Deposit],
        takesOut: Bool
    ) throws(SimulationError) {
        guard let market = RecordedMarket(survey, queue: queue, takesOut: takesOut) else {
            return nil
        }
        self.market = market
        exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 0,
                start: survey.begins,
                listings: market.listings,
                accounts: [survey.account("simulated", deposits)],
                fundingInterval: SimulationConfiguration.fundingInterval(of: market.listings)
            )
        )
        account = exchange.accounts[0]
        self.market.accounts = [account]
        self.market.begin(in: &exchange, &output)
        output.removeAll()
    }

    var queue: QueueModel { market.queue }

    var attribution: Attribution { market.attribution }

    func simulates(_ id: InstrumentID) -> Bool { market.simulates(id) }

    /// Own fills that are left without a public trade, once the market has gone by.
    mutating func finish(trades: Set<InstrumentID>) { market.finish(trades: trades) }

    /// The market's moment of a record: matched, and rewritten into what a client would have been sent.
    mutating func market(_ item: MarketItem, offset: Int64) {
        market.take(item, &exchange, &output)
    }

    /// The book as a client is shown it now, whole: what answers a new subscription.
    func snapshot(_ id: InstrumentID) -> BookUpdate? { market.snapshot(id) }

    func middle(_ id: InstrumentID) -> Price? { market.middle(id) }

    mutating func advance(to time: Int64) {
        exchange.advance(to: Timestamp(nanoseconds: time), into: &output)
    }

    /// Takes what the exchange has told since the last time.
    mutating func takeOutput() -> [TimedEvent] {
        guard !output.events.isEmpty else { return [] }
        defer { output.removeAll() }
        return output.events
    }

    // MARK: - Requests

    mutating func place(_ request: OrderRequest) -> OrderReply {
        var options = OrderOptions()
        // As it is sent: a desk's quantity is of the base coin.
        if request.instrument.category == .spot, request.type == .market {
            options.isQuoteQuantity = false
        }
        return exchange.place(request, options, for: account, into: &output)
    }

    mutating func amend(_ request: AmendRequest) -> OrderReply {
        var own = request
        // The exchange's ids of the recorded session mean nothing here.
        own.orderID = ""
        return exchange.amend(own, for: account, into: &output)
    }

    mutating func cancel(_ request: CancelRequest) -> OrderReply {
        var own = request
        own.orderID = ""
        return exchange.cancel(own, for: account, into: &output)
    }

    mutating func open(_ size: Quantity, entryValue: Amount, of id: InstrumentID) {
        exchange.open(size, entryValue: entryValue, of: id, for: account)
    }

    /// The account gets the positions that the recording tells first.
    mutating func openPositions(_ survey: RecordingSurvey) {
        survey.openPositions(in: &exchange, for: account)
    }

    mutating func deposit(_ amount: Amount, of coin: String) {
        exchange.deposit(amount, of: coin, to: account)
        output.removeAll()
    }
}

import Market
import Simulation

let start = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
let btc = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)
let eth = InstrumentID(.linear, Symbol("ETHUSDT") ?? .none)
let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000

/// A perpetual like BTCUSDT (tick 0.1, step 0.001) whose market does what the test says.
func scripted(
    id: InstrumentID = btc,
    mark: String = "90000",
    opening: [MarketAction] = [],
    steps: [ScriptedMarket.Step] = [],
    fundingRate: Int64 = 0,
    limits: Numeral = .zero
) throws -> Listing {
    let instrument = try Instrument(
        id: id,
        baseCoin: "BTC",
        quoteCoin: "USDT",
        settleCoin: "USDT",
        contractType: "LinearPerpetual",
        tickSize: Numeral(text: "0.1"),
        quantityStep: Numeral(text: "0.001"),
        quantityMin: Numeral(text: "0.001"),
        quantityMax: Numeral(text: "100"),
        marketQuantityMax: Numeral(text: "50"),
        valueMin: Amount(text: "5"),
        priceMin: Numeral(text: "0.1"),
        priceMax: Numeral(text: "500000"),
        fundingIntervalMinutes: 480
    )
    let price = try instrument.scale.price(Numeral(text: mark))
    return Listing(
        instrument: instrument,
        terms: ContractTerms(
            launchMilliseconds: 0,
            symbolID: 1,
            priceScale: 2,
            priceLimitRatioX: limits,
            priceLimitRatioY: limits
        ),
        market: .given(
            ScriptedMarket(
                reference: ReferencePrices(mark: price, index: price),
                opening: opening,
                steps: steps,
                fundingRate: fundingRate
            )
        )
    )
}

/// A background order of the scripted listing, by its texts.
func resting(_ key: Int, _ side: Side, _ quantity: String, at price: String) throws -> MarketAction
{
    .place(
        key: key,
        side: side,
        price: Price(units: try Numeral(text: price).units(decimals: 1)),
        quantity: Quantity(units: try Numeral(text: quantity).units(decimals: 3))
    )
}

/// A moment of the script at which mark and index stand at `price`.
func moment(
    _ seconds: Int64,
    mark price: String? = nil,
    _ actions: [MarketAction] = []
) throws -> ScriptedMarket.Step {
    let units = try price.map { text in Price(units: try Numeral(text: text).units(decimals: 1)) }
    return ScriptedMarket.Step(
        time: start.advanced(nanoseconds: seconds * second),
        reference: units.map { ReferencePrices(mark: $0, index: $0) },
        actions: actions
    )
}

func taking(_ side: Side, _ quantity: String, to price: String) throws -> MarketAction {
    .take(
        side: side,
        quantity: Quantity(units: try Numeral(text: quantity).units(decimals: 3)),
        limit: Price(units: try Numeral(text: price).units(decimals: 1))
    )
}

func paidIn(_ amount: String) throws -> [AccountConfiguration.Deposit] {
    [AccountConfiguration.Deposit(coin: "USDT", amount: try Amount(text: amount))]
}

/// An exchange with the events it has told, and short words for requests.
struct Floor {
    var exchange: SimulatedExchange
    var output = ExchangeOutput()
    private var links = 0

    init(
        seed: UInt64 = 1,
        _ listings: [Listing],
        deposits: [String] = ["100000", "100000"],
        fundingInterval: Int64 = SimulationConfiguration.usualFundingInterval,
        faults: [AccountingFault] = [],
        historyMax: Int = 200_000,
        coins: [String] = ["USDT"],
        insurance: String = "0"
    ) throws {
        let names = ["main", "other", "third"]
        let accounts = try zip(names, deposits).map { alias, amount in
            AccountConfiguration(
                alias: alias,
                deposits: try coins.map {
                    AccountConfiguration.Deposit(coin: $0, amount: try Amount(text: amount))
                }
            )
        }
        exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: seed,
                start: start,
                listings: listings,
                accounts: accounts,
                fundingInterval: fundingInterval,
                faults: faults,
                historyMax: historyMax,
                insurance: try paidIn(insurance)
            )
        )
    }

    let main = AccountID(index: 0)
    let other = AccountID(index: 1)

    mutating func advance(_ nanoseconds: Int64) {
        exchange.advance(to: exchange.now.advanced(nanoseconds: nanoseconds), into: &output)
    }

    @discardableResult
    mutating func place(
        _ side: Side,
        _ quantity: String,
        at price: String? = nil,
        _ timeInForce: TimeInForce = .goodTillCancelled,
        reduceOnly: Bool = false,
        link: String? = nil,
        for account: AccountID = AccountID(index: 0),
        on instrument: InstrumentID = btc,
        options change: (inout OrderOptions) throws -> Void = { _ in }
    ) throws -> OrderReply {
        links += 1
        let request = OrderRequest(
            instrument: instrument,
            orderLinkID: link ?? "t\(links)",
            side: side,
            type: price == nil ? .market : .limit,
            timeInForce: timeInForce,
            quantity: try Numeral(text: quantity),
            price: try price.map { text in try Numeral(text: text) },
            reduceOnly: reduceOnly
        )
        var options = OrderOptions()
        try change(&options)
        return exchange.place(request, options, for: account, into: &output)
    }

    @discardableResult
    mutating func amend(
        _ link: String,
        quantity: String? = nil,
        price: String? = nil
    ) throws -> OrderReply {
        exchange.amend(
            AmendRequest(
                instrument: btc,
                orderLinkID: link,
                quantity: try quantity.map { text in try Numeral(text: text) },
                price: try price.map { text in try Numeral(text: text) }
            ),
            for: main,
            into: &output
        )
    }

    @discardableResult
    mutating func cancel(_ link: String) -> OrderReply {
        exchange.cancel(
            CancelRequest(instrument: btc, orderLinkID: link),
            for: main,
            into: &output
        )
    }

    mutating func setStop(_ stop: TradingStop) -> OrderReply {
        exchange.setTradingStop(stop, for: main, into: &output)
    }

    /// Rows of one order in the order told, as `Status reason`, such as `New` or `Cancelled EC_…`.
    func states(of link: String) -> [String] {
        orders.filter { $0.orderLinkID == link }.map { row in
            row.rejectReason == "EC_NoError"
                ? row.status.name : "\(row.status.name) \(row.rejectReason)"
        }
    }

    var orders: [OrderUpdate] {
        output.events.compactMap {
            if case .order(_, let told) = $0.event { told.row } else { nil }
        }
    }

    var executions: [ExecutionReport] {
        output.events.compactMap {
            if case .execution(_, let told) = $0.event { told.row } else { nil }
        }
    }

    func executions(of link: String) -> [String] {
        executions.filter { $0.orderLinkID == link }.map { "\($0.quantity) @ \($0.price)" }
    }

    func position(_ account: AccountID = AccountID(index: 0)) -> PositionUpdate? {
        exchange.position(account, btc)
    }

    func balance(_ account: AccountID = AccountID(index: 0), _ coin: String = "USDT") -> Amount {
        exchange.balance(.wallet(account), coin: coin)
    }
}

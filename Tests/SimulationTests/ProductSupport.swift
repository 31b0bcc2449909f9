import Market
import Simulation

/// A market whose mark and index walk by chance, with background orders around them; jumps make liquidations.
struct WanderingMarket: MarketSource {
    private(set) var reference: ReferencePrices
    private var chance: TestChance
    private var due: Int64
    private let tick: Int64
    private let lot: Int64
    private let center: Int64
    /// Of the center, in thousandths: how far a step may go.
    private let reach: Int64

    init(price: Int64, tick: Int64, lot: Int64, reach: Int64, seed: UInt64) {
        reference = ReferencePrices(mark: Price(units: price), index: Price(units: price))
        chance = TestChance(seed: seed)
        due = start.nanoseconds
        self.tick = tick
        self.lot = lot
        center = price
        self.reach = reach
    }

    var next: Timestamp? { Timestamp(nanoseconds: due) }

    mutating func open(into actions: inout [MarketAction]) { quote(into: &actions) }

    mutating func act(touch: Touch, into actions: inout [MarketAction]) {
        due += 20 * millisecond
        let step = max(abs(center), 100 * tick) * reach / 1_000 / tick
        let wide = chance.below(200) == 0 ? 20 * step : step
        let move = (Int64(chance.below(Int(2 * wide + 1))) - wide) * tick
        let pull = (center - reference.mark.units) / 50 / tick * tick
        let least = center > 0 ? max(tick, center / 10 / tick * tick) : -.max
        let mark = max(least, reference.mark.units + move + pull)
        reference = ReferencePrices(
            mark: Price(units: mark),
            index: Price(units: max(least, mark + Int64(chance.below(3)) * tick - tick))
        )
        quote(into: &actions)
        let side: Side = chance.below(2) == 0 ? .buy : .sell
        actions.append(
            .take(
                side: side,
                quantity: Quantity(units: lot * Int64(1 + chance.below(20))),
                limit: Price(units: mark + side.sign * 8 * tick)
            )
        )
    }

    private mutating func quote(into actions: inout [MarketAction]) {
        for key in 0..<6 {
            for side in [Side.buy, .sell] {
                let price = reference.mark.units - side.sign * Int64(1 + key) * tick
                guard center <= 0 || price > 0 else { continue }
                actions.append(
                    .place(
                        key: side == .buy ? key : 10 + key,
                        side: side,
                        price: Price(units: price),
                        quantity: Quantity(units: lot * Int64(1 + chance.below(30)))
                    )
                )
            }
        }
    }

    func fundingRate(period: Int64) -> Int64 {
        Int64(Mix.spread(UInt64(period)) % 100_001) - 50_000
    }
}

/// What a product test lists.
struct Product {
    var category: Market.Category
    var symbol: String
    var base = "BTC"
    var quote = "USDT"
    var settle = "USDT"
    var tick = "0.1"
    var step = "0.001"
    var most = "100"
    var price: String
    var hasFunding = false
    var delivery = Timestamp.zero
    var option: (isCall: Bool, strike: String)?
    var legs: (String, String)?
    var deliveryFee = "0.0005"

    var id: InstrumentID { InstrumentID(category, Symbol(symbol) ?? .none) }

    func listing(_ source: (Scale, Int64) throws -> any MarketSource) throws -> Listing {
        let instrument = try Instrument(
            id: id,
            baseCoin: base,
            quoteCoin: quote,
            settleCoin: settle,
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: most),
            marketQuantityMax: Numeral(text: most),
            fundingIntervalMinutes: hasFunding ? 480 : nil,
            deliveryTime: delivery
        )
        let scale = instrument.scale
        let start = try scale.price(Numeral(text: price)).units
        return Listing(
            instrument: instrument,
            terms: ContractTerms(
                launchMilliseconds: 0,
                symbolID: 1,
                priceScale: 2,
                priceLimitRatioX: .zero,
                priceLimitRatioY: .zero,
                option: try option.map { terms in
                    OptionTerms(
                        isCall: terms.isCall,
                        strike: try scale.price(Numeral(text: terms.strike))
                    )
                },
                legs: legs.map { first, second in
                    SpreadLegs(
                        first: InstrumentID(.linear, Symbol(first) ?? .none),
                        second: InstrumentID(
                            second.hasSuffix("-S") ? .spot : .linear,
                            Symbol(
                                String(
                                    second.prefix(
                                        second.hasSuffix("-S") ? second.count - 2 : second.count
                                    )
                                )
                            ) ?? .none
                        )
                    )
                },
                deliveryFeeRate: try Numeral(text: deliveryFee)
            ),
            market: .given(try source(scale, start))
        )
    }

    /// Mark and index stay where they begin, or go where `steps` say.
    func still(
        opening: [(Side, String, String)] = [],
        _ steps: [(Int64, String)] = [],
        index: String? = nil
    ) throws -> Listing {
        try listing { scale, price in
            func prices(_ text: String) throws -> ReferencePrices {
                let mark = try scale.price(Numeral(text: text))
                let other = try index.map { text in try scale.price(Numeral(text: text)) }
                return ReferencePrices(mark: mark, index: other ?? mark)
            }
            return ScriptedMarket(
                reference: try prices(self.price),
                opening: try opening.enumerated().map { key, row in
                    .place(
                        key: key,
                        side: row.0,
                        price: try scale.price(Numeral(text: row.2)),
                        quantity: try scale.quantity(Numeral(text: row.1))
                    )
                },
                steps: try steps.map { seconds, text in
                    ScriptedMarket.Step(
                        time: start.advanced(nanoseconds: seconds * second),
                        reference: try prices(text)
                    )
                },
                fundingRate: 10_000
            )
        }
    }

    static let linear = Product(
        category: .linear,
        symbol: "BTCUSDT",
        price: "90000",
        hasFunding: true
    )
    static let usdc = Product(
        category: .linear,
        symbol: "BTCPERP",
        quote: "USDC",
        settle: "USDC",
        price: "90000",
        hasFunding: true
    )
    static let inverse = Product(
        category: .inverse,
        symbol: "BTCUSD",
        quote: "USD",
        settle: "BTC",
        step: "1",
        most: "10000000",
        price: "90000",
        hasFunding: true
    )
    static let spot = Product(category: .spot, symbol: "BTCUSDT", price: "90000")
    static let call = Product(
        category: .option,
        symbol: "BTC-27JAN27-90000-C-USDT",
        tick: "5",
        step: "0.01",
        price: "250",
        option: (true, "90000")
    )
    static let carry = Product(
        category: .spread,
        symbol: "BTCUSDT_BTC/USDT",
        tick: "0.1",
        step: "0.01",
        price: "10",
        legs: ("BTCUSDT", "BTCUSDT-S")
    )
    static let dated = Product(
        category: .linear,
        symbol: "BTCUSDT-27JAN27",
        price: "91000",
        delivery: start.advanced(nanoseconds: 10 * second)
    )
}

extension SimulatedExchange {
    static func with(
        _ listings: [Listing],
        _ deposits: [[String: String]],
        leverage: Int = 10,
        insurance: String = "0",
        fundingInterval: Int64 = SimulationConfiguration.usualFundingInterval,
        historyMax: Int = 200_000
    ) throws -> SimulatedExchange {
        try SimulatedExchange(
            SimulationConfiguration(
                seed: 1,
                start: start,
                listings: listings,
                accounts: try deposits.enumerated().map { number, coins in
                    AccountConfiguration(
                        alias: "a\(number)",
                        deposits: try coins.sorted { $0.key < $1.key }.map {
                            AccountConfiguration.Deposit(
                                coin: $0.key,
                                amount: try Amount(text: $0.value)
                            )
                        },
                        leverage: leverage
                    )
                },
                fundingInterval: fundingInterval,
                historyMax: historyMax,
                insurance: try paidIn(insurance)
            )
        )
    }

    /// Places an order by its texts, forgetting the events.
    @discardableResult
    mutating func order(
        _ product: Product,
        _ side: Side,
        _ quantity: String,
        _ price: String?,
        for account: Int = 0,
        link: String = "x",
        options: OrderOptions = OrderOptions(),
        into output: inout ExchangeOutput
    ) throws -> OrderReply {
        place(
            OrderRequest(
                instrument: product.id,
                orderLinkID: link,
                side: side,
                type: price == nil ? .market : .limit,
                quantity: try Numeral(text: quantity),
                price: try price.map { text in try Numeral(text: text) }
            ),
            options,
            for: AccountID(index: account),
            into: &output
        )
    }

    func held(_ account: Int, _ coin: String) -> String {
        balance(.wallet(AccountID(index: account)), coin: coin).description
    }
}

import Logging
import Market
import Testing

@testable import ReplayServer
@testable import Simulation

/// What an exchange with every product lists, each with a synthetic market of its own.
struct TestProduct {
    var category: Market.Category
    var symbol: String
    var quote = "USDT"
    var base = "BTC"
    var settle = "USDT"
    var contractType = ""
    var tick = "0.1"
    var step = "0.001"
    var lot = "0.001"
    var most = "1000"
    var price = "90000"
    var isPerpetual = false
    /// Of the fair value over one second, in 10⁻⁹.
    var volatility: Int64 = 2_000
    /// Seconds after the start; 0 never.
    var deliverySeconds: Int64 = 0
    var option: (isCall: Bool, strike: String)?
    var legs: (InstrumentID, InstrumentID)?

    var id: InstrumentID { InstrumentID(category, Symbol(symbol) ?? .none) }

    static let perpetual = TestProduct(
        category: .linear,
        symbol: "BTCUSDT",
        contractType: "LinearPerpetual",
        isPerpetual: true
    )
    static let dollarCoin = TestProduct(
        category: .linear,
        symbol: "BTCPERP",
        quote: "USDC",
        settle: "USDC",
        contractType: "LinearPerpetual",
        isPerpetual: true
    )
    static let dated = TestProduct(
        category: .linear,
        symbol: "BTCUSDT-25DEC26",
        contractType: "LinearFutures",
        price: "91000",
        deliverySeconds: 86_400
    )
    static let inverse = TestProduct(
        category: .inverse,
        symbol: "BTCUSD",
        quote: "USD",
        settle: "BTC",
        contractType: "InversePerpetual",
        tick: "0.5",
        step: "1",
        lot: "100",
        most: "1000000",
        isPerpetual: true
    )
    static let spot = TestProduct(
        category: .spot,
        symbol: "BTCUSDT",
        step: "0.000001",
        lot: "0.001"
    )
    static let call = TestProduct(
        category: .option,
        symbol: "BTC-25DEC26-90000-C-USDT",
        tick: "5",
        step: "0.01",
        lot: "0.1",
        price: "2500",
        deliverySeconds: 86_400,
        option: (true, "90000")
    )
    static let put = TestProduct(
        category: .option,
        symbol: "BTC-25DEC26-90000-P-USDT",
        tick: "5",
        step: "0.01",
        lot: "0.1",
        price: "2500",
        deliverySeconds: 86_400,
        option: (false, "90000")
    )
    static let combination = TestProduct(
        category: .spread,
        symbol: "BTCUSDT_BTC/USDT",
        contractType: "FundingRateArb",
        tick: "0.1",
        step: "0.01",
        lot: "0.01",
        price: "500",
        legs: (perpetual.id, spot.id)
    )

    static let all = [
        perpetual, dollarCoin, dated, inverse, spot, call, put, combination,
    ]

    func listing(start: Timestamp, eventsPerSecond: Int64, takers: Int64) throws -> Listing {
        let instrument = try Instrument(
            id: id,
            baseCoin: base,
            quoteCoin: quote,
            settleCoin: settle,
            contractType: contractType,
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: most),
            marketQuantityMax: Numeral(text: most),
            valueMin: category == .linear || category == .spot ? Amount(text: "5") : nil,
            priceMin: Numeral(text: category == .spread ? "-1999.9" : tick),
            priceMax: Numeral(text: category == .spread ? "1999.9" : "1999995"),
            fundingIntervalMinutes: isPerpetual ? 480 : nil,
            deliveryTime: deliverySeconds == 0
                ? .zero : start.advanced(nanoseconds: deliverySeconds * 1_000_000_000)
        )
        let scale = instrument.scale
        return Listing(
            instrument: instrument,
            terms: ContractTerms(
                launchMilliseconds: 1_584_230_400_000,
                symbolID: 5,
                priceScale: 2,
                priceLimitRatioX: Numeral(mantissa: 5, decimals: 2),
                priceLimitRatioY: Numeral(mantissa: 10, decimals: 2),
                option: try option.map {
                    OptionTerms(
                        isCall: $0.isCall,
                        strike: try scale.price(Numeral(text: $0.strike))
                    )
                },
                legs: legs.map { SpreadLegs(first: $0.0, second: $0.1) },
                deliveryFeeRate: deliverySeconds == 0 ? .zero : Numeral(mantissa: 5, decimals: 4)
            ),
            market: option != nil
                ? .given(
                    FixedOptionMarket(
                        mark: try scale.price(Numeral(text: price)).units,
                        index: try scale.price(Numeral(text: "90000")).units,
                        tick: instrument.tickSize.units,
                        lot: try scale.quantity(Numeral(text: lot)).units,
                        start: start,
                        eventsPerSecond: eventsPerSecond
                    )
                )
                : .synthetic(
                    SyntheticParameters(
                        price: try scale.price(Numeral(text: price)),
                        lot: try scale.quantity(Numeral(text: lot)),
                        driver: category == .spread ? symbol : "BTC",
                        eventsPerSecond: eventsPerSecond,
                        takersPerThousand: takers,
                        slotsPerSide: category == .spread ? 150 : 1_200,
                        volatility: volatility
                    )
                )
        )
    }
}

/// An option's orders around a price that stays, with greeks that stay too.
struct FixedOptionMarket: MarketSource {
    private static let levels = 130
    let reference: ReferencePrices
    let figures: OptionFigures?
    private let tick: Int64
    private let lot: Int64
    private let step: Int64
    private var due: Int64
    private var count: UInt64 = 0

    init(
        mark: Int64,
        index: Int64,
        tick: Int64,
        lot: Int64,
        start: Timestamp,
        eventsPerSecond: Int64
    ) {
        reference = ReferencePrices(mark: Price(units: mark), index: Price(units: index))
        figures = OptionFigures(
            volatility: Numeral(mantissa: 45, decimals: 2),
            underlyingPrice: Numeral(mantissa: 90_010, decimals: 0),
            delta: Numeral(mantissa: 5_200, decimals: 4),
            gamma: Numeral(mantissa: 12, decimals: 6),
            vega: Numeral(mantissa: 48_000_000, decimals: 6),
            theta: Numeral(mantissa: -61_500, decimals: 3)
        )
        self.tick = tick
        self.lot = lot
        step = 1_000_000_000 / eventsPerSecond
        due = start.nanoseconds
    }

    var next: Timestamp? { Timestamp(nanoseconds: due) }

    mutating func open(into actions: inout [MarketAction]) {
        for level in 0..<FixedOptionMarket.levels {
            for side in [Side.buy, .sell] { actions.append(place(level, side)) }
        }
    }

    private mutating func place(_ level: Int, _ side: Side) -> MarketAction {
        count += 1
        let distance = Int64(1 + level) * tick
        return .place(
            key: side == .buy ? level : 1_000 + level,
            side: side,
            price: Price(units: reference.mark.units - side.sign * distance),
            quantity: Quantity(units: lot * Int64(1 + Mix.spread(count) % 30))
        )
    }

    mutating func act(touch: Touch, into actions: inout [MarketAction]) {
        due += step
        let drawn = Mix.spread(count &+ 77)
        let side: Side = drawn % 2 == 0 ? .buy : .sell
        if drawn % 9 == 0 {
            count += 1
            actions.append(
                .take(
                    side: side,
                    quantity: Quantity(units: lot * Int64(1 + drawn % 40)),
                    limit: Price(units: reference.mark.units + side.sign * 8 * tick)
                )
            )
        } else {
            actions.append(place(Int(drawn / 16 % UInt64(FixedOptionMarket.levels)), side))
        }
    }

    func fundingRate(period: Int64) -> Int64 { 0 }
}

extension TestExchange {
    /// An exchange with every product and two accounts with every coin.
    static func runAll(
        _ products: [TestProduct] = TestProduct.all,
        isPlain: Bool = true,
        pace: Int = 1,
        rateLimits: RateLimits = .unlimited,
        eventsPerSecond: Int64 = 100,
        takers: Int64 = 60,
        fundingSeconds: Int64 = 3_600,
        accounts: [ServerAccount] = [main, other],
        deposits: [(String, String)] = [("USDT", "1000000"), ("USDC", "1000000"), ("BTC", "10")],
        start: Timestamp = WallClock.now,
        _ body: (TestExchange) async throws -> Void
    ) async throws {
        var configuration = ExchangeServerConfiguration()
        configuration.isPlain = isPlain
        configuration.pace = .times(pace)
        configuration.rateLimits = rateLimits
        configuration.accounts = accounts
        configuration.deposits = try deposits.map {
            AccountConfiguration.Deposit(coin: $0.0, amount: try Amount(text: $0.1))
        }
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 11,
                start: start,
                listings: try products.map {
                    try $0.listing(start: start, eventsPerSecond: eventsPerSecond, takers: takers)
                },
                fundingInterval: fundingSeconds * 1_000_000_000,
                insurance: [
                    AccountConfiguration.Deposit(coin: "USDT", amount: try Amount(text: "5000"))
                ]
            )
        )
        let server = try await ExchangeServer.start(
            configuration,
            exchange: exchange,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        do {
            try await body(TestExchange(server: server))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// A trade socket that is logged in.
    func openTrade(_ account: ServerAccount = main) async throws -> TestSocket {
        let socket = try await open("/v5/trade")
        let login = TestExchange.login(account).replacing("req_id", with: "reqId")
        _ = try await socket.ask(login)
        return socket
    }

    /// One unsigned GET on a connection of its own.
    func get(_ target: String) async throws -> TestSocket.Response {
        let socket = try await TestSocket.connect(server.address)
        let response = try await socket.request("GET", target)
        await socket.close()
        return response
    }

    /// A price that takes (or, `steps` below zero, stays away from) what is there.
    func price(_ product: TestProduct, _ side: Side, steps: Int64) async throws -> String {
        let touch = try #require(await touch(product.id))
        let best = side == .buy ? touch.ask : touch.bid
        let tick = try Numeral(text: product.tick)
        let unit = try tick.units(decimals: Int(best.decimals))
        return
            "\(Numeral(mantissa: best.mantissa + side.sign * steps * unit, decimals: best.decimals))"
    }

    /// Places an order by REST; the answer's body.
    @discardableResult
    func place(
        _ product: TestProduct,
        _ side: Side,
        _ quantity: String,
        price: String?,
        link: String,
        extra: String = "",
        account: ServerAccount = main
    ) async throws -> String {
        let terms =
            price.map { #""orderType":"Limit","price":"\#($0)""# } ?? #""orderType":"Market""#
        let path =
            product.category == .spread ? "/v5/spread/order/create" : "/v5/order/create"
        let category =
            product.category == .spread ? "" : #""category":"\#(product.category.name)","#
        let body =
            "{\(category)\"symbol\":\"\(product.symbol)\",\"side\":\"\(side.name)\",\(terms),"
            + "\"qty\":\"\(quantity)\",\"orderLinkId\":\"\(link)\"\(extra)}"
        return try await request("POST", path, body: body, account: account).body
    }
}

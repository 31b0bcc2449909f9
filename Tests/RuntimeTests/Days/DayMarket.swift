import Market
import Simulation

/// A market that walks by chance around where it began, jumps now and then, and quotes six levels each side.
struct DayMarket: MarketSource {
    private(set) var reference: ReferencePrices
    private var chance: Chance
    private var due: Int64
    private let step: Int64
    private let tick: Int64
    private let lot: Int64
    private let center: Int64

    /// - Parameters:
    ///   - step: nanoseconds between two moves.
    ///   - lot: units of the smallest quantity that is quoted.
    init(price: Int64, tick: Int64, lot: Int64, plan: DayPlan, seed: UInt64) {
        reference = ReferencePrices(mark: Price(units: price), index: Price(units: price))
        chance = Chance(seed: seed)
        // Not all markets in one moment.
        due = plan.start.nanoseconds + Int64(seed % 7) * 100_000_000
        step = plan.marketStep
        self.tick = tick
        self.lot = lot
        center = price
    }

    var next: Timestamp? { Timestamp(nanoseconds: due) }

    mutating func open(into actions: inout [MarketAction]) { quote(into: &actions) }

    mutating func act(touch: Touch, into actions: inout [MarketAction]) {
        due += step
        let reach = max(1, center / 1_000 / tick)
        let isJump = chance.below(150) == 0
        let wide = isJump ? 25 * reach : reach
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
        Int64(Mix.spread(UInt64(bitPattern: period)) % 100_001) - 50_000
    }
}

/// One instrument of the day.
struct DayProduct {
    var id: InstrumentID
    var quote = "USDT"
    var settle = "USDT"
    var tick = "0.1"
    var step = "0.001"
    /// What an order is made of, in steps: one to eight of them.
    var lot: Int64
    var price: String
    var hasFunding = false
    var delivery = Timestamp.zero
    var strike: String?
    var legs: SpreadLegs?
    var contractType = ""

    private static func id(_ category: Market.Category, _ symbol: String) -> InstrumentID {
        InstrumentID(category, Symbol(symbol) ?? .none)
    }

    static func all(_ plan: DayPlan) -> [DayProduct] {
        let linear = id(.linear, "BTCUSDT")
        let spot = id(.spot, "BTCUSDT")
        return [
            DayProduct(
                id: linear,
                lot: 5,
                price: "90000",
                hasFunding: true,
                contractType: "LinearPerpetual"
            ),
            DayProduct(
                id: id(.linear, "BTCPERP"),
                quote: "USDC",
                settle: "USDC",
                lot: 5,
                price: "90000",
                hasFunding: true,
                contractType: "LinearPerpetual"
            ),
            DayProduct(
                id: id(.linear, "BTCUSDT-23NOV26"),
                lot: 5,
                price: "91000",
                delivery: plan.futureEnds,
                contractType: "LinearFutures"
            ),
            DayProduct(
                id: id(.inverse, "BTCUSD"),
                quote: "USD",
                settle: "BTC",
                step: "1",
                lot: 300,
                price: "90000",
                hasFunding: true,
                contractType: "InversePerpetual"
            ),
            DayProduct(id: spot, step: "0.000001", lot: 3_000, price: "90000"),
            DayProduct(
                id: id(.option, "BTC-23NOV26-90000-C-USDT"),
                tick: "5",
                step: "0.01",
                lot: 2,
                price: "250",
                delivery: plan.optionEnds,
                strike: "90000"
            ),
            DayProduct(
                id: id(.spread, "BTCUSDT_BTC/USDT"),
                step: "0.01",
                lot: 1,
                price: "10",
                legs: SpreadLegs(first: linear, second: spot)
            ),
        ]
    }

    func listing(_ plan: DayPlan, seed: UInt64) throws -> Listing {
        let instrument = try Instrument(
            id: id,
            baseCoin: "BTC",
            quoteCoin: quote,
            settleCoin: settle,
            contractType: contractType,
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: "10000000"),
            marketQuantityMax: Numeral(text: "10000000"),
            fundingIntervalMinutes: hasFunding ? Int(plan.fundingInterval / 60_000_000_000) : nil,
            deliveryTime: delivery
        )
        let scale = instrument.scale
        return Listing(
            instrument: instrument,
            terms: ContractTerms(
                launchMilliseconds: 0,
                symbolID: 1,
                priceScale: 2,
                priceLimitRatioX: .zero,
                priceLimitRatioY: .zero,
                option: try strike.map {
                    OptionTerms(isCall: true, strike: try scale.price(Numeral(text: $0)))
                },
                legs: legs,
                deliveryFeeRate: try Numeral(text: "0.0005")
            ),
            market: .given(
                DayMarket(
                    price: try scale.price(Numeral(text: price)).units,
                    tick: try scale.price(Numeral(text: tick)).units,
                    lot: lot,
                    plan: plan,
                    seed: seed
                )
            )
        )
    }
}

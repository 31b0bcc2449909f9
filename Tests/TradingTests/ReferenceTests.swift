import Glibc
import Market
import Testing

@testable import Trading

/// Random fills of each product, the ledger against exact fractions.
@Suite struct ReferenceTests {
    /// `TAPEDECK_REFERENCE_FILLS`: how many fills of each product; 10,000 without.
    static var count: Int {
        getenv("TAPEDECK_REFERENCE_FILLS").flatMap { Int(String(cString: $0)) } ?? 10_000
    }

    static let products: [(Market.Category, String)] = [
        (.linear, "BTCUSDT"), (.linear, "BTCPERP"), (.linear, "BTCUSDT-25DEC26"),
        (.inverse, "BTCUSD"), (.spot, "BTCUSDT"), (.option, "BTC-25DEC26-90000-C-USDT"),
    ]

    @Test(arguments: products)
    func `random fills come out as exact fractions do`(
        category: Market.Category,
        symbol: String
    ) throws {
        var random = Random(seed: UInt64(category.rawValue) + 7)
        let instrument = InstrumentID(category, try #require(Symbol(symbol)))
        let terms = try #require(ContractTerms(name: instrument))
        var ledger = Ledger()
        var reference = ReferencePosition(isInverse: category == .inverse)
        var realisedBefore = Amount.zero
        var trip = 0
        var base = Int128(0)
        var quote = Int128(0)
        for number in 0..<Self.count {
            let price = Int64(8_000_000 + random.next(2_000_000))
            var side = random.next(2) == 0 ? Side.buy : .sell
            var quantity = Int128(1 + random.next(6)) * 100_000
            if trip >= 16, reference.size != 0 {
                // Home again: to the digit, or beyond.
                side = reference.size > 0 ? .sell : .buy
                quantity = abs(reference.size) + Int128(random.next(2)) * 100_000
            }
            let report = try Self.report(
                instrument,
                number,
                side,
                price: price,
                quantity: quantity,
                fee: category == .spot ? Int128(random.next(90)) : Int128(random.next(90_000))
            )
            let was = reference.size
            reference.fill(side, quantity, at: price)
            if category == .spot {
                base += (side == .buy ? quantity : -quantity) * 10_000_000_000
                let value = Int128(price) * quantity * 100_000_000
                quote += side == .buy ? -value : value
                if side == .buy {
                    base -= report.fee.units
                    reference.fill(.sell, report.fee.units / 10_000_000_000, at: price)
                } else {
                    quote -= report.fee.units
                }
            }
            let booking = ledger.book(report, strategy: "a", terms: terms)
            #expect(booking.outcome == .booked)
            trip += 1

            let position = ledger.position(instrument)
            try #require(position.size.units == reference.size * 10_000_000_000)
            let bound = Rational(Int128(4 * trip + 4))
            try #require(
                Rational(position.entryValue.units).isWithin(bound, of: reference.cost),
                "fill \(number): value"
            )
            let gained = position.realised.units - realisedBefore.units
            try #require(
                Rational(gained).isWithin(bound, of: reference.realised),
                "fill \(number): realised"
            )
            if (was > 0) != (reference.size > 0) || reference.size == 0 {
                // A trip is over: its error is forgotten, so that none may gather in the next.
                trip = 0
                realisedBefore = position.realised
                reference.beginTrip(value: position.entryValue.units)
            }
        }
        if category == .spot {
            #expect(ledger.wallets["BTC"]?.sums.total.units == base)
            #expect(ledger.wallets["USDT"]?.sums.total.units == quote)
        }
        try Self.checkIdentity(ledger, instrument, terms)
    }

    /// What the wallets hold, valued at any price, is what the position says it earned.
    static func checkIdentity(
        _ ledger: Ledger,
        _ instrument: InstrumentID,
        _ terms: ContractTerms
    ) throws {
        let position = ledger.position(instrument)
        let price = try Numeral(text: "91234.5")
        let earned = try position.realised.adding(position.unrealised(at: price))
            .subtracting(position.fees).subtracting(position.funding)
        var held = try #require(ledger.wallets[terms.settleCoin]).sums.total
        switch instrument.category {
        case .spot:
            let base = ledger.wallets[terms.baseCoin]?.sums.total ?? .zero
            #expect(base == position.size)
            held = try held.adding(Amount.value(price, base))
        case .option: held = try held.adding(Amount.value(price, position.size))
        default: held = try held.adding(position.unrealised(at: price))
        }
        let distance = try #require(held.distance(to: earned))
        // Values at prices of two digits round at 10⁻¹⁸, once a fill at most.
        #expect(distance.units <= Int128(2 * count))
    }

    static func report(
        _ instrument: InstrumentID,
        _ number: Int,
        _ side: Side,
        price: Int64,
        quantity: Int128,
        fee: Int128
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: instrument,
            executionID: "e\(number)",
            type: .trade,
            orderID: "o\(number)",
            orderLinkID: "",
            side: side,
            price: Numeral(mantissa: price, decimals: 2),
            quantity: Numeral(mantissa: Int64(quantity), decimals: 8),
            value: .zero,
            fee: Amount(units: fee * 10_000_000_000),
            timeMilliseconds: Int64(number),
            crossSequence: Int64(number)
        )
    }
}

/// The same numbers in each run.
struct Random {
    private var seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    mutating func next(_ bound: UInt64) -> UInt64 {
        seed &+= 0x9e37_79b9_7f4a_7c15
        return Mix.spread(seed) % bound
    }
}

import Market
import Testing

@testable import Trading

@Suite struct PositionTests {
    private func amount(_ text: String) throws -> Amount { try Amount(text: text) }

    private func fill(
        _ position: inout Position,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        fault: LedgerFault = .none
    ) throws -> String {
        try position.fill(
            side,
            Amount(text: quantity),
            at: Numeral(text: price),
            fault: fault
        ).description
    }

    @Test func `the worked linear example of the protocol reference comes out to the digit`() throws
    {
        var position = Position()
        _ = try fill(&position, .buy, "0.010", "90000")
        _ = try fill(&position, .buy, "0.030", "90400")
        #expect(position.entryPrice?.description == "90300")
        #expect(try position.unrealised(at: Numeral(text: "91000")).description == "28")
        #expect(try fill(&position, .sell, "0.020", "91000") == "14")
        #expect(position.size.description == "0.02")
        #expect(position.entryValue.description == "1806")
        #expect(position.entryPrice?.description == "90300")
    }

    @Test func `through zero the closing part realises and the rest opens at the fill's price`()
        throws
    {
        var position = Position()
        _ = try fill(&position, .buy, "0.030", "90000")
        #expect(try fill(&position, .sell, "0.050", "90100") == "3")
        #expect(position.size.description == "-0.02")
        #expect(position.entryPrice?.description == "90100")
        #expect(try position.unrealised(at: Numeral(text: "90000")).description == "2")
        #expect(try fill(&position, .buy, "0.020", "90200") == "-2")
        #expect(position.isFlat)
        #expect(position.entryValue == .zero)
        #expect(position.realised.description == "1")
        #expect(position.entryPrice == nil)
    }

    @Test func `a release that does not come out even is rounded half to even and nothing gathers`()
        throws
    {
        var position = Position()
        _ = try fill(&position, .buy, "0.001", "90000.1")
        _ = try fill(&position, .buy, "0.002", "90000.2")
        // 270.0005 ÷ 3 each: the third comes out as what is left.
        var realised: [String] = []
        for _ in 0..<3 { realised.append(try fill(&position, .sell, "0.001", "90000")) }
        #expect(position.isFlat)
        #expect(position.entryValue == .zero)
        #expect(position.realised == (try amount("-0.0005")))
        #expect(realised[0] == "-0.000166666666666667")
    }

    @Test func `short is the mirror of long`() throws {
        let fills: [(Side, String, String)] = [
            (.buy, "0.011", "90000.3"), (.buy, "0.007", "90010.7"), (.sell, "0.005", "90020.1"),
            (.sell, "0.020", "89990.9"), (.buy, "0.001", "90001.3"), (.buy, "0.013", "90007.7"),
        ]
        var long = Position()
        var short = Position()
        for (side, quantity, price) in fills {
            let one = try long.fill(side, amount(quantity), at: Numeral(text: price))
            let other = try short.fill(side.opposite, amount(quantity), at: Numeral(text: price))
            #expect(one == other.negated)
            #expect(long.size == short.size.negated)
            #expect(long.entryPrice == short.entryPrice)
        }
    }

    @Test func `whatever the fills, cash and value add up`() throws {
        // realised − Σ sign × q × x = sign × entryValue, at every step: no money is made by rounding.
        var seed: UInt64 = 42
        func next(_ bound: UInt64) -> UInt64 {
            seed &+= 0x9e37_79b9_7f4a_7c15
            return Mix.spread(seed) % bound
        }
        var position = Position()
        var cash = Amount.zero
        for _ in 0..<5_000 {
            let side = next(2) == 0 ? Side.buy : .sell
            let quantity = Amount(units: Int128(next(50) + 1) * PowerOfTen.int128(15))
            let price = Numeral(mantissa: Int64(8_000_000 + next(2_000_000)), decimals: 2)
            _ = try position.fill(side, quantity, at: price)
            let value = try Amount.value(price, quantity)
            cash = side == .buy ? try cash.subtracting(value) : try cash.adding(value)
            let held = position.size.units >= 0 ? position.entryValue : position.entryValue.negated
            #expect(try cash.adding(held) == position.realised)
            #expect(position.entryValue >= .zero)
        }
    }

    @Test func `a fill that does not fit changes nothing`() throws {
        var position = Position()
        _ = try fill(&position, .buy, "1", "90000")
        let before = position
        #expect(throws: NumberError.overflow) {
            try position.fill(
                .buy,
                Amount(units: .max),
                at: Numeral(text: "999999999999999999")
            )
        }
        #expect(position == before)
    }

    @Test func `the entry price is printed half to even at eight decimals`() throws {
        var position = Position()
        _ = try fill(&position, .buy, "0.003", "0.00000001")
        _ = try fill(&position, .buy, "0.003", "0.00000002")
        #expect(position.entryPrice?.description == "0.00000002")
        var even = Position()
        _ = try fill(&even, .buy, "0.003", "0.00000002")
        _ = try fill(&even, .buy, "0.003", "0.00000003")
        #expect(even.entryPrice?.description == "0.00000002")
    }

    @Test func `the entry-price fault makes a reduction realise nothing`() throws {
        var position = Position()
        _ = try fill(&position, .buy, "0.040", "90300")
        #expect(try fill(&position, .sell, "0.020", "91000", fault: .entryPrice) == "0")
    }

    @Test func `what comes out even at nine decimals is found without a division`() {
        let billion: Int128 = 1_000_000_000
        let most = Int128.max / billion
        for count in [0, 1, 2, 511, 1_953_125, 5_000_000_000_007, most - 1, most] {
            #expect(Position.billions(count * billion) == count)
        }
        // As many twos or as many fives in it, and not both; and beside what comes out even.
        for count in [1, 512, 1_953_125, billion - 1, billion + 1, billion / 2] {
            #expect(Position.billions(count) == nil)
        }
        #expect(Position.billions(-billion) == nil)
        var random: UInt64 = 3
        for _ in 0..<10_000 {
            random = Mix.spread(random)
            let count = Int128(random) << Int128(random & 31)
            let (quotient, rest) = count.quotientAndRemainder(dividingBy: billion)
            #expect(Position.billions(count) == (rest == 0 ? quotient : nil))
            #expect(Position.billions(quotient * billion) == quotient)
        }
    }

    @Test func `a product is the same by the short way and the long one`() throws {
        var random: UInt64 = 5
        func digits() -> Int64 {
            random = Mix.spread(random)
            let most = PowerOfTen.int64(Int(random % 18) + 1)
            let digits = Int64(bitPattern: Mix.spread(random)) % most
            return random & 64 == 0 ? digits : abs(digits)
        }
        func isExact(_ amount: Amount, _ factors: [Numeral]) -> Bool {
            let whole = factors.reduce(Rational(1)) { product, factor in
                product
                    * Rational(
                        Int128(factor.mantissa),
                        over: PowerOfTen.int128(Int(factor.decimals))
                    )
            }
            let units = Rational(amount.units, over: PowerOfTen.int128(Amount.decimals))
            return (units - whole).numerator.isZero
        }
        var long = 0
        for number in 0..<5_000 {
            let price = Numeral(mantissa: digits(), decimals: UInt8(number % 7))
            let quantity = Numeral(mantissa: digits(), decimals: UInt8(number % 6))
            let rate = Numeral(mantissa: digits() % 10_000, decimals: UInt8(number % 8))
            if price.mantissa.multipliedReportingOverflow(by: quantity.mantissa).overflow {
                long += 1
            }
            if let value = Amount.product(price, quantity) {
                #expect(isExact(value, [price, quantity]))
            } else {
                #expect(throws: NumberError.overflow) {
                    try Amount.value(price, Amount(quantity))
                }
            }
            if let fee = Amount.product(price, quantity, rate) {
                #expect(isExact(fee, [price, quantity, rate]))
            }
        }
        #expect(long > 500 && long < 4_500)
    }
}

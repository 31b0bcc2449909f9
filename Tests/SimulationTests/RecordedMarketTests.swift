import Market
import Simulation
import Testing

/// A listing that is moved by recorded levels and trades, on hand-made cases.
@Suite struct RecordedMarketTests {
    /// Quantities in thousandths, prices in tenths.
    struct Tape {
        var floor: Floor
        var model = QueueModel.riskAverse

        init(_ model: QueueModel = .riskAverse) throws {
            self.model = model
            var listing = try scripted()
            let price = Price(units: 900_000)
            listing.market = .given(
                RecordedSource(reference: ReferencePrices(mark: price, index: price))
            )
            floor = try Floor([listing])
        }

        mutating func levels(
            _ levels: [(Side, Int64, Int64)],
            isWhole: Bool = false,
            worst: (bid: Price?, ask: Price?) = (nil, nil)
        ) {
            floor.exchange.recordLevels(
                levels.map {
                    .init($0.0, Price(units: $0.1), Quantity(units: $0.2))
                },
                of: btc,
                isWhole: isWhole,
                worst: worst,
                model,
                into: &floor.output
            )
        }

        mutating func trade(_ side: Side, _ quantity: Int64, at price: Int64) {
            floor.exchange.recordTrade(
                side,
                Quantity(units: quantity),
                at: Price(units: price),
                of: btc,
                into: &floor.output
            )
        }

        func ahead(_ link: String) -> Int64? {
            floor.exchange.queueAhead(floor.main, orderLinkID: link)?.units
        }
    }

    @Test func `an order waits behind what was there, and trades take from the front`() throws {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 50), (.sell, 900_010, 40)], isWhole: true)
        try tape.floor.place(.buy, "0.010", at: "89999", link: "ours")
        #expect(tape.ahead("ours") == 50)
        tape.trade(.sell, 30, at: 899_990)
        #expect(tape.ahead("ours") == 20)
        // The push that follows shows what the trade has left: nothing more has gone.
        tape.levels([(.buy, 899_990, 20)])
        #expect(tape.ahead("ours") == 20)
        // What comes stands behind.
        tape.levels([(.buy, 899_990, 70)])
        #expect(tape.ahead("ours") == 20)
        tape.trade(.sell, 24, at: 899_990)
        #expect(tape.floor.executions(of: "ours") == ["0.004 @ 89999.0"])
        tape.trade(.sell, 100, at: 899_990)
        #expect(tape.floor.executions(of: "ours") == ["0.004 @ 89999.0", "0.006 @ 89999.0"])
        #expect(tape.floor.exchange.brokenInvariant() == nil)
    }

    @Test(
        arguments: [
            (QueueModel.riskAverse, 60 as Int64), (.power(hundredths: 100), 48), (.logarithmic, 49),
        ] as [(QueueModel, Int64)]
    )
    func `a cancellation is shared by the model`(model: QueueModel, ahead: Int64) throws {
        var tape = try Tape(model)
        tape.levels([(.buy, 899_990, 60), (.sell, 900_010, 40)], isWhole: true)
        try tape.floor.place(.buy, "0.010", at: "89999", link: "ours")
        tape.levels([(.buy, 899_990, 100)])
        // 60 ahead, 40 behind, 20 go. Behind: none of risk; 40 ÷ 100 of 20 is 8; ln 41 ÷ (ln 41 + ln 61) is 0.4746, and of 20
        // that is 9.49, rounded 9.
        tape.levels([(.buy, 899_990, 80)])
        #expect(tape.ahead("ours") == ahead)
    }

    @Test func `two orders of the account in one level share a trade in their order`() throws {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 5), (.sell, 900_010, 40)], isWhole: true)
        try tape.floor.place(.buy, "0.002", at: "89999", link: "first")
        tape.levels([(.buy, 899_990, 8)])
        try tape.floor.place(.buy, "0.002", at: "89999", link: "second")
        #expect(tape.ahead("second") == 10)
        tape.trade(.sell, 6, at: 899_990)
        #expect(tape.floor.executions(of: "first") == ["0.001 @ 89999.0"])
        tape.trade(.sell, 4, at: 899_990)
        #expect(tape.floor.executions(of: "first") == ["0.001 @ 89999.0", "0.001 @ 89999.0"])
        #expect(tape.floor.executions(of: "second").isEmpty)
        tape.trade(.sell, 1, at: 899_990)
        #expect(tape.floor.executions(of: "second") == ["0.001 @ 89999.0"])
    }

    @Test func `a level that comes through an order fills it as far as it reaches`() throws {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 50), (.sell, 900_010, 40)], isWhole: true)
        try tape.floor.place(.buy, "0.010", at: "89999", link: "ours")
        tape.levels([
            (.buy, 899_990, 0), (.buy, 899_900, 10), (.sell, 900_010, 0), (.sell, 899_980, 4),
        ])
        #expect(tape.floor.executions(of: "ours") == ["0.004 @ 89999.0"])
        #expect(tape.floor.exchange.brokenInvariant() == nil)
    }

    @Test func `a trade through an order fills it before it takes from its own price`() throws {
        var tape = try Tape()
        tape.levels(
            [(.buy, 899_990, 50), (.buy, 899_980, 50), (.sell, 900_010, 40)],
            isWhole: true
        )
        try tape.floor.place(.buy, "0.010", at: "89999", link: "ours")
        tape.trade(.sell, 6, at: 899_980)
        // Nothing was left ahead at the better price, or the trade could not have been where it was.
        #expect(tape.floor.executions(of: "ours") == ["0.006 @ 89999.0"])
    }

    @Test func `a taker takes what is there, and it is there again when the level is told anew`()
        throws
    {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 50), (.sell, 900_010, 4), (.sell, 900_020, 9)], isWhole: true)
        try tape.floor.place(.buy, "0.006", link: "one")
        #expect(tape.floor.executions(of: "one") == ["0.004 @ 90001.0", "0.002 @ 90002.0"])
        try tape.floor.place(.buy, "0.009", .immediateOrCancel, link: "two")
        #expect(tape.floor.executions(of: "two") == ["0.007 @ 90002.0"])
        tape.levels([(.sell, 900_010, 5)])
        try tape.floor.place(.buy, "0.005", link: "three")
        #expect(tape.floor.executions(of: "three") == ["0.005 @ 90001.0"])
    }

    @Test func `a level that only goes out of sight keeps its queue`() throws {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 50), (.buy, 899_980, 30), (.sell, 900_010, 4)], isWhole: true)
        try tape.floor.place(.buy, "0.010", at: "89998", link: "ours")
        tape.levels([(.buy, 899_980, 0)], worst: (Price(units: 899_990), nil))
        #expect(tape.ahead("ours") == 30)
        tape.levels([(.buy, 899_980, 0)])
        #expect(tape.ahead("ours") == 0)
    }

    @Test func `a position that was brought along is closed at its entry`() throws {
        var tape = try Tape()
        tape.levels([(.buy, 899_990, 50), (.sell, 900_010, 40)], isWhole: true)
        let value = try Amount(text: "890")
        let isOpen = tape.floor.exchange.open(
            Quantity(units: 10),
            entryValue: value,
            of: btc,
            for: tape.floor.main
        )
        #expect(isOpen)
        try tape.floor.place(.sell, "0.010", link: "out")
        let row = try #require(tape.floor.exchange.position(tape.floor.main, btc))
        #expect(row.size.isZero)
        // 0.010 × 89,999 less 890 is 9.99.
        let execution = tape.floor.exchange.executions(tape.floor.main, RowQuery()).rows.first
        #expect(execution?.realisedPnL == (try Amount(text: "9.99")))
        #expect(tape.floor.exchange.sumOfBooks(coin: "USDT") == .zero)
    }
}

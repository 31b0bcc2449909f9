import Market
import Simulation
import Testing

@Suite struct FundingTests {
    /// Main is long 0.040 against other's short; mark 90,500.
    private func floor(rate: Int64, faults: [AccountingFault] = []) throws -> Floor {
        var floor = try Floor(
            [scripted(mark: "90500", fundingRate: rate)],
            fundingInterval: 5 * second,
            faults: faults
        )
        try floor.place(.sell, "0.040", at: "90300", for: floor.other)
        try floor.place(.buy, "0.040", at: "90300")
        floor.output.removeAll()
        return floor
    }

    @Test(arguments: [
        (rate: Int64(10_000), long: "0.362", short: "-0.362"),
        (rate: Int64(-10_000), long: "-0.362", short: "0.362"),
        (rate: Int64(1), long: "0.0000362", short: "-0.0000362"),
    ])
    func `a long pays a positive rate and a short earns it`(
        rate: Int64,
        long: String,
        short: String
    ) throws {
        var floor = try floor(rate: rate)
        let before = [floor.balance(), floor.balance(floor.other)]
        floor.advance(5 * second)
        #expect(floor.executions.map(\.fee.description) == [long, short])
        for (row, side) in zip(floor.executions, [Side.buy, .sell]) {
            #expect(row.type == .funding)
            #expect(row.side == side)
            #expect(row.price.description == "90500.0")
            #expect(row.quantity.description == "0.040")
            #expect(row.value.description == "3620")
            #expect(row.feeRate == Numeral(mantissa: rate, decimals: 8))
            #expect(row.orderLinkID.isEmpty)
            #expect(row.orderType.name == "UNKNOWN")
        }
        for (account, owed) in [(0, long), (1, short)] {
            let id = AccountID(index: account)
            let paid = try Amount(text: owed)
            #expect(floor.balance(id) == (try before[account].subtracting(paid)))
            let row = try #require(floor.exchange.transactionLog(id, RowQuery(limit: 1)).rows.first)
            #expect(row.type == "SETTLEMENT")
            #expect(row.funding == paid.negated)
            #expect(row.change == paid.negated)
            #expect(row.tradeID == floor.executions[account].executionID)
        }
        #expect(floor.position()?.size.description == "0.040")
        #expect(floor.exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `funding comes at each multiple of its interval, and not to who is flat`() throws {
        var floor = try floor(rate: 10_000)
        floor.advance(4_999 * millisecond)
        #expect(floor.executions.isEmpty)
        floor.advance(millisecond)
        #expect(floor.executions.count == 2)
        try floor.place(.buy, "0.040", at: "90300", for: floor.other)
        try floor.place(.sell, "0.040", at: "90300")
        floor.output.removeAll()
        floor.advance(20 * second)
        #expect(floor.executions.isEmpty)
    }

    /// ETHUSDT pays every hour and BTCUSDT every eight; an hour of the exchange takes a second.
    private func mixed() throws -> Floor {
        var hourly = try scripted(id: eth, mark: "90500", fundingRate: 10_000)
        hourly.instrument.fundingIntervalMinutes = 60
        var floor = try Floor(
            [scripted(mark: "90500", fundingRate: 10_000), hourly],
            fundingInterval: second
        )
        for id in [btc, eth] {
            try floor.place(.sell, "0.040", at: "90300", for: floor.other, on: id)
            try floor.place(.buy, "0.040", at: "90300", on: id)
        }
        floor.output.removeAll()
        return floor
    }

    /// Seconds after the start at which buyers of a listing paid.
    private func paid(_ id: InstrumentID, _ floor: Floor) -> [Int64] {
        floor.executions.filter { $0.instrument == id && $0.type == .funding && $0.side == .buy }
            .map { ($0.timeMilliseconds - start.milliseconds) / 1_000 }
    }

    @Test func `each listing pays at its own stamps`() throws {
        var floor = try mixed()
        #expect(
            floor.exchange.tickerSnapshot(btc)?.nextFundingTime == start.milliseconds + 8_000
        )
        #expect(
            floor.exchange.tickerSnapshot(eth)?.nextFundingTime == start.milliseconds + 1_000
        )
        floor.advance(16 * second)
        #expect(paid(btc, floor) == [8, 16])
        #expect(paid(eth, floor) == Array(1...16))
        let now = floor.exchange.now.milliseconds
        let told = floor.exchange.fundingRates(btc, since: 0, until: now, limit: 50)
        #expect(told.map { ($0.milliseconds - start.milliseconds) / 1_000 } == [16, 8])
        #expect(floor.exchange.fundingRates(eth, since: 0, until: now, limit: 50).count == 16)
    }

    @Test(arguments: [Int64(3), -5])
    func `moved stamps are those of the recording, and each is paid once`(_ shift: Int64) throws {
        var floor = try mixed()
        floor.exchange.moveFunding(by: shift * second)
        floor.advance(12 * second)
        #expect(paid(btc, floor) == [3, 11])
        #expect(paid(eth, floor) == Array(1...12))
    }

    @Test func `the common interval of listings divides those of all`() throws {
        var listings = [try scripted(), try scripted(id: eth)]
        #expect(SimulationConfiguration.fundingInterval(of: listings) == 28_800 * second)
        listings[1].instrument.fundingIntervalMinutes = 180
        #expect(SimulationConfiguration.fundingInterval(of: listings) == 3_600 * second)
        for place in listings.indices { listings[place].instrument.fundingIntervalMinutes = nil }
        #expect(
            SimulationConfiguration.fundingInterval(of: listings)
                == SimulationConfiguration.usualFundingInterval
        )
    }

    @Test func `the announced rate is the one that is charged, and its sign varies`() throws {
        var floor = try Floor(Listing.standard(), fundingInterval: second)
        // The thinnest position that stays: one step bought at the market.
        try floor.place(.buy, "0.001")
        var signs: Set<Bool> = []
        for _ in 0..<20 {
            let announced = try #require(floor.exchange.tickerSnapshot(btc))
            floor.output.removeAll()
            floor.advance(second)
            let row = try #require(floor.executions.first { $0.type == .funding })
            #expect(row.feeRate == announced.fundingRate)
            #expect(row.timeMilliseconds == announced.nextFundingTime)
            signs.insert(row.fee > .zero)
        }
        #expect(signs.count == 2)
    }
}

@Suite struct AccountingFaultTests {
    /// Buys, reduces, is funded, closes: every rule that a fault breaks.
    private func run(_ faults: [AccountingFault]) throws -> (Floor, entryAfterReduction: String) {
        let listing = try scripted(
            opening: [
                resting(1, .sell, "0.020", at: "90000"), resting(2, .buy, "0.020", at: "89990"),
            ],
            fundingRate: 10_000
        )
        var floor = try Floor([listing], fundingInterval: 5 * second, faults: faults)
        try floor.place(.buy, "0.020", at: "90000")
        try floor.place(.sell, "0.010", at: "89990")
        let entry = floor.position()?.entryPrice?.description ?? ""
        floor.advance(5 * second)
        try floor.place(.sell, "0.010", at: "89990")
        return (floor, entry)
    }

    @Test func `without a fault the accounts are right`() throws {
        let (floor, entry) = try run([])
        #expect(entry == "90000")
        // −0.2 price, −(1800 + 899.9 + 899.9) × 0.00055 fees, −900 × 0.0001 funding
        #expect(floor.balance().description == "99997.73011")
    }

    @Test(arguments: AccountingFault.allCases)
    func `a fault moves the money and leaves the rows of fee and funding right`(
        _ fault: AccountingFault
    ) throws {
        let (right, _) = try run([])
        let (wrong, entry) = try run([fault])
        #expect(wrong.balance() != right.balance())
        #expect(wrong.executions.map(\.fee) == right.executions.map(\.fee))
        #expect((entry == "90000") == (fault != .entryPriceRule))
        #expect(wrong.exchange.sumOfBooks(coin: "USDT") == .zero)
    }
}

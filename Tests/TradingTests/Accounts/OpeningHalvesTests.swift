import Market
import Testing

@testable import Trading

/// An execution between the answers of positions and wallet is in the one and not in the other: its missing half is counted,
/// whichever came first and whatever the product.
@Suite struct OpeningHalvesTests {
    /// The wallet at 1,000 ms and the positions at 3,000 ms, or the other way round; fills are at 2,000 ms.
    private static let early: Int64 = 1_000
    private static let late: Int64 = 3_000

    private func linear() throws -> ExecutionReport { try OpeningBench.sale(at: 2_000) }

    @Test(arguments: [false, true])
    func `a linear fill that the positions have and the wallet has not`(isPushed: Bool) throws {
        var opening = try OpeningBench()
        // Pushed while the answers are on their way, or told of by the list and then pushed late.
        if isPushed { opening.bench.execution(try linear()) }
        opening.rest()
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions(
            [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
            at: Self.late
        )
        if !isPushed { opening.bench.execution(try linear()) }
        let booking = try #require(opening.bench.engine.bookings.first)
        #expect(booking.isFlowAlone && booking.realised.description == "1")
        #expect(opening.size() == "0.02")
        #expect(opening.ledger.position(Bench.btc).entryPrice?.description == "90000")
        #expect(opening.ledger.position(Bench.btc).realised.description == "1")
        #expect(opening.ledger.position(Bench.btc).fees.description == "0.1802")
        #expect(opening.ledger.position(Bench.btc, of: Order.external).fees.description == "0.1802")
        #expect(opening.balance("USDT") == "10000.8198")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        #expect(opening.bench.engine.total("USDT")?.description == "0.8198")
        try opening.settle([("USDT", "10000.8198")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
        #expect(opening.ties.isEmpty)
    }

    @Test func `a linear fill that the wallet has and the positions have not`() throws {
        var opening = try OpeningBench()
        opening.bench.execution(try linear())
        opening.rest()
        opening.positions(
            [try Row.position(.buy, "0.030", entry: "90000", seq: 6)],
            at: Self.early
        )
        try opening.wallet([("USDT", "10000.8198")], at: Self.late)
        #expect(opening.bench.engine.bookings.map(\.isFlowAlone) == [false])
        #expect(opening.size() == "0.02")
        #expect(opening.balance("USDT") == "10000.8198")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        try opening.settle([("USDT", "10000.8198")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty && opening.ties.isEmpty)
    }

    @Test(arguments: [false, true])
    func `a fill whose position is gone, by the time of either answer`(isWalletFirst: Bool) throws {
        // 0.010 that were held are sold, at a loss of 1 USDT: no position is left to tell a cross sequence.
        let fill = try OpeningBench.fill(
            "e1",
            .sell,
            at: 2_000,
            price: "89900",
            fee: "0.1798",
            realised: "-1",
            closed: "0.010",
            seq: 7
        )
        var opening = try OpeningBench()
        opening.rest()
        if isWalletFirst {
            try opening.wallet([("USDT", "10000")], at: Self.early)
            opening.bench.execution(fill)
            opening.positions([], at: Self.late)
        } else {
            opening.positions(
                [try Row.position(.buy, "0.010", entry: "90000", seq: 6)],
                at: Self.early
            )
            opening.bench.execution(fill)
            try opening.wallet([("USDT", "9998.8202")], at: Self.late)
        }
        #expect(opening.size() == "0")
        #expect(opening.balance("USDT") == "9998.8202")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        try opening.settle([("USDT", "9998.8202")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty && opening.ties.isEmpty)
    }

    @Test(arguments: [false, true])
    func `an inverse fill`(isWalletFirst: Bool) throws {
        var fill = try OpeningBench.fill(
            "e1",
            .sell,
            "90000",
            at: 2_000,
            price: "90000",
            fee: "0.0002",
            realised: "0.01",
            closed: "90000",
            seq: 7
        )
        fill.instrument = OpeningBench.inverse
        fill.feeCoin = ""
        func held(_ size: String, _ sequence: Int64) throws -> [PositionUpdate] {
            var row = try Row.position(.buy, size, entry: "89108.910891", seq: sequence)
            row.instrument = OpeningBench.inverse
            return [row]
        }
        var opening = try OpeningBench()
        opening.rest()
        if isWalletFirst {
            try opening.wallet([("BTC", "2")], at: Self.early)
            opening.bench.execution(fill)
            opening.positions(try held("90000", 7), at: Self.late)
            #expect(opening.ledger.position(OpeningBench.inverse).realised.description == "0.01")
        } else {
            opening.positions(try held("180000", 6), at: Self.early)
            opening.bench.execution(fill)
            try opening.wallet([("BTC", "2.0098")], at: Self.late)
        }
        #expect(opening.size(OpeningBench.inverse) == "90000")
        // 1 BTC × 0.0002 is paid.
        #expect(opening.balance("BTC") == "2.0098")
        #expect(opening.ledger.wallets["BTC"]?.opening?.description == "2")
        #expect(opening.ledger.position(OpeningBench.inverse).fees.description == "0.0002")
    }

    @Test(arguments: [false, true])
    func `a spot fill is the wallet's alone`(isWalletFirst: Bool) throws {
        var fill = try OpeningBench.fill("s1", .buy, "0.5", at: 2_000, fee: "0.0001", seq: 7)
        fill.instrument = OpeningBench.spot
        fill.feeCoin = "BTC"
        var opening = try OpeningBench()
        opening.rest()
        if isWalletFirst {
            try opening.wallet([("USDT", "100000")], at: Self.early)
            opening.bench.execution(fill)
            opening.positions([], at: Self.late)
        } else {
            opening.positions([], at: Self.early)
            opening.bench.execution(fill)
            try opening.wallet([("USDT", "55000"), ("BTC", "0.4999")], at: Self.late)
        }
        #expect(opening.balance("USDT") == "55000")
        #expect(opening.balance("BTC") == "0.4999")
        #expect(opening.size(OpeningBench.spot) == (isWalletFirst ? "0.4999" : "0"))
        #expect(opening.ties.isEmpty)
    }

    @Test(arguments: [false, true])
    func `the premium of an option`(isWalletFirst: Bool) throws {
        let option = OpeningBench.option
        var fill = try OpeningBench.fill(
            "o1",
            .buy,
            "0.5",
            at: 2_000,
            price: "500",
            fee: "8",
            seq: 7
        )
        fill.instrument = option
        func held(_ size: String, _ sequence: Int64) throws -> [PositionUpdate] {
            var row = try Row.position(.buy, size, entry: "500", seq: sequence)
            row.instrument = option
            return [row]
        }
        var opening = try OpeningBench()
        opening.rest()
        if isWalletFirst {
            try opening.wallet([("USDT", "10000")], at: Self.early)
            opening.bench.execution(fill)
            opening.positions(try held("1.5", 7), at: Self.late)
        } else {
            opening.positions(try held("1", 6), at: Self.early)
            opening.bench.execution(fill)
            try opening.wallet([("USDT", "9742")], at: Self.late)
        }
        #expect(opening.size(option) == "1.5")
        #expect(opening.balance("USDT") == "9742")
        #expect(opening.ledger.position(option).fees.description == "8")
    }

    @Test func `an option that was closed between the answers realised what the row says`() throws {
        let option = OpeningBench.option
        var fill = try OpeningBench.fill(
            "o1",
            .sell,
            "0.5",
            at: 2_000,
            price: "600",
            fee: "8",
            realised: "50",
            closed: "0.5",
            seq: 7
        )
        fill.instrument = option
        var opening = try OpeningBench()
        opening.rest()
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.bench.execution(fill)
        opening.positions([], at: Self.late)
        #expect(opening.size(option) == "0")
        #expect(opening.balance("USDT") == "10292")
        #expect(opening.ledger.position(option).realised.description == "50")
        #expect(opening.bench.engine.total("USDT")?.description == "42")
    }

    /// Long 0.010 was closed half a minute before the start; the sequence that is listed is the older one of the short side.
    @Test func `in hedge mode the sequence of one side says nothing of the other's fills`() throws {
        let old = try OpeningBench.fill(
            "e1",
            .sell,
            at: -30_000,
            price: "90100",
            fee: "0.1802",
            realised: "1",
            closed: "0.010",
            seq: 30
        )
        var short = try Row.position(.sell, "0.020", entry: "90000", seq: 10)
        short.positionIndex = 2
        var opening = try OpeningBench()
        opening.rest([old])
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions([short], at: Self.early)
        #expect(opening.size() == "-0.02")
        #expect(opening.ledger.position(Bench.btc).realised.isZero)
        opening.bench.execution(old)
        #expect(opening.size() == "-0.02")
        #expect(opening.balance("USDT") == "10000")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        #expect(opening.ties.isEmpty)
        // What is later than the answer counts, whichever side it is of.
        opening.bench.execution(
            try OpeningBench.fill("e2", .buy, at: 5_000, closed: "0", seq: 31)
        )
        #expect(opening.size() == "-0.01")
        #expect(opening.balance("USDT") == "9999.82")
    }

    /// By time it would be in the position; the sequence that was listed of its own side is older.
    @Test func `in hedge mode the sequence of a side that was listed says it of that side`() throws
    {
        var long = try Row.position(.buy, "0.030", entry: "90000", seq: 6)
        long.positionIndex = 1
        var opening = try OpeningBench()
        opening.rest()
        opening.positions([long], at: 3_000)
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.bench.execution(try linear())
        #expect(opening.size() == "0.02")
        #expect(opening.balance("USDT") == "10000.8198")
        #expect(opening.ties.isEmpty)
    }

    /// A delivery of which the exchange says a sequence that is not the position's, or the full hour as its time.
    @Test(arguments: [2_000, 200] as [Int64])
    func `a delivery ends a position that was listed, whatever its sequence`(
        at time: Int64
    ) throws {
        let (end, held) = try OpeningBench.delivery(at: time, seq: 3)
        var opening = try OpeningBench()
        opening.rest()
        opening.positions([held], at: Self.early)
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.bench.execution(end)
        #expect(opening.size(end.instrument) == "0")
        // A wallet of after the full hour may have it: that is another matter.
        #expect(opening.balance("USDT") == (time > Self.early ? "10190.9" : "10000"))
    }

    @Test(arguments: [false, true])
    func `the delivery of a dated contract`(isWalletFirst: Bool) throws {
        let (end, held) = try OpeningBench.delivery(at: 2_000, seq: 0)
        var opening = try OpeningBench()
        opening.rest()
        if isWalletFirst {
            try opening.wallet([("USDT", "10000")], at: Self.early)
            opening.bench.execution(end)
            opening.positions([], at: Self.late)
        } else {
            opening.positions([held], at: Self.early)
            opening.bench.execution(end)
            try opening.wallet([("USDT", "10190.9")], at: Self.late)
        }
        #expect(opening.size(end.instrument) == "0")
        #expect(opening.balance("USDT") == "10190.9")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        #expect(opening.ledger.wallets["USDT"]?.sums.delivery.description == "200")
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `what a list does not say to have been realised the transaction log says`() throws {
        // By the list of executions alone: what closed is in it, what it realised is not.
        var fill = try linear()
        fill.realisedPnL = nil
        var opening = try OpeningBench()
        opening.rest([fill])
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions(
            [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
            at: Self.late
        )
        #expect(opening.bench.engine.bookings.isEmpty)
        #expect(opening.balance("USDT") == "10000")
        #expect(opening.ties.map(\.seen) == ["in the position and not in the wallet"])
        let row = try OpeningBench.flow(of: fill)
        opening.log([row])
        #expect(opening.bench.engine.bookings.map(\.isFlowAlone) == [true])
        #expect(opening.size() == "0.02")
        #expect(opening.balance("USDT") == "10000.8198")
        // Told again by the log, and by a push: nothing more.
        opening.log([row])
        opening.bench.execution(fill)
        #expect(opening.balance("USDT") == "10000.8198")
        try opening.settle([("USDT", "10000.8198")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `a push that says what was realised comes before the list's row of it`() throws {
        let pushed = try linear()
        var listed = pushed
        listed.realisedPnL = nil
        for isPushFirst in [false, true] {
            var opening = try OpeningBench()
            if isPushFirst { opening.bench.execution(pushed) }
            opening.rest([listed])
            if !isPushFirst { opening.bench.execution(pushed) }
            try opening.wallet([("USDT", "10000")], at: Self.early)
            opening.positions(
                [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
                at: Self.late
            )
            #expect(opening.balance("USDT") == "10000.8198")
            #expect(opening.ties.isEmpty)
        }
    }

    @Test func `rows that are told again, by a list, a reconnect or past the window, count once`()
        throws
    {
        var opening = try OpeningBench()
        let inside = try OpeningBench.fill("e0", at: 500, seq: 6)
        let between = try linear()
        let rows = [inside, between]
        opening.bench.execution(between)
        opening.rest(rows)
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions(
            [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
            at: Self.late
        )
        func expectSame(_ why: Comment) {
            #expect(opening.size() == "0.02", why)
            #expect(opening.balance("USDT") == "10000.8198", why)
        }
        expectSame("at the opening")
        opening.bench.reply(.executions) { $0.executions = rows }
        expectSame("by the history of the day")
        opening.bench.link(.disconnected, "private/main")
        opening.connect()
        opening.rest(rows)
        opening.positions(
            [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
            at: 20_000
        )
        try opening.wallet([("USDT", "10000.8198")], at: 20_000)
        #expect(opening.bench.engine.isReconciled)
        expectSame("after a reconnect")
        // So many that the first ones are forgotten by their ids.
        for number in 0..<5_000 {
            let side = number % 2 == 0 ? Side.buy : .sell
            let at = 400_000 + Int64(number) * 1_000
            opening.bench.execution(
                try OpeningBench.fill(
                    "n\(number)",
                    side,
                    at: at,
                    fee: "0",
                    realised: "0",
                    seq: 100 + Int64(number)
                )
            )
        }
        let balance = opening.balance("USDT")
        opening.bench.reply(.executions) { $0.executions = rows }
        #expect(opening.size() == "0.02")
        #expect(opening.balance("USDT") == balance)
    }

    @Test func `what is booked is in the round trips whatever record it comes with`() throws {
        var opening = try OpeningBench()
        opening.rest()
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions([], at: Self.late)
        opening.bench.execution(try OpeningBench.fill("e1", at: 60_000, seq: 9))
        for kind in [Event.Kind.tick, .book, .ticker, .executions] {
            var fold = RoundTripFold()
            var event = Event()
            event.kind = kind
            let header = RecordHeader(
                sequence: SequenceNumber(99),
                time: opening.bench.time,
                stream: StreamName("session/tick")
            )
            try fold.take(event, opening.bench.engine, at: header)
            #expect(fold.changes.map(\.fills).contains(1), "\(kind)")
        }
    }

    @Test func `the flow alone is in the round trips as what was paid`() throws {
        var opening = try OpeningBench()
        var fold = RoundTripFold()
        func follow() throws {
            let input = try #require(opening.bench.inputs.last)
            try fold.take(input.event, opening.bench.engine, at: input.header)
        }
        opening.rest()
        try opening.wallet([("USDT", "10000")], at: Self.early)
        opening.positions(
            [try Row.position(.buy, "0.020", entry: "90000", seq: 7)],
            at: Self.late
        )
        try follow()
        opening.bench.execution(try linear())
        try follow()
        let trip = try #require(fold.changes.last { $0.key.strategy.isEmpty && $0.method == .flat })
        #expect(trip.state == .open && trip.isOpening)
        #expect(trip.realised.description == "1" && trip.entryFees.description == "0.1802")
        #expect(trip.entryQuantity.description == "0.02")
        #expect(fold.adjustments.isEmpty)
    }
}

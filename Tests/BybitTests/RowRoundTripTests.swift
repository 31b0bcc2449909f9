import Bybit
import JSON
import Market
import SharedData
import Testing

/// Rows of private pushes and of lists: the same values out as in, under the names that each place has.
@Suite struct RowRoundTripTests {
    static let time = RoundTripTests.time

    static func order(_ category: Category, isFilled: Bool) throws -> OrderUpdate {
        var order = OrderUpdate(
            instrument: InstrumentID(category, .btc),
            orderID: "0b6cf1d2-0000-4000-8000-00000000aa01",
            orderLinkID: "s1-17",
            side: .buy,
            type: .limit,
            timeInForce: .postOnly,
            status: .new,
            price: try Numeral("90000.00"),
            quantity: try Numeral("0.010"),
            leavesQuantity: try Numeral("0.010"),
            createdMilliseconds: time,
            updatedMilliseconds: time + 1
        )
        if isFilled {
            order.status = .filled
            order.type = .market
            order.price = nil
            order.averagePrice = try Numeral("90000")
            order.leavesQuantity = try Numeral("0.000")
            order.filledQuantity = try Numeral("0.010")
            order.filledValue = try Amount("900")
            order.filledFee = try Amount("0.18")
            order.cancelType = "CancelByUser"
            order.rejectReason = "EC_PerCancelRequest"
            order.reduceOnly = true
            order.positionIndex = 2
        }
        return order
    }

    static func execution(_ category: Category, _ type: ExecutionType) throws -> ExecutionReport {
        ExecutionReport(
            instrument: InstrumentID(category, .btc),
            executionID: "5d3c2b1a-0000-5000-8000-000000000001",
            type: type,
            orderID: "0b6cf1d2",
            orderLinkID: type == .funding ? "" : "s1-17",
            side: .sell,
            price: try Numeral("90500"),
            quantity: try Numeral("0.040"),
            value: try Amount("3620"),
            fee: try Amount("-0.362"),
            feeRate: try Numeral("-0.0001"),
            feeCoin: "USDT",
            realisedPnL: try Amount("-1.25"),
            closedQuantity: try Numeral("0.010"),
            isMaker: true,
            leavesQuantity: try Numeral("0.000"),
            orderPrice: try Numeral("90500.00"),
            orderQuantity: try Numeral("0.040"),
            orderType: type == .funding ? .other("UNKNOWN") : .limit,
            markPrice: try Numeral("90501.12"),
            timeMilliseconds: time,
            crossSequence: 900_000_009
        )
    }

    static func positions() throws -> [PositionUpdate] {
        [
            PositionUpdate(
                instrument: InstrumentID(.linear, .btc),
                side: .sell,
                size: try Numeral("0.010"),
                entryPrice: try Numeral("90000.12345678"),
                positionValue: try Amount("900.0012345678"),
                markPrice: try Numeral("90001.12"),
                unrealisedPnL: try Amount("-0.01"),
                currentRealisedPnL: try Amount("-0.18"),
                cumulativeRealisedPnL: try Amount("-3.4"),
                leverage: try Numeral("10"),
                createdMilliseconds: 1_760_000_000_000,
                updatedMilliseconds: time,
                crossSequence: 900_000_009
            ),
            PositionUpdate(
                instrument: InstrumentID(.linear, try require(Symbol("BTCPERP"), "a symbol")),
                side: .buy,
                size: try Numeral("0.5"),
                entryPrice: try Numeral("90000"),
                sessionPrice: try Numeral("90400"),
                markPrice: try Numeral("90500"),
                unrealisedPnL: try Amount("50"),
                updatedMilliseconds: time,
                crossSequence: 900_000_010
            ),
            PositionUpdate(
                instrument: InstrumentID(.linear, try require(Symbol("ETHUSDT"), "a symbol")),
                positionIndex: 1,
                side: nil,
                size: try Numeral("0"),
                entryPrice: nil,
                updatedMilliseconds: time,
                crossSequence: -1
            ),
        ]
    }

    static func wallet() throws -> [WalletUpdate] {
        [
            WalletUpdate(
                coin: "USDT",
                walletBalance: try Amount("9999.820000000000000001"),
                equity: try Amount("9999.8312"),
                unrealisedPnL: try Amount("0.0112"),
                cumulativeRealisedPnL: try Amount("-3.4"),
                locked: .zero
            ),
            WalletUpdate(coin: "BTC", walletBalance: try Amount("0.5")),
        ]
    }

    // MARK: - Pushes

    @Test(arguments: [Category.linear, .spot, .inverse, .option], [false, true])
    func `orders of a push`(category: Category, isFilled: Bool) throws {
        let order = try Self.order(category, isFilled: isFilled)
        let event = RoundTripTests.read(.privateData(account: "main")) {
            $0.orders([order, order], id: "m1", creationTime: Self.time)
        }
        #expect(event.kind == .orders && event.exchangeMilliseconds == Self.time)
        #expect(event.orders == [order, order])
    }

    @Test(
        arguments: [Category.linear, .spot],
        [ExecutionType.trade, .funding, .movePosition, .other("Novelty")]
    )
    func `executions of a push`(category: Category, type: ExecutionType) throws {
        let execution = try Self.execution(category, type)
        let event = RoundTripTests.read(.privateData(account: "main")) {
            $0.executions(
                [execution],
                topic: "execution.\(category.name)",
                id: "m1",
                creationTime: Self.time
            )
        }
        #expect(event.kind == .executions && event.executions == [execution])
    }

    @Test func `positions of a push`() throws {
        let positions = try Self.positions()
        let event = RoundTripTests.read(.privateData(account: "main")) {
            $0.positions(positions, id: "m1", creationTime: Self.time)
        }
        #expect(event.kind == .positions && event.positions == positions)
    }

    @Test func `a wallet of a push`() throws {
        let coins = try Self.wallet()
        let event = RoundTripTests.read(.privateData(account: "main")) {
            $0.wallet(coins, id: "m1", creationTime: Self.time)
        }
        #expect(event.kind == .wallets && event.wallets == coins)
    }

    // MARK: - Lists

    @Test(arguments: ["/v5/order/realtime", "/v5/order/history"])
    func `orders of a list`(path: String) throws {
        let order = try Self.order(.linear, isFilled: true)
        let event = RoundTripTests.reply(path) {
            if path == "/v5/order/history" {
                $0.orderHistory(
                    [order],
                    category: .linear,
                    nextPageCursor: "a%3A1",
                    time: Self.time
                )
            } else {
                $0.orders([order], category: .linear, nextPageCursor: "a%3A1", time: Self.time)
            }
        }
        #expect(event.orders == [order] && event.reply.nextPageCursor == "a%3A1")
    }

    @Test(arguments: [Category.linear, .spot])
    func `the last price has another name in the history of spot orders`(
        _ category: Category
    ) throws {
        var order = try Self.order(category, isFilled: true)
        order.lastPriceOnCreated = try Numeral("89999.5")
        order.closedPnL = try Amount("-4.317574655")
        let open = MessageWriter.message {
            $0.orders([order], category: category, time: Self.time)
        }
        let history = MessageWriter.message {
            $0.orderHistory([order], category: category, time: Self.time)
        }
        let isSpot = category == .spot
        for (body, isHistory) in [(open, false), (history, true)] {
            try JSONParser().read(body) { root in
                let row = try root.required("result").required("list")[0]
                let named = isSpot && isHistory
                #expect(row?["basePrice"]?.string == (named ? "89999.5" : nil))
                let last = row?["lastPriceOnCreated"]?.string
                #expect(last == (named ? nil : isSpot ? "" : "89999.5"))
                // In pushes alone: no list among the samples has it.
                #expect(row?["closedPnl"] == nil)
            }
        }
        let push = MessageWriter.message { $0.orders([order], id: "m", creationTime: Self.time) }
        try JSONParser().read(push) { root in
            let row = try root.required("data")[0]
            #expect(row?["closedPnl"]?.string == "-4.31757466")
        }
    }

    @Test func `executions of a list have no realised profit`() throws {
        var execution = try Self.execution(.linear, .trade)
        let event = RoundTripTests.reply("/v5/execution/list") {
            $0.executions([execution], category: .linear, time: Self.time)
        }
        execution.realisedPnL = nil
        #expect(event.executions == [execution])
    }

    @Test func `positions of a list have their entry under another name`() throws {
        let positions = try Self.positions()
        let body = MessageWriter.message {
            $0.positions(positions, category: .linear, time: Self.time)
        }
        try JSONParser().read(body) { root in
            let row = try root.required("result").required("list")[0]
            #expect(row?["avgPrice"]?.string == "90000.12345678")
            #expect(row?["entryPrice"] == nil && row?["category"] == nil)
        }
        let event = RoundTripTests.reply("/v5/position/list") {
            $0.positions(positions, category: .linear, time: Self.time)
        }
        #expect(event.positions == positions)
    }

    @Test func `wallet, transactions, book, time and ids of replies`() throws {
        let coins = try Self.wallet()
        #expect(
            RoundTripTests.reply("/v5/account/wallet-balance") { $0.wallet(coins, time: Self.time) }
                .wallets == coins
        )
        let row = TransactionRow(
            id: "592324_BTCUSDT_1",
            type: "SETTLEMENT",
            category: .linear,
            symbol: "BTCUSDT",
            coin: "USDT",
            orderID: "o",
            orderLinkID: "l",
            tradeID: "t",
            quantity: try Numeral("0.040"),
            tradePrice: try Numeral("90500"),
            cashFlow: .zero,
            funding: try Amount("-0.362"),
            fee: .zero,
            change: try Amount("-0.362"),
            balance: try Amount("9999.458"),
            timeMilliseconds: Self.time
        )
        let transfer = TransactionRow(
            id: "1",
            type: "TRANSFER_IN",
            category: nil,
            symbol: "",
            coin: "USDT",
            change: try Amount("100"),
            balance: try Amount("100"),
            timeMilliseconds: Self.time
        )
        #expect(
            RoundTripTests.reply("/v5/account/transaction-log") {
                $0.transactionLog([row, transfer], time: Self.time)
            }.transactions == [row, transfer]
        )
        let nanoseconds = Self.time * 1_000_000 + 123_456
        #expect(
            RoundTripTests.reply("/v5/market/time") { $0.serverTime(nanoseconds: nanoseconds) }
                .reply.serverTime == Timestamp(nanoseconds: nanoseconds)
        )
        var update = BookUpdate()
        update.updateID = 77
        update.crossSequence = 78
        update.matchTimeMilliseconds = Self.time - 1
        update.asks = [LevelNumerals(price: try Numeral("90000.20"), size: try Numeral("0.300"))]
        let book = RoundTripTests.reply("/v5/market/orderbook") {
            $0.orderBook(update, symbol: .btc, ts: Self.time, time: Self.time)
        }
        #expect(book.symbol == .btc && book.book.isSnapshot && book.book.updateID == 77)
        #expect(book.book.asks == update.asks && book.book.bids.isEmpty)
    }

    @Test func `an accepted order is known by both ids, a refused one by ours`() {
        let body = String(
            decoding: MessageWriter.message {
                $0.accepted(orderID: "0b6c", orderLinkID: "s1-17", time: Self.time)
            },
            as: UTF8.self
        )
        let request = #"{"category":"spot","symbol":"ETHUSDT","orderLinkId":"s1-17"}"#
        let accepted = decode(
            "rest/main/POST/v5/order/create",
            record("/v5/order/create", method: "POST", request: request, response: body)
        )
        #expect(accepted.findings.isEmpty && accepted.reply.isSuccess)
        #expect(accepted.reply.orderID == "0b6c" && accepted.reply.orderLinkID == "s1-17")
        #expect(accepted.category == .spot && accepted.symbol == Symbol("ETHUSDT"))
        let refusal = String(
            decoding: MessageWriter.message {
                $0.failure(code: 110_007, message: "ab not enough for new order", time: Self.time)
            },
            as: UTF8.self
        )
        let refused = decode(
            "rest/main/POST/v5/order/create",
            record("/v5/order/create", method: "POST", request: request, response: refusal)
        )
        #expect(refused.findings.isEmpty && !refused.reply.isSuccess)
        #expect(refused.reply.code == 110_007 && refused.reply.orderLinkID == "s1-17")
        #expect(refused.reply.message == "ab not enough for new order")
    }

    @Test(arguments: ["timed-out", "failed", "not-sent"])
    func `an exchange without an answer is known by what was asked`(outcome: String) {
        let event = decode(
            "rest/main/POST/v5/order/create",
            record(
                "/v5/order/create",
                method: "POST",
                request: #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"s1-17"}"#,
                response: "",
                outcome: outcome,
                status: 0
            )
        )
        #expect(event.kind == .reply && event.findings.isEmpty)
        #expect(event.reply.outcome.rawValue == outcome && event.reply.code == -1)
        #expect(event.reply.orderLinkID == "s1-17" && !event.reply.isSuccess)
    }

    // MARK: - Keys that clients look for

    @Test(
        arguments: [
            (Category.linear, ["tpslMode", "createType"], []),
            (.inverse, ["tpslMode", "createType"], []),
            (.spot, [], ["tpslMode", "createType"]), (.option, ["tpslMode"], ["createType"]),
        ] as [(Category, [String], [String])]
    )
    func `an order has the keys by which clients tell its category`(
        category: Category,
        present: [String],
        absent: [String]
    ) throws {
        let order = try Self.order(category, isFilled: false)
        let bytes = MessageWriter.message { $0.orders([order], id: "m", creationTime: 1) }
        try JSONParser().read(bytes) { root in
            let row = try #require(root["data"]?[0])
            for key in present { #expect(row[key] != nil, "\(key)") }
            for key in absent { #expect(row[key] == nil, "\(key)") }
        }
    }

    @Test func `a spot execution and a funding row have no createType`() throws {
        let rows = [
            try Self.execution(.spot, .trade), try Self.execution(.linear, .funding),
            try Self.execution(.linear, .trade),
        ]
        let bytes = MessageWriter.message { $0.executions(rows, id: "m", creationTime: 1) }
        try JSONParser().read(bytes) { root in
            let list = try root.required("data")
            #expect(list.elements.map { $0["createType"] != nil } == [false, false, true])
        }
    }
}

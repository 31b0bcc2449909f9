import Bybit
import Market
import SharedData
import Testing

/// What the client sends: exact bytes, since they are signed.
@Suite struct RequestTests {
    static let btc = InstrumentID(.linear, .btc)

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a limit order becomes a body with its numbers as they are`() throws {
        let order = OrderRequest(
            instrument: Self.btc,
            orderLinkID: "s1-17",
            side: .buy,
            timeInForce: .postOnly,
            quantity: try Numeral("0.010"),
            price: try Numeral("90000.00")
        )
        let request = try require(RESTRequest(.place(order)), "a request")
        #expect(request.method == "POST" && request.path == "/v5/order/create" && request.isSigned)
        #expect(request.query.isEmpty)
        #expect(
            Self.text(request.body)
                == #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","#
                + #""qty":"0.010","price":"90000.00","timeInForce":"PostOnly","orderLinkId":"s1-17"}"#
        )
    }

    @Test func `a reducing market order has no price and says that it reduces`() throws {
        let order = OrderRequest(
            instrument: Self.btc,
            orderLinkID: "s1-18",
            side: .sell,
            type: .market,
            timeInForce: .immediateOrCancel,
            quantity: try Numeral("1"),
            price: nil,
            reduceOnly: true
        )
        #expect(
            Self.text(try require(RESTRequest(.place(order)), "a request").body)
                == #"{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Market","#
                + #""qty":"1","timeInForce":"IOC","orderLinkId":"s1-18","reduceOnly":true}"#
        )
    }

    /// Trap 32: in hedge mode the exchange refuses with 10001 what does not say of which position it is.
    @Test(arguments: [(Side.buy, 2), (.sell, 1)])
    func `in hedge mode an order that reduces says its position behind all else`(
        side: Side,
        index: Int
    ) throws {
        let order = OrderRequest(
            instrument: Self.btc,
            orderLinkID: "s1-20",
            side: side,
            quantity: try Numeral("0.010"),
            price: try Numeral("90000.00"),
            reduceOnly: true
        )
        let oneWay = try require(RESTRequest(.place(order), isHedged: false), "a request")
        #expect(oneWay == RESTRequest(.place(order)))
        let hedged = try require(RESTRequest(.place(order), isHedged: true), "a request")
        #expect(hedged.method == "POST" && hedged.path == "/v5/order/create" && hedged.isSigned)
        #expect(
            Self.text(hedged.body)
                == #"{"category":"linear","symbol":"BTCUSDT","side":"\#(side.name)","#
                + #""orderType":"Limit","qty":"0.010","price":"90000.00","timeInForce":"GTC","#
                + #""orderLinkId":"s1-20","reduceOnly":true,"positionIdx":\#(index)}"#
        )
    }

    /// The desk lets none of them leave; the exchange refuses those that come through, rather than open the other position.
    @Test func `what opens, amendments and cancels say no position, in hedge mode neither`()
        throws
    {
        let order = OrderRequest(
            instrument: Self.btc,
            orderLinkID: "s1-20",
            side: .buy,
            quantity: try Numeral("0.010"),
            price: try Numeral("90000.00")
        )
        let amend = AmendRequest(instrument: Self.btc, orderLinkID: "a", price: try Numeral("1"))
        let cancel = CancelRequest(instrument: Self.btc, orderLinkID: "a")
        for action in [
            Command.Action.place(order), .amend(amend), .cancel(cancel), .lookUp(.wallet),
        ] {
            #expect(RESTRequest(action, isHedged: true) == RESTRequest(action))
        }
        #expect(RESTRequest(.resubscribe(Self.btc, topic: "t"), isHedged: true) == nil)
    }

    /// Trap 24: without `marketUnit` a million SHIB to buy are a million USDT to spend.
    @Test func `a spot market order says that its quantity is of the base coin`() throws {
        let shib = InstrumentID(.spot, try #require(Symbol("SHIBUSDT")))
        var order = OrderRequest(
            instrument: shib,
            orderLinkID: "s1-19",
            side: .buy,
            type: .market,
            timeInForce: .immediateOrCancel,
            quantity: try Numeral("1000000"),
            price: nil
        )
        #expect(
            Self.text(try require(RESTRequest(.place(order)), "a request").body)
                == #"{"category":"spot","symbol":"SHIBUSDT","side":"Buy","orderType":"Market","#
                + #""qty":"1000000","marketUnit":"baseCoin","timeInForce":"IOC","orderLinkId":"s1-19"}"#
        )
        let batch = try require(RESTRequest(placing: [order, order]), "a batch")
        #expect(Self.text(batch.body).split(separator: "\"marketUnit\":\"baseCoin\"").count == 3)
        order.type = .limit
        order.price = try Numeral("0.00002")
        let limit = Self.text(try require(RESTRequest(.place(order)), "a request").body)
        #expect(!limit.contains("marketUnit"))
    }

    @Test func `amend and cancel name the order and only what changes`() throws {
        let amend = AmendRequest(
            instrument: Self.btc,
            orderLinkID: "s1-17",
            price: try Numeral("90000.10")
        )
        let cancel = CancelRequest(instrument: Self.btc, orderLinkID: "", orderID: "0b6c")
        #expect(
            Self.text(try require(RESTRequest(.amend(amend)), "a request").body)
                == #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"s1-17","price":"90000.10"}"#
        )
        let request = try require(RESTRequest(.cancel(cancel)), "a request")
        #expect(request.path == "/v5/order/cancel")
        #expect(
            Self.text(request.body) == #"{"category":"linear","symbol":"BTCUSDT","orderId":"0b6c"}"#
        )
    }

    @Test func `timers and subscriptions are no requests`() {
        #expect(RESTRequest(.setTimer(name: "x", due: .zero)) == nil)
        #expect(RESTRequest(.resubscribe(Self.btc, topic: "orderbook.50.BTCUSDT")) == nil)
    }

    private static let combination = InstrumentID(.spread, Symbol("SOLUSDT_SOL/USDT") ?? .none)

    static let questions: [(LookUp, String, String, Bool)] = [
        (.serverTime, "/v5/market/time", "", false),
        (
            .instruments(.linear), "/v5/market/instruments-info",
            "category=linear&limit=1000", false
        ),
        (
            .openOrders(.linear), "/v5/order/realtime",
            "category=linear&settleCoin=USDT&openOnly=0&limit=50", true
        ),
        (.openOrders(.spot), "/v5/order/realtime", "category=spot&openOnly=0&limit=50", true),
        (
            .order(InstrumentID(.linear, .btc), orderLinkID: "s1-17"), "/v5/order/realtime",
            "category=linear&symbol=BTCUSDT&orderLinkId=s1-17", true
        ),
        (
            .orderHistory(InstrumentID(.linear, .btc), orderLinkID: "s1-17"), "/v5/order/history",
            "category=linear&symbol=BTCUSDT&orderLinkId=s1-17", true
        ),
        (
            .orderByID(InstrumentID(.linear, .btc), orderID: "ab-01"), "/v5/order/realtime",
            "category=linear&symbol=BTCUSDT&orderId=ab-01", true
        ),
        (
            .orderHistoryByID(InstrumentID(.linear, .btc), orderID: "ab-01"), "/v5/order/history",
            "category=linear&symbol=BTCUSDT&orderId=ab-01", true
        ),
        (
            .ordersSince(.linear, sinceMilliseconds: 5), "/v5/order/history",
            "category=linear&settleCoin=USDT&startTime=5&limit=50", true
        ),
        (
            .executions(.linear, sinceMilliseconds: 1_767_225_600_000), "/v5/execution/list",
            "category=linear&startTime=1767225600000&limit=100", true
        ),
        (
            .positions(.linear), "/v5/position/list",
            "category=linear&settleCoin=USDT&limit=200", true
        ),
        (.wallet, "/v5/account/wallet-balance", "accountType=UNIFIED", true),
        (
            .transactionLog(.linear, sinceMilliseconds: 5), "/v5/account/transaction-log",
            "accountType=UNIFIED&category=linear&startTime=5&limit=50", true
        ),
        (
            .recentTrades(InstrumentID(.linear, .btc)), "/v5/market/recent-trade",
            "category=linear&symbol=BTCUSDT&limit=1000", false
        ),
        (
            .recentTrades(InstrumentID(.spot, .btc)), "/v5/market/recent-trade",
            "category=spot&symbol=BTCUSDT&limit=60", false
        ),
        (
            .recentTrades(combination), "/v5/spread/recent-trade",
            "symbol=SOLUSDT_SOL%2FUSDT&limit=1000", false
        ),
        (.openOrders(.spread), "/v5/spread/order/realtime", "limit=50", true),
        (
            .order(combination, orderLinkID: "arb-1"), "/v5/spread/order/realtime",
            "orderLinkId=arb-1", true
        ),
        (
            .orderHistory(combination, orderLinkID: "arb-1"), "/v5/spread/order/history",
            "orderLinkId=arb-1", true
        ),
        (
            .orderByID(combination, orderID: "ab-01"), "/v5/spread/order/realtime",
            "orderId=ab-01", true
        ),
        (
            .orderHistoryByID(combination, orderID: "ab-01"), "/v5/spread/order/history",
            "orderId=ab-01", true
        ),
        (
            .ordersSince(.spread, sinceMilliseconds: 5), "/v5/spread/order/history",
            "startTime=5&limit=50", true
        ),
        (
            .executions(.spread, sinceMilliseconds: 5), "/v5/spread/execution/list",
            "startTime=5&limit=50", true
        ),
        (
            .page(.spreadOpenOrders, query: "limit=50", cursor: "c"), "/v5/spread/order/realtime",
            "limit=50&cursor=c", true
        ),
        (
            .page(.executions, query: "category=linear&limit=100", cursor: "a%3A1%2Cb"),
            "/v5/execution/list", "category=linear&limit=100&cursor=a%3A1%2Cb", true
        ),
        (
            .page(.executions, query: "category=linear&cursor=old&limit=9", cursor: "new"),
            "/v5/execution/list", "category=linear&limit=9&cursor=new", true
        ),
    ]

    @Test(arguments: questions)
    func `a question becomes a query`(
        question: LookUp,
        path: String,
        query: String,
        isSigned: Bool
    ) {
        let request = RESTRequest(question)
        #expect(request.method == "GET" && request.path == path && request.query == query)
        #expect(request.isSigned == isSigned && request.body.isEmpty)
    }

    @Test func `a symbol with a slash is percent-encoded`() {
        #expect(
            RESTRequest(.fullBook(Self.combination)).query
                == "category=spread&symbol=SOLUSDT_SOL%2FUSDT"
        )
    }

    @Test func `the text to sign is timestamp, key, window and payload`() {
        let get = RESTRequest(endpoint: .openOrders, query: "category=linear&symbol=BTCUSDT")
        let post = RESTRequest(endpoint: .createOrder, body: Array(#"{"category":"linear"}"#.utf8))
        let none = RESTRequest(endpoint: .wallet)
        let sign = { (request: RESTRequest) in
            Self.text(
                request.textToSign(timestamp: 1_767_225_600_000, key: "KEY", receiveWindow: 5_000)
            )
        }
        #expect(sign(get) == "1767225600000KEY5000category=linear&symbol=BTCUSDT")
        #expect(sign(post) == #"1767225600000KEY5000{"category":"linear"}"#)
        #expect(sign(none) == "1767225600000KEY5000")
        #expect(
            Self.text(SocketRequest.textToSign(expires: 1_767_225_610_000))
                == "GET/realtime1767225610000"
        )
    }

    @Test(
        arguments: [
            (
                SocketRequest.subscribe(["publicTrade.BTCUSDT", "tickers.BTCUSDT"]),
                RequestID.text("r1"),
                #"{"req_id":"r1","op":"subscribe","args":["publicTrade.BTCUSDT","tickers.BTCUSDT"]}"#
            ),
            (.unsubscribe(["order"]), .none, #"{"op":"unsubscribe","args":["order"]}"#),
            (.ping, .number("7"), #"{"req_id":7,"op":"ping"}"#),
            (
                .auth(key: "K", expires: 1_767_225_610_000, signature: "ab12"), .none,
                #"{"op":"auth","args":["K",1767225610000,"ab12"]}"#
            ),
        ] as [(SocketRequest, RequestID, String)]
    )
    func `a frame to a socket is written, and read back by the server`(
        request: SocketRequest,
        id: RequestID,
        expected: String
    ) throws {
        let bytes = request.bytes(requestID: id)
        #expect(Self.text(bytes) == expected)
        let frame = try bytes.withUnsafeBytes { try RequestReader().frame($0) }
        #expect(frame == ClientFrame(requestID: id, request: request))
    }

    @Test func `spot takes ten topics a request, and private topics do not mix their forms`() {
        let topics = (0..<23).map { "tickers.T\($0)" }
        let sizes = { (requests: [SocketRequest]) in
            requests.map { request in
                guard case .subscribe(let topics) = request else { return -1 }
                return topics.count
            }
        }
        #expect(sizes(SocketRequest.subscriptions(topics, on: .publicData(.spot))) == [10, 10, 3])
        #expect(sizes(SocketRequest.subscriptions(topics, on: .publicData(.linear))) == [23])
        #expect(SocketRequest.subscriptions([], on: .publicData(.linear)).isEmpty)
        #expect(
            SocketRequest.subscriptions(
                ["order", "execution.linear", "wallet"],
                on: .privateData(account: "main")
            ) == [.subscribe(["order", "wallet"]), .subscribe(["execution.linear"])]
        )
    }

    @Test func `a batch says its category once and each item as a request of its own does`() throws
    {
        let orders = try ["a", "b"].map {
            OrderRequest(
                instrument: Self.btc,
                orderLinkID: $0,
                side: .buy,
                quantity: try Numeral("0.010"),
                price: try Numeral("90000.00")
            )
        }
        let placing = try require(RESTRequest(placing: orders), "a request")
        #expect(placing.method == "POST" && placing.path == "/v5/order/create-batch")
        #expect(placing.isSigned && placing.query.isEmpty)
        let item = #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","#
        let rest = #""price":"90000.00","timeInForce":"GTC","orderLinkId":"#
        #expect(
            Self.text(placing.body)
                == #"{"category":"linear","request":["# + item + rest + #""a"},"# + item + rest
                + #""b"}]}"#
        )
        let cancels = [CancelRequest(instrument: Self.btc, orderLinkID: "a")]
        let cancelling = try require(RESTRequest(cancelling: cancels), "a request")
        #expect(cancelling.path == "/v5/order/cancel-batch")
        #expect(
            Self.text(cancelling.body)
                == #"{"category":"linear","request":[{"symbol":"BTCUSDT","orderLinkId":"a"}]}"#
        )
        let change = AmendRequest(
            instrument: Self.btc,
            orderLinkID: "",
            orderID: "x",
            price: try Numeral("1.5")
        )
        let amending = try require(RESTRequest(amending: [change]), "a request")
        #expect(amending.path == "/v5/order/amend-batch")
        #expect(
            Self.text(amending.body)
                == #"{"category":"linear","request":[{"symbol":"BTCUSDT","orderId":"x","price":"1.5"}]}"#
        )
        var other = orders[0]
        other.instrument.category = .spot
        #expect(RESTRequest(placing: [orders[0], other]) == nil)
        #expect(RESTRequest(placing: []) == nil && RESTRequest(cancelling: []) == nil)
    }
}

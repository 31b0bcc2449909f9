import Bybit
import Market
import SharedData
import Testing

/// What the server reads: its own client's requests, and those of other people's clients.
@Suite struct RequestReaderTests {
    let reader = RequestReader()

    func rest(
        _ method: String,
        _ path: String,
        query: String = "",
        body: String = ""
    ) -> ServerRequest {
        Array(body.utf8).withUnsafeBytes {
            reader.rest(method: method, path: path, query: query, body: $0)
        }
    }

    @Test func `an order that our client sends is the order that the server reads`() throws {
        let order = OrderRequest(
            instrument: InstrumentID(.linear, .btc),
            orderLinkID: "s1-17",
            side: .sell,
            timeInForce: .postOnly,
            quantity: try Numeral("0.010"),
            price: try Numeral("90000.00"),
            reduceOnly: true
        )
        let amend = AmendRequest(
            instrument: order.instrument,
            orderLinkID: "s1-17",
            quantity: try Numeral("0.020")
        )
        let cancel = CancelRequest(instrument: order.instrument, orderLinkID: "s1-17")
        let actions: [(Command.Action, ServerRequest)] = [
            (.place(order), .create(order)), (.amend(amend), .amend(amend)),
            (.cancel(cancel), .cancel(cancel)),
        ]
        for (action, expected) in actions {
            let request = try require(RESTRequest(action), "a request")
            let read = rest(
                request.method,
                request.path,
                body: String(decoding: request.body, as: UTF8.self)
            )
            #expect(read == expected)
        }
    }

    @Test func `a body with blanks, other order and unknown keys is read`() throws {
        let read = rest(
            "POST",
            "/v5/order/create",
            body: #"{"qty": "1", "orderType": "Market", "positionIdx": 0, "side": "Buy", "#
                + #""symbol": "BTCUSDT", "category": "spot", "marketUnit": "baseCoin"}"#
        )
        guard case .create(let order) = read else {
            Issue.record("read \(read)")
            return
        }
        #expect(order.instrument == InstrumentID(.spot, .btc))
        #expect(order.type == .market && order.price == nil && order.orderLinkID.isEmpty)
    }

    @Test(arguments: [
        ("", "JSON"), ("{", "JSON"), ("[]", "another type"), ("{}", "category is missing"),
        (
            #"{"category":"coin","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"1"}"#,
            "category"
        ),
        (
            #"{"category":"linear","symbol":"","side":"Buy","orderType":"Limit","qty":"1"}"#,
            "symbol"
        ),
        (
            #"{"category":"linear","symbol":"BTCUSDT","side":"Long","orderType":"Limit","qty":"1"}"#,
            "side"
        ),
        (
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":""}"#,
            "qty"
        ),
        (
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":1}"#,
            "qty"
        ),
        (
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"1e3"}"#,
            "qty"
        ),
        (
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"1","price":"x"}"#,
            "price"
        ),
    ])
    func `an order that cannot be read is refused with what is wrong`(body: String, word: String) {
        guard case .invalid(let error) = rest("POST", "/v5/order/create", body: body) else {
            Issue.record("accepted")
            return
        }
        #expect(error.code == 10_001)
        #expect(error.message.contains(word), "\(error.message)")
    }

    @Test func `amend and cancel need an id`() {
        let body = #"{"category":"linear","symbol":"BTCUSDT","qty":"1"}"#
        for path in ["/v5/order/amend", "/v5/order/cancel"] {
            guard case .invalid(let error) = rest("POST", path, body: body) else {
                Issue.record("accepted \(path)")
                continue
            }
            #expect(error.message.contains("orderLinkId"))
        }
    }

    @Test func `queries are read with their escapes, and unknown names are ignored`() throws {
        let read = rest(
            "GET",
            "/v5/execution/list",
            query: "category=spot&symbol=SOLUSDT_SOL%2FUSDT&limit=100&cursor=a%253A1&startTime=5"
                + "&endTime=6&execType=Trade&newThing=1&orderLinkId="
        )
        var expected = ListQuery()
        expected.category = .spot
        expected.symbol = Symbol("SOLUSDT_SOL/USDT")
        expected.limit = 100
        expected.cursor = "a%3A1"
        expected.startTime = 5
        expected.endTime = 6
        expected.executionType = "Trade"
        #expect(read == .executions(expected))
    }

    @Test(arguments: RequestTests.questions)
    func `every question of our client is one that the server knows`(
        question: LookUp,
        path: String,
        query: String,
        isSigned: Bool
    ) {
        switch rest("GET", path, query: query) {
        case .invalid, .unknown: Issue.record("\(path) is not read")
        default: break
        }
    }

    @Test func `paths, methods and parameters that are wrong are told apart`() {
        #expect(rest("GET", "/v5/market/nothing") == .unknown(path: "/v5/market/nothing"))
        let refused: [(String, String, String)] = [
            ("GET", "/v5/order/create", ""), ("GET", "/v5/order/realtime", "category=coin"),
            ("GET", "/v5/order/realtime", "limit=many"), ("GET", "/v5/order/realtime", "limit=-1"),
            ("GET", "/v5/order/realtime", "symbol=%20"),
        ]
        for (method, path, query) in refused {
            guard case .invalid = rest(method, path, query: query) else {
                Issue.record("accepted \(method) \(path)?\(query)")
                continue
            }
        }
        #expect(
            rest("GET", "/v5/account/wallet-balance", query: "coin=USDT,BTC")
                == .wallet(coins: ["USDT", "BTC"])
        )
        #expect(rest("GET", "/v5/account/wallet-balance") == .wallet(coins: []))
        #expect(rest("GET", "/v5/market/time") == .serverTime)
    }

    @Test func `cancel-all is read from its body`() {
        let read = rest(
            "POST",
            "/v5/order/cancel-all",
            body: #"{"category":"linear","settleCoin":"USDT"}"#
        )
        guard case .cancelAll(let query) = read else {
            Issue.record("read \(read)")
            return
        }
        #expect(query.category == .linear && query.settleCoin == "USDT" && query.symbol == nil)
    }

    @Test(
        arguments: [
            // ccxt: integer id, expires as a string.
            (
                #"{"req_id":3,"op":"auth","args":["K","1767225610000","s"]}"#,
                RequestID.number("3"),
                SocketRequest.auth(key: "K", expires: 1_767_225_610_000, signature: "s")
            ),
            // pybit's trade socket.
            (
                #"{"reqId":"a1","header":{"X-BAPI-TIMESTAMP":1},"op":"order.create","args":[{}]}"#,
                .text("a1"), .other("order.create")
            ),
            (#"{"op":"ping"}"#, .none, .ping),
            (#"{"op":"subscribe","args":[],"id":"x"}"#, .text("x"), .subscribe([])),
        ] as [(String, RequestID, SocketRequest)]
    )
    func `frames of other people's clients are read`(
        text: String,
        id: RequestID,
        request: SocketRequest
    ) throws {
        let frame = try Array(text.utf8).withUnsafeBytes { try reader.frame($0) }
        #expect(frame == ClientFrame(requestID: id, request: request))
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"op":1}"#, #"{"op":"subscribe"}"#,
        #"{"op":"subscribe","args":"x"}"#,
        #"{"op":"subscribe","args":[1]}"#, #"{"op":"auth","args":["K"]}"#,
        #"{"op":"auth","args":["K",1.5,"s"]}"#, #"{"op":"auth","args":["K",1e40,"s"]}"#,
    ])
    func `a frame that is none is refused`(text: String) {
        #expect(throws: RequestError.self) {
            try Array(text.utf8).withUnsafeBytes { try reader.frame($0) }
        }
    }
}

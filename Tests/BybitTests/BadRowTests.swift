import Bybit
import Market
import SharedData
import Testing

/// Rows that are broken in one place: what the row can stand without is a finding, what it cannot takes it out.
@Suite struct BadRowTests {
    static let order =
        #"{"category":"linear","symbol":"BTCUSDT","orderId":"0b6c","orderLinkId":"s1-17","side":"Buy","#
        + #""positionIdx":0,"orderStatus":"New","cancelType":"UNKNOWN","rejectReason":"EC_NoError","#
        + #""timeInForce":"GTC","price":"90000.00","qty":"0.010","avgPrice":"","leavesQty":"0.010","#
        + #""cumExecQty":"0.000","cumExecValue":"0","cumExecFee":"0","orderType":"Limit","reduceOnly":false,"#
        + #""createdTime":"1767225599900","updatedTime":"1767225600042"}"#

    static func push(_ topic: String, _ rows: String...) -> Event {
        decode(
            "private/main/" + topic,
            #"{"topic":"\#(topic)","id":"1","creationTime":5,"data":[\#(rows.joined(separator: ","))]}"#
        )
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var find: String
        var put: String
        var field: String
        var reason: DecodeFinding.Reason
        var stands: Bool
        var testDescription: String { "\(find) → \(put.prefix(40))" }
    }

    static let changes: [Change] = [
        Change(find: #""qty":"0.010","#, put: "", field: "qty", reason: .missing, stands: false),
        Change(
            find: #""qty":"0.010""#,
            put: #""qty":"""#,
            field: "qty",
            reason: .empty,
            stands: false
        ),
        Change(
            find: #""qty":"0.010""#,
            put: #""qty":0.010"#,
            field: "qty",
            reason: .wrongType,
            stands: false
        ),
        Change(
            find: #""qty":"0.010""#,
            put: #""qty":"\#(BadInputTests.forty)""#,
            field: "qty",
            reason: .number(.tooLong),
            stands: false
        ),
        Change(
            find: #""qty":"0.010""#,
            put: #""qty":null"#,
            field: "qty",
            reason: .missing,
            stands: false
        ),
        Change(
            find: #""cumExecQty":"0.000""#,
            put: #""cumExecQty":"many""#,
            field: "cumExecQty",
            reason: .number(.unexpectedByte(offset: 0)),
            stands: false
        ),
        Change(
            find: #""orderId":"0b6c""#,
            put: #""orderId":"""#,
            field: "orderId",
            reason: .empty,
            stands: false
        ),
        Change(
            find: #""side":"Buy""#,
            put: #""side":"Long""#,
            field: "side",
            reason: .unexpected("Long"),
            stands: false
        ),
        Change(
            find: #""side":"Buy""#,
            put: #""side":"""#,
            field: "side",
            reason: .empty,
            stands: false
        ),
        Change(
            find: #""category":"linear""#,
            put: #""category":"combination""#,
            field: "category",
            reason: .unexpected("combination"),
            stands: false
        ),
        Change(
            find: #""symbol":"BTCUSDT""#,
            put: #""symbol":7"#,
            field: "symbol",
            reason: .wrongType,
            stands: false
        ),
        Change(
            find: #""updatedTime":"1767225600042""#,
            put: #""updatedTime":"soon""#,
            field: "updatedTime",
            reason: .number(.unexpectedByte(offset: 0)),
            stands: false
        ),
        Change(
            find: #""price":"90000.00""#,
            put: #""price":"9e4""#,
            field: "price",
            reason: .number(.unexpectedByte(offset: 1)),
            stands: true
        ),
        Change(
            find: #""price":"90000.00""#,
            put: #""price":9"#,
            field: "price",
            reason: .wrongType,
            stands: true
        ),
        Change(
            find: #""orderLinkId":"s1-17""#,
            put: #""orderLinkId":1"#,
            field: "orderLinkId",
            reason: .wrongType,
            stands: true
        ),
        Change(
            find: #""reduceOnly":false"#,
            put: #""reduceOnly":"no""#,
            field: "reduceOnly",
            reason: .wrongType,
            stands: true
        ),
        Change(
            find: #""orderType":"Limit""#,
            put: #""orderType":[]"#,
            field: "orderType",
            reason: .wrongType,
            stands: true
        ),
    ]

    @Test(arguments: changes)
    func `a change of an order row is one finding, and the row beside it stands`(
        change: Change
    ) throws {
        let broken = Self.order.replacingFirst(change.find, with: change.put)
        #expect(broken != Self.order)
        let event = Self.push("order", broken, Self.order)
        #expect(event.kind == .orders)
        #expect(
            event.findings == [
                DecodeFinding(field: "data[0].\(change.field)", reason: change.reason)
            ]
        )
        #expect(event.orders.count == (change.stands ? 2 : 1))
        let good = try require(Self.push("order", Self.order).orders.first, "an order")
        #expect(event.orders.last == good)
        if change.stands, change.field == "price" { #expect(event.orders.first?.price == nil) }
    }

    @Test func `an empty text is no number where a field may be empty`() throws {
        let order = try require(
            Self.push(
                "order",
                Self.order.replacingFirst(#""leavesQty":"0.010""#, with: #""leavesQty":"""#)
                    .replacingFirst(#""price":"90000.00""#, with: #""price":"""#)
                    .replacingFirst(#""cumExecValue":"0""#, with: #""cumExecValue":"""#)
            ).orders.first,
            "an order"
        )
        #expect(order.leavesQuantity == nil && order.price == nil && order.averagePrice == nil)
        #expect(order.filledValue == .zero)
    }

    @Test func `words that are not known are kept`() throws {
        let order = try require(
            Self.push(
                "order",
                Self.order.replacingFirst(#""New""#, with: #""Dreaming""#)
                    .replacingFirst(#""GTC""#, with: #""RPI""#)
                    .replacingFirst(#""Limit""#, with: #""Iceberg""#)
            ).orders.first,
            "an order"
        )
        #expect(order.status == .other("Dreaming"))
        #expect(order.timeInForce == .other("RPI") && order.type == .other("Iceberg"))
    }

    @Test(arguments: ["order", "execution", "position", "wallet"])
    func `a push whose data is no list is malformed`(topic: String) {
        for data in ["{}", "7", #""x""#, "null"] {
            let event = decode(
                "private/main/" + topic,
                #"{"topic":"\#(topic)","creationTime":5,"data":\#(data)}"#
            )
            #expect(event.kind == .malformed && event.findings.count == 1)
        }
        let missing = decode("private/main/" + topic, #"{"topic":"\#(topic)","creationTime":5}"#)
        #expect(missing.kind == .malformed)
        let rows = Self.push(topic, "7", "[]", "null")
        #expect(rows.findings.count == 3 && rows.kind != .malformed)
    }

    @Test(arguments: [
        "public/linear/liquidation.BTCUSDT", "public/linear/orderbook.some.BTCUSDT",
        "public/spot/kline_lt.5.BTC3LUSDT", "public/linear/new.thing", "private/main/rfq.open",
        "private/main/order.future", "private/main/spread.position", "public/option/system.news",
        "strange",
    ])
    func `a topic that is not spoken is unknown, not an error`(stream: String) {
        let event = decode(stream, #"{"topic":"x","data":[]}"#)
        #expect(event.kind == .unknown && event.findings.isEmpty)
    }

    @Test(arguments: [
        "desk/command", "desk/state", "desk/verdict", "desk/finding", "sent/public/linear",
        "session/channel",
    ])
    func `our outputs and evidence mean nothing to the engine`(stream: String) {
        #expect(decode(stream, "anything").kind == .none)
        #expect(decode(stream, "anything").findings.isEmpty)
    }

    // MARK: - REST records

    @Test(arguments: [
        "", "\n", "{}\n", "[]\n{}", #"{"outcome":"answered","request":0,"response":3}"# + "\n{}",
        #"{"outcome":"answered","request":-1,"response":3}"# + "\n{}",
        #"{"outcome":"answered","request":9223372036854775807,"response":9223372036854775807}"#
            + "\n{}",
        #"{"outcome":"maybe","request":0,"response":2}"# + "\n{}",
        #"{"outcome":"answered","request":0}"# + "\n{}",
        #"{"outcome":"answered","request":"0","response":2}"#,
    ])
    func `a record whose line does not fit its bodies is malformed`(payload: String) {
        let event = decode("rest/main/GET/v5/order/realtime", payload)
        #expect(event.kind == .malformed)
        #expect(!event.findings.isEmpty)
    }

    @Test(arguments: [
        ("<html>403 Forbidden</html>", "response"), ("", "response"), ("[]", "response"),
        ("{}", "retCode"), (#"{"retCode":"0"}"#, "retCode"),
        (#"{"retCode":0,"result":{"category":"linear"}}"#, "result.list"),
        (#"{"retCode":0,"result":{"list":{}}}"#, "result.list"),
        (#"{"retCode":0,"result":{"list":[7]}}"#, "result.list[0]"),
    ])
    func `a body that is not a reply is a finding, and the exchange stands`(
        body: String,
        field: String
    ) {
        let event = decode(
            "rest/main/GET/v5/order/realtime",
            record("/v5/order/realtime", query: "category=linear", response: body, status: 403)
        )
        #expect(event.kind == .reply)
        #expect(event.findings.map(\.field) == [field])
        #expect(event.reply.httpStatus == 403 && !event.reply.isSuccess)
        #expect(event.orders.isEmpty)
    }
}

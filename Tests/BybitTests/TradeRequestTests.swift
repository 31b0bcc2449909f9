import Market
import Testing

@testable import Bybit

/// Order entry on the trade socket: the frame, and what its answer says.
@Suite struct TradeRequestTests {
    @Test func `a frame is the body of REST in the envelope of the reference`() throws {
        let request = RESTRequest(
            endpoint: .createOrder,
            body: Array(#"{"category":"linear","symbol":"BTCUSDT"}"#.utf8)
        )
        let trade = try #require(TradeRequest(request, linkID: "s1-17", number: 37))
        #expect(
            String(decoding: trade.bytes(timestamp: 1_767_225_600_100), as: UTF8.self)
                == #"{"reqId":"s1-17.11","header":{"X-BAPI-TIMESTAMP":"1767225600100","#
                + #""X-BAPI-RECV-WINDOW":"5000"},"op":"order.create","#
                + #""args":[{"category":"linear","symbol":"BTCUSDT"}]}"#
        )
        #expect(TradeRequest(RESTRequest(.wallet), linkID: "a", number: 1) == nil)
    }

    @Test func `a request names the record it came after, where there is room, and its answer too`()
        throws
    {
        let request = RESTRequest(endpoint: .amendOrder, body: Array("{}".utf8))
        for (linkID, after, id) in [
            ("td-a-1", UInt64(71), "td-a-1.11_1z"), ("td-a-1", 0, "td-a-1.11"),
            (String(repeating: "x", count: 30), 71, String(repeating: "x", count: 30) + ".11_1z"),
            (String(repeating: "x", count: 31), 71, String(repeating: "x", count: 31) + ".11"),
        ] {
            let sequence = SequenceNumber(after)
            let trade = try #require(
                TradeRequest(request, linkID: linkID, number: 37, after: sequence)
            )
            #expect(trade.requestID == id && id.utf8.count <= TradeRequest.requestIDMax)
            let answer = decode(
                "trade/main",
                #"{"reqId":"\#(id)","retCode":110001,"retMsg":"","op":"order.amend","connId":"c"}"#
            )
            #expect(answer.reply.orderLinkID == linkID)
            #expect(answer.reply.after == (id.contains("_") ? sequence : .none))
        }
        for id in ["a.1_", "a.1_?", "a_1.2", "_7", "a.1_zzzzzzzzzzzzzzzzzzzz"] {
            let answer = decode(
                "trade/main",
                #"{"reqId":"\#(id)","retCode":0,"retMsg":"","op":"order.amend","connId":"c"}"#
            )
            #expect(answer.kind == .reply && answer.reply.after == .none)
        }
    }

    @Test func `what is taken is told without making it`() {
        let bodies = [Endpoint.createOrder, .cancelOrder, .wallet].map {
            RESTRequest(endpoint: $0, body: Array("{}".utf8))
        }
        var taken = 0
        for request in bodies {
            for length in [0, 1, 30, 31, 32, 33, 34, 35, 36] {
                for number in [0, 1, 35, 36, 1_295, 1_296, UInt64.max] {
                    let linkID = String(repeating: "x", count: length)
                    let made = TradeRequest(request, linkID: linkID, number: number)
                    let isTaken = TradeRequest.takes(request, linkID: linkID, number: number)
                    #expect(isTaken == (made != nil), "\(request.path) \(length) \(number)")
                    taken += isTaken ? 1 : 0
                }
            }
        }
        #expect(taken > 20)
    }

    @Test func `an acceptance names the order by the exchange's data`() {
        let event = decode(
            "trade/main",
            #"{"reqId":"s1-17.3","retCode":0,"retMsg":"OK","op":"order.amend","data":{"orderId":"0b6c","#
                + #""orderLinkId":"s1-17"},"retExtInfo":{},"header":{"Timenow":"1767225600101"},"connId":"c0-1"}"#
        )
        #expect(event.kind == .reply && event.findings.isEmpty)
        #expect(event.reply.isSuccess && event.reply.endpoint == .amendOrder)
        #expect(event.reply.orderID == "0b6c" && event.reply.orderLinkID == "s1-17")
    }

    @Test func `a refusal without data names it by its request`() {
        let event = decode(
            "trade/main",
            #"{"reqId":"td-x-1.zz","retCode":110007,"retMsg":"ab not enough for new order","op":"order.create","#
                + #""data":{},"retExtInfo":{},"header":{},"connId":"c0-1"}"#
        )
        #expect(event.kind == .reply && !event.reply.isSuccess)
        #expect(event.reply.code == 110_007 && event.reply.orderLinkID == "td-x-1")
        #expect(event.reply.message == "ab not enough for new order")
        #expect(event.reply.outcome == .answered && event.reply.httpStatus == 200)
    }

    @Test func `another's request names no order of ours`() {
        let other = decode(
            "trade/main",
            #"{"reqId":"17","retCode":10001,"retMsg":"params error","op":"order.cancel","connId":"c"}"#
        )
        #expect(other.kind == .reply && other.reply.orderLinkID.isEmpty)
    }

    private static let codes =
        #"{"list":[{"code":0,"msg":"OK"},{"code":10001,"msg":"qty is zero"}]}"#

    private static func batch(
        _ operation: String,
        code: Int = 0,
        data: String,
        codes: String = TradeRequestTests.codes
    ) -> Event {
        decode(
            "trade/main",
            #"{"reqId":"b-9","retCode":\#(code),"retMsg":"OK","op":"\#(operation)","data":\#(data),"#
                + #""retExtInfo":\#(codes),"header":{"Timenow":"1767225600101"},"connId":"c0-1"}"#
        )
    }

    private static func accepted(_ event: Event) -> [AcceptedOrder] {
        event.details.compactMap { if case .acceptedOrder(let row) = $0 { row } else { nil } }
    }

    /// Trap 36: 0 above all says nothing of the items.
    @Test(arguments: ["create", "amend", "cancel"])
    func `an answer to a batch says of each order what became of it, as that of REST does`(
        verb: String
    ) throws {
        let created = verb == "create"
        let time = created ? #","createAt":"1767225600002""# : ""
        let none = created ? #","createAt":"""# : ""
        let data =
            #"{"list":[{"category":"linear","symbol":"NILUSDT","orderId":"ab01","#
            + #""orderLinkId":"b-1"\#(time)},{"category":"linear","symbol":"NILUSDT","#
            + #""orderId":"","orderLinkId":"b-2"\#(none)}]}"#
        let event = Self.batch("order.\(verb)-batch", data: data)
        #expect(event.kind == .acknowledgement && event.findings.isEmpty, "\(event.findings)")
        #expect(event.acknowledgement.isSuccess)
        #expect(event.acknowledgement.operation == "order.\(verb)-batch")
        #expect(event.acknowledgement.requestID == "b-9")
        let rows = Self.accepted(event)
        try #require(rows.count == 2)
        #expect(rows.map(\.orderLinkID) == ["b-1", "b-2"] && rows.map(\.orderID) == ["ab01", ""])
        #expect(rows.map(\.code) == [0, 10_001] && rows.map(\.message) == ["OK", "qty is zero"])
        let times: [Int64?] = [created ? 1_767_225_600_002 : nil, nil]
        #expect(rows.map(\.createdMilliseconds) == times)
        let path = "/v5/order/\(verb)-batch"
        let body =
            #"{"retCode":0,"retMsg":"OK","result":\#(data),"retExtInfo":\#(Self.codes),"#
            + #""time":1767225600003}"#
        let reply = decode(
            "rest/main/POST" + path,
            record(path, method: "POST", request: "{}", response: body)
        )
        #expect(reply.kind == .reply && Self.accepted(reply) == rows)
    }

    @Test func `a batch that was refused as a whole has no orders, with and without data`() {
        for data in ["{}", "null"] {
            let event = Self.batch("order.create-batch", code: 10_006, data: data, codes: "{}")
            #expect(event.kind == .acknowledgement && !event.acknowledgement.isSuccess)
            #expect(event.details.isEmpty && event.findings.isEmpty)
        }
    }

    @Test func `a batch that was taken and does not say what became of its orders is told`() {
        for data in ["{}", "null", "[]", #"{"list":{}}"#, #"{"list":[7]}"#] {
            let event = Self.batch("order.cancel-batch", data: data)
            #expect(event.kind == .acknowledgement && event.acknowledgement.isSuccess)
            #expect(event.details.isEmpty && event.findings.count == 1, "\(data)")
        }
    }

    @Test func `one decoder keeps nothing of a batch for the answer behind it`() {
        let decoder = MessageDecoder()
        var event = Event()
        let first =
            #"{"reqId":"a.1","retCode":0,"retMsg":"OK","op":"order.cancel-batch","data":{"list":[{"orderId":"x"}]},"#
            + #""retExtInfo":{"list":[{"code":110001,"msg":"late"}]},"connId":"c"}"#
        decoder.decode("trade/main", Array(first.utf8), into: &event)
        #expect(Self.accepted(event).map(\.code) == [110_001])
        let second = #"{"reqId":"a1","retCode":0,"retMsg":"OK","op":"auth","connId":"c"}"#
        decoder.decode("trade/main", Array(second.utf8), into: &event)
        #expect(event.kind == .acknowledgement && event.details.isEmpty)
    }
}

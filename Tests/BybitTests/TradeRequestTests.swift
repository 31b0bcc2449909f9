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

    @Test func `another's request names no order of ours, and a batch is an acknowledgement`() {
        let other = decode(
            "trade/main",
            #"{"reqId":"17","retCode":10001,"retMsg":"params error","op":"order.cancel","connId":"c"}"#
        )
        #expect(other.kind == .reply && other.reply.orderLinkID.isEmpty)
        let batch = decode(
            "trade/main",
            #"{"reqId":"a.1","retCode":0,"retMsg":"OK","op":"order.create-batch","data":{"list":[]},"connId":"c"}"#
        )
        #expect(batch.kind == .acknowledgement && batch.acknowledgement.isSuccess)
    }
}

import Testing

@testable import Gateway

private func read(_ text: String) -> ControlFrame? {
    Array(text.utf8).withUnsafeBytes { ControlFrame($0) }
}

@Suite struct ControlFrameTests {
    @Test(arguments: [
        #"{"success":true,"ret_msg":"pong","conn_id":"c-1","op":"ping"}"#,
        #"{"success":true,"ret_msg":"pong","conn_id":"c-2","req_id":"","op":"ping"}"#,
        #"{"args":["1800000000123"],"op":"pong"}"#,
        #"{"req_id":"r1","op":"pong","args":["1800000000123"],"conn_id":"c-4"}"#,
        #"{"retCode":0,"retMsg":"OK","op":"pong","data":["1800000000123"],"connId":"c-5"}"#,
        #" { "op" : "pong" } "#,
    ])
    func `every shape of a pong is known`(text: String) {
        #expect(read(text) == .pong)
    }

    @Test(arguments: [
        #"{"topic":"orderbook.50.XYUSDT","type":"delta","data":{}}"#,
        #"{"id":"7","topic":"order","creationTime":1,"data":[]}"#,
        #"{"type":"snapshot","data":{"op":"pong"},"topic":"tickers.XYUSDT"}"#,
        #"{"data":[["a,}]{[\"",{"b":"\\"}]],"topic":"x"}"#,
    ])
    func `what has a topic is data, wherever the topic stands`(text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [
        (
            #"{"success":true,"ret_msg":"","conn_id":"c","req_id":"r2","op":"subscribe"}"#,
            "subscribe", true, "", "r2"
        ),
        (
            #"{"success":false,"ret_msg":"error:already subscribed,topic:tickers.A","conn_id":"c","req_id":"r7","op":"subscribe"}"#,
            "subscribe", false, "error:already subscribed,topic:tickers.A", "r7"
        ),
        (#"{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}"#, "auth", true, "", ""),
        (
            #"{"success":false,"ret_msg":"Params Error","op":"auth","conn_id":"c"}"#,
            "auth", false, "Params Error", ""
        ),
        (
            #"{"reqId":"r1","retCode":0,"retMsg":"OK","op":"auth","connId":"c"}"#, "auth", true,
            "OK", "r1"
        ),
        (
            #"{"reqId":"r1","retCode":10004,"retMsg":"bad sign","op":"auth"}"#, "auth", false,
            "bad sign", "r1"
        ),
        (
            #"{"reqId":"r1","retCode":20001,"retMsg":"again","op":"auth"}"#, "auth", true, "again",
            "r1"
        ),
    ])
    func `an answer says what was answered and how`(
        text: String,
        operation: String,
        isSuccess: Bool,
        message: String,
        id: String
    ) {
        var answer = ControlFrame.Answer()
        answer.operation = operation
        answer.isSuccess = isSuccess
        answer.message = message
        answer.requestID = id
        #expect(read(text) == .answer(answer))
    }

    @Test func `COMMAND_RESP lists its topics`() {
        let text =
            #"{"success":true,"conn_id":"c","data":{"failTopics":["b"],"successTopics":["a.1","a.2"]},"type":"COMMAND_RESP"}"#
        var answer = ControlFrame.Answer()
        answer.succeeded = ["a.1", "a.2"]
        answer.failed = ["b"]
        #expect(read(text) == .answer(answer))
    }

    @Test(arguments: [
        "", "{", "[]", "hello", "{}", #"{"op"#, #"{"op":"#, #"{"op":"pong"#, #"{"a":[1,2,{"#, "\"",
        "{\"\\",
        #"{"success":true,"op":"order.create"}"#, #"{"data":{"failTopics":["#,
    ])
    func `no bytes make it fail`(text: String) {
        let frame = read(text)
        #expect(frame == .other || frame == .pong)
    }
}

import Bybit
import Market
import Testing

/// Records of `desk/operator`, those of older versions and those that nobody would write.
@Suite struct OperatorRecordTests {
    private func decode(_ text: String) -> Event {
        var event = Event()
        // What the buffer held before must not show through.
        event.operatorRequest.uid = 7
        event.operatorRequest.arguments = [.init("old", "old")]
        Array(text.utf8).withUnsafeBytes {
            MessageDecoder().decode(StreamRoute(StreamName("desk/operator")), $0, into: &event)
        }
        return event
    }

    @Test func `verb, reason, uid and arguments are read`() {
        let event = decode(
            #"{"verb":"mark","reason":"r","uid":4294967294,"arguments":{"text":"a \"b\" ü","x":""}}"#
        )
        #expect(event.kind == .operatorRequest && event.findings.isEmpty)
        let request = event.operatorRequest
        #expect(request.verb == "mark" && request.reason == "r" && request.uid == 4_294_967_294)
        #expect(request.arguments == [.init("text", "a \"b\" ü"), .init("x", "")])
        #expect(request["text"] == "a \"b\" ü" && request["x"] == "" && request["y"] == nil)
    }

    @Test func `what has no uid and no arguments is a request of the session itself`() {
        let event = decode(#"{"verb":"journal-halt","reason":"the disk is full"}"#)
        #expect(event.kind == .operatorRequest && event.findings.isEmpty)
        #expect(event.operatorRequest.uid == nil && event.operatorRequest.arguments.isEmpty)
    }

    @Test(arguments: [
        #"{"verb":"x","uid":"0"}"#, #"{"verb":"x","uid":1.5}"#, #"{"verb":"x","uid":1e30}"#,
        #"{"verb":"x","arguments":["a"]}"#, #"{"verb":"x","arguments":"a"}"#,
        #"{"verb":"x","arguments":{"a":1}}"#, #"{"verb":"x","arguments":{"a":{"b":"c"}}}"#,
    ])
    func `what is of another type is a finding, and the verb stands`(text: String) {
        let event = decode(text)
        #expect(event.kind == .operatorRequest && event.operatorRequest.verb == "x")
        #expect(event.findings.count == 1)
        #expect(event.operatorRequest.arguments.isEmpty && event.operatorRequest.uid == nil)
    }
}

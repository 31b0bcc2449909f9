import Bybit
import Testing

/// What the server reads on a socket.
@Suite struct RequestReaderTests {
    let reader = RequestReader()

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

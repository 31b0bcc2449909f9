import Bybit
import Market
import Testing

/// Acknowledgements and pongs: written in the family of each path, and read back.
@Suite struct SocketAnswerTests {
    static let linear = SocketName.publicData(.linear)
    static let spot = SocketName.publicData(.spot)
    static let option = SocketName.publicData(.option)
    static let account = SocketName.privateData(account: "main")
    static let trade = SocketName.trade(account: "main")

    static func text(_ write: (inout MessageWriter) -> Void) -> String {
        String(decoding: MessageWriter.message(write), as: UTF8.self)
    }

    static func read(_ text: String, on socket: SocketName) -> Event {
        let stream = Array(text.utf8).withUnsafeBytes { StreamNaming.name(socket, frame: $0) }
        return decode(stream.text, text)
    }

    @Test(arguments: [
        (linear, #"{"success":true,"ret_msg":"","conn_id":"c1","req_id":"r2","op":"subscribe"}"#),
        (
            spot,
            #"{"success":true,"ret_msg":"subscribe","conn_id":"c1","req_id":"r2","op":"subscribe"}"#
        ),
        (account, #"{"success":true,"ret_msg":"","op":"subscribe","req_id":"r2","conn_id":"c1"}"#),
        (
            option,
            #"{"success":true,"conn_id":"c1","data":{"failTopics":[],"successTopics":["a"]},"type":"COMMAND_RESP"}"#
        ),
        (trade, #"{"reqId":"r2","retCode":0,"retMsg":"OK","op":"subscribe","connId":"c1"}"#),
    ])
    func `a success has the shape of its path`(socket: SocketName, expected: String) {
        let text = Self.text {
            $0.acknowledgement(
                .subscribe(["a"]),
                success: true,
                requestID: .text("r2"),
                connectionID: "c1",
                on: socket
            )
        }
        #expect(text == expected)
        let event = Self.read(text, on: socket)
        #expect(event.kind == .acknowledgement && event.findings.isEmpty)
        #expect(event.acknowledgement.isSuccess)
        #expect(event.acknowledgement.operation == "subscribe")
        #expect(event.acknowledgement.requestID == (socket == Self.option ? "" : "r2"))
    }

    @Test(arguments: [linear, spot, account, option, trade])
    func `a failure says why`(socket: SocketName) {
        let text = Self.text {
            $0.acknowledgement(
                .subscribe(["nothing.X"]),
                success: false,
                message: "error:handler not found,topic:nothing.X",
                requestID: .number("3"),
                connectionID: "c1",
                on: socket
            )
        }
        let event = Self.read(text, on: socket)
        #expect(event.kind == .acknowledgement)
        #expect(!event.acknowledgement.isSuccess)
        #expect(event.acknowledgement.message.contains("nothing.X"))
    }

    @Test func `an id is echoed with its type, and left out or empty as the path does`() {
        let pong = { (socket: SocketName, id: RequestID) in
            Self.text {
                $0.pong(requestID: id, connectionID: "c1", time: 1_767_225_600_123, on: socket)
            }
        }
        #expect(
            pong(Self.linear, .none)
                == #"{"success":true,"ret_msg":"pong","conn_id":"c1","req_id":"","op":"ping"}"#
        )
        #expect(
            pong(Self.linear, .number("7"))
                == #"{"success":true,"ret_msg":"pong","conn_id":"c1","req_id":7,"op":"ping"}"#
        )
        #expect(
            pong(Self.spot, .none)
                == #"{"success":true,"ret_msg":"pong","conn_id":"c1","op":"ping"}"#
        )
        #expect(pong(Self.option, .text("r1")) == #"{"args":["1767225600123"],"op":"pong"}"#)
        #expect(
            pong(Self.account, .text("r1"))
                == #"{"req_id":"r1","op":"pong","args":["1767225600123"],"conn_id":"c1"}"#
        )
        #expect(
            pong(Self.trade, .none)
                == #"{"retCode":0,"retMsg":"OK","op":"pong","data":["1767225600123"],"connId":"c1"}"#
        )
    }

    @Test(arguments: [linear, spot, account, option, trade])
    func `a pong of every family is read as one`(socket: SocketName) {
        let text = Self.text {
            $0.pong(requestID: .text("r1"), connectionID: "c1", time: 1_767_225_600_123, on: socket)
        }
        let event = Self.read(text, on: socket)
        #expect(event.kind == .pong && event.findings.isEmpty)
        // The clock comes with a pong only where its family carries one.
        let hasClock = socket != Self.linear && socket != Self.spot
        #expect(event.exchangeMilliseconds == (hasClock ? 1_767_225_600_123 : 0))
    }

    @Test(arguments: [
        #"{"success":"yes","op":"subscribe"}"#, #"{"retCode":"0","op":"auth"}"#, #"[1]"#, "7",
    ])
    func `an answer of another type is malformed`(text: String) {
        let event = decode("private/main/-", text)
        #expect(event.kind == .malformed && !event.findings.isEmpty)
    }

    @Test(arguments: [#"{}"#, #"{"op":"subscribe"}"#, #"{"hello":1}"#])
    func `a frame that says nothing known is unknown`(text: String) {
        #expect(decode("private/main/-", text).kind == .unknown)
    }
}

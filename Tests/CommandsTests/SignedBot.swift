import Bybit
import Foundation
import Market
import Testing

@testable import Gateway

/// Somebody else's bot with the key of the recorder's account: signed REST, and a private socket of its own.
final class SignedBot {
    let client: RESTClient
    private let signer: Signer
    private let port: Int
    private var socket: RawSocket?

    /// - Parameter share: percent of each quota that it uses.
    init(port: Int, share: Int) throws {
        self.port = port
        let pair = ControlledMarket.account.split(separator: ":").map(String.init)
        signer = try Signer(key: pair[0], secret: pair[1])
        var settings = try RESTClient.Settings(
            destination: .endpoint(base: "http://127.0.0.1:\(port)"),
            credentials: Credentials(name: "bot", environment: "loopback", signer: signer)
        )
        settings.quotas.share = share
        settings.quotas.reserve = 0
        settings.questionConnections = 12
        client = try RESTClient(settings: settings, clock: SessionClock())
    }

    deinit { client.stop() }

    func ask(_ question: LookUp) async -> RESTExchange {
        await client.exchange(RESTCall(RESTRequest(question)))
    }

    func post(_ path: String, _ body: String) async -> RESTExchange {
        let endpoint: Market.Endpoint =
            switch path {
            case "/v5/order/create": .createOrder
            case "/v5/order/cancel": .cancelOrder
            default: .other(path)
            }
        return await client.exchange(
            RESTCall(RESTRequest(endpoint: endpoint, body: Array(body.utf8)))
        )
    }

    /// A limit order for BTCUSDT that rests.
    func place(_ link: String, price: String, quantity: String = "0.01") async -> RESTExchange {
        await post(
            "/v5/order/create",
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"\#(quantity)","#
                + #""price":"\#(price)","timeInForce":"PostOnly","orderLinkId":"\#(link)"}"#
        )
    }

    /// Opens a private socket with these topics.
    func connect(_ topics: [String]) throws {
        let socket = try login("/v5/private")
        let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
        try socket.send(#"{"op":"subscribe","args":[\#(list)],"req_id":"s"}"#)
        let taken = try socket.text()
        #expect(taken.contains(#""success":true"#), "\(taken)")
        self.socket = socket
    }

    /// A socket on which the key is known.
    func login(_ path: String) throws -> RawSocket {
        let socket = try RawSocket.open(port: port, path)
        let expires = SessionClock.wall().milliseconds + 10_000
        let login = signer.authenticationFrame(expires: expires, requestID: "a")
        try socket.send(String(decoding: login, as: UTF8.self))
        let answer = try socket.text()
        #expect(
            answer.contains(#""success":true"#) || answer.contains(#""retCode":0"#),
            "\(answer)"
        )
        return socket
    }

    /// Its process is gone: the kernel closes what it had, and nobody says goodbye.
    func die() { socket = nil }

    /// A price so far below the market that an order there rests.
    static func restingPrice(_ control: RawSocket) throws -> String {
        let answer = try control.request(
            "GET",
            "/tapedeck/book?category=linear&symbol=BTCUSDT&depth=50"
        )
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        let bids = try #require(object?["b"] as? [[String]], "\(answer)")
        let best = try #require(bids.first?.first.flatMap { Decimal(string: $0) })
        // In whole numbers: every tick of the contract divides them.
        var price = best * 97 / 100
        var whole = Decimal()
        NSDecimalRound(&whole, &price, 0, .down)
        return "\(whole)"
    }
}

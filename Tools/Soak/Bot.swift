import Bybit
import Gateway
import JSON
import Market
import Synchronization

/// Somebody who trades on the recorded account, so that its private streams say something: a market order, one that
/// rests and is cancelled, now and then an option that is held until it is delivered.
final class Bot: Sendable {
    private let client: RESTClient
    private let line: Mutex<ControlLine>
    private let isStopped = Atomic<Bool>(false)
    let placed = Atomic<Int>(0)
    let refused = Atomic<Int>(0)
    /// The last one.
    let refusal = Mutex("none")

    init(port: Int, clock: SessionClock) throws {
        let pair = Settings.keys[1]
        let signer = try Signer(key: pair.0, secret: pair.1)
        var settings = try RESTClient.Settings(
            destination: .endpoint(base: "http://127.0.0.1:\(port)"),
            credentials: Credentials(name: "bot", environment: "loopback", signer: signer)
        )
        // Its clock goes in steps.
        settings.window = 60_000
        client = try RESTClient(settings: settings, clock: clock)
        line = Mutex(try ControlLine(port: port))
    }

    /// Trades each second until ``stop()``.
    func run() async {
        var turn = 0
        while !isStopped.load(ordering: .acquiring) {
            turn += 1
            let side = turn % 2 == 0 ? "Buy" : "Sell"
            await order(
                #""category":"linear","symbol":"BTCUSDT","side":"\#(side)","orderType":"Market","qty":"0.01""#,
                "m\(turn)"
            )
            if let price = restingPrice() {
                await order(
                    #""category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","#
                        + #""price":"\#(price)","timeInForce":"PostOnly""#,
                    "r\(turn)"
                )
                await post(
                    .cancelOrder,
                    #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"soak-r\#(turn)"}"#
                )
            }
            if turn % 240 == 20, let symbol = nearestOption() {
                await order(
                    #""category":"option","symbol":"\#(symbol)","side":"Buy","orderType":"Market","qty":"0.1""#,
                    "o\(turn)"
                )
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        client.stop()
    }

    private func order(_ fields: String, _ name: String) async {
        await post(.createOrder, "{\(fields),\"orderLinkId\":\"soak-\(name)\"}")
    }

    private func post(_ endpoint: Endpoint, _ body: String) async {
        let exchange = await client.exchange(
            RESTCall(RESTRequest(endpoint: endpoint, body: Array(body.utf8)))
        )
        let isGood = String(decoding: exchange.body, as: UTF8.self).contains(#""retCode":0,"#)
        if isGood {
            placed.wrappingAdd(1, ordering: .relaxed)
        } else {
            refused.wrappingAdd(1, ordering: .relaxed)
            let text = String(decoding: exchange.body, as: UTF8.self)
            refusal.withLock { $0 = "\(endpoint.path): \(text.prefix(120)) \(exchange.reason)" }
        }
    }

    /// So far below the market that an order there rests, in whole numbers; `nil` where there is no book.
    private func restingPrice() -> Int64? {
        line.withLock { line in
            try? line.ask("GET", "/tapedeck/book?category=linear&symbol=BTCUSDT&depth=50") { root in
                let best = root["b"]?.elements.first { _ in true }?.elements.first { _ in true }
                guard let text = best?.string, let whole = text.split(separator: ".").first,
                    let price = Int64(whole)
                else { return nil }
                return price * 97 / 100
            }
        }
    }

    /// An option of BTC that is delivered before all others.
    private func nearestOption() -> String? {
        line.withLock { line in
            let target = "/v5/market/instruments-info?category=option&baseCoin=BTC&limit=1000"
            return try? line.ask("GET", target) { root in
                var nearest: (time: Int64, symbol: String)?
                guard let rows = root["result"]?["list"]?.elements else { return nil }
                for row in rows {
                    guard let symbol = row["symbol"]?.string,
                        let time = row["deliveryTime"]?.string.flatMap({ Int64($0) }),
                        time < nearest?.time ?? .max
                    else { continue }
                    nearest = (time, symbol)
                }
                return nearest?.symbol
            }
        }
    }
}

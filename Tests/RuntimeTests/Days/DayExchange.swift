import Bybit
import Market
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Simulation

@testable import ReplayServer

/// The exchange of a synthetic day: all products, two accounts with a key each, a virtual clock.
final class DayExchange {
    /// One account and its key.
    struct Holder {
        var alias: String
        var place: Int

        var key: String { "DAYKEY\(place)" }
        var secret: [UInt8] { Array("DAYSECRET0123456789\(place)".utf8) }
        var account: AccountID { AccountID(index: place) }
    }

    let plan: DayPlan
    let products: [DayProduct]
    let holders = [Holder(alias: "main", place: 0), Holder(alias: "second", place: 1)]
    let venue: ExchangeVenue
    private let loop = EmbeddedEventLoop()
    private let driver: MarketDriver
    private var number: UInt64 = 0

    static let deposits = ["USDT": "40000", "USDC": "30000", "BTC": "0.5"]

    init(_ plan: DayPlan) throws {
        self.plan = plan
        products = DayProduct.all(plan)
        let deposits = try DayExchange.deposits.sorted { $0.key < $1.key }.map {
            AccountConfiguration.Deposit(coin: $0.key, amount: try Amount(text: $0.value))
        }
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: plan.seed,
                start: plan.start,
                listings: try products.enumerated().map { place, product in
                    try product.listing(plan, seed: plan.seed &* 100 &+ UInt64(place))
                },
                accounts: holders.map {
                    AccountConfiguration(alias: $0.alias, deposits: deposits, leverage: 100)
                },
                fundingInterval: plan.fundingInterval,
                insurance: try ["BTC", "USDC", "USDT"].map {
                    AccountConfiguration.Deposit(coin: $0, amount: try Amount(text: "1000000"))
                }
            )
        )
        driver = MarketDriver(exchange, pace: .virtual, loop: loop)
        venue = ExchangeVenue(
            driver: driver,
            directory: try AccountDirectory(
                holders.map { ServerAccount(alias: $0.alias, key: $0.key, secret: $0.secret) }
            ),
            accounts: holders.map(\.account),
            rateLimits: .unlimited,
            loop: loop
        )
    }

    var exchange: SimulatedExchange { driver.exchange }
    var now: Timestamp { driver.exchange.now }

    func advance(to time: Timestamp) {
        let distance = time.nanoseconds - now.nanoseconds
        guard distance > 0 else { return }
        driver.advance(nanoseconds: distance) {}
    }

    // MARK: Doors

    func open(_ path: SocketPath) throws -> VirtualLine {
        number += 1
        return try VirtualLine(number, path, venue, loop)
    }

    func receive(_ frame: [UInt8], on line: VirtualLine) {
        venue.received(frame, from: line.client)
        line.client.flush()
    }

    func login(_ holder: Holder) -> [UInt8] {
        let expires = now.milliseconds + 5_000
        let text = SocketRequest.textToSign(expires: expires)
        return SocketRequest.auth(
            key: holder.key,
            expires: expires,
            signature: String(decoding: Signature.of(text, secret: holder.secret), as: UTF8.self)
        ).bytes(requestID: .text("auth"))
    }

    func answer(_ request: RESTRequest, of holder: Holder) -> (status: Int, body: [UInt8]) {
        var headers = HTTPHeaders()
        if request.isSigned {
            let stamp = now.milliseconds
            let text = request.textToSign(
                timestamp: stamp,
                key: holder.key,
                receiveWindow: 5_000
            )
            headers.add(name: "X-BAPI-API-KEY", value: holder.key)
            headers.add(name: "X-BAPI-TIMESTAMP", value: String(stamp))
            headers.add(name: "X-BAPI-RECV-WINDOW", value: "5000")
            headers.add(
                name: "X-BAPI-SIGN",
                value: String(
                    decoding: Signature.of(text, secret: holder.secret),
                    as: UTF8.self
                )
            )
        }
        var answer: (Int, [UInt8]) = (0, [])
        venue.answer(
            HTTPRequest(
                method: HTTPMethod(rawValue: request.method),
                path: request.path,
                query: request.query,
                headers: headers,
                body: request.body
            )
        ) { answer = (Int($0.status.code), $0.body) }
        return answer
    }

    /// A flow from outside, told to whoever listens.
    func book(_ flow: OutsideFlow, _ amount: Amount, of coin: String, for holder: Holder) {
        _ = driver.act { $0.book(flow, amount, of: coin, for: holder.account, into: &$1) }
        driver.flush()
    }

    /// The account's own balance in the exchange's double-entry books.
    func balance(_ coin: String, of holder: Holder) -> Amount {
        exchange.balance(.wallet(holder.account), coin: coin)
    }
}

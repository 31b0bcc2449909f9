import Bybit
import DeskStrategies
import Market
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Simulation

@testable import ReplayServer

/// The exchange that `serve` runs, with its own reading, checking and writing of Bybit's protocol, without a socket:
/// requests and frames are handed over as bytes, and so is what it sends.
final class VirtualExchange {
    typealias Line = VirtualLine

    static let key = "OUTCOMEKEY"
    static let secret = Array("OUTCOMESECRET0123456789".utf8)
    static let account = AccountID(index: 0)
    /// 2026-11-22T20:00:00Z.
    static let start = Timestamp(nanoseconds: 1_795_377_600_000_000_000)

    private let loop = EmbeddedEventLoop()
    let venue: ExchangeVenue
    private let driver: MarketDriver
    private var number: UInt64 = 0
    /// The list of open orders has none that has ended, and history none that is open, even when one is asked for by
    /// its id.
    var isStrict = false

    convenience init(_ scenario: Scenario) throws {
        try self.init([VirtualExchange.listing(scenario)], seed: UInt64(scenario.number))
        isStrict = scenario.isStrict
    }

    init(_ listings: [Listing], seed: UInt64) throws {
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: seed,
                start: VirtualExchange.start,
                listings: listings,
                accounts: [
                    AccountConfiguration(
                        alias: "main",
                        deposits: [.init(coin: "USDT", amount: try Amount(text: "100000"))]
                    )
                ]
            )
        )
        driver = MarketDriver(exchange, pace: .virtual, loop: loop)
        venue = ExchangeVenue(
            driver: driver,
            directory: try AccountDirectory([
                ServerAccount(
                    alias: "main",
                    key: VirtualExchange.key,
                    secret: VirtualExchange.secret
                )
            ]),
            accounts: [VirtualExchange.account],
            rateLimits: .unlimited,
            loop: loop
        )
    }

    private static func listing(_ scenario: Scenario) throws -> Listing {
        let instrument = try Instrument(
            id: Lifer.instrument,
            baseCoin: "BTC",
            quoteCoin: "USDT",
            settleCoin: "USDT",
            contractType: "LinearPerpetual",
            tickSize: Numeral(text: "0.1"),
            quantityStep: Numeral(text: "0.001"),
            quantityMin: Numeral(text: "0.001"),
            quantityMax: Numeral(text: "100"),
            marketQuantityMax: Numeral(text: "50"),
            valueMin: Amount(text: "5"),
            priceMin: Numeral(text: "0.1"),
            priceMax: Numeral(text: "500000"),
            fundingIntervalMinutes: 480
        )
        let middle = Price(units: 900_000)
        var opening: [MarketAction] = []
        for level in 0..<3 {
            let distance = Int64(100 + level * 10)
            for (key, side) in [(level, Side.buy), (10 + level, .sell)] {
                opening.append(
                    .place(
                        key: key,
                        side: side,
                        price: Price(units: 900_000 + (side == .buy ? -distance : distance)),
                        quantity: Quantity(units: 6)
                    )
                )
            }
        }
        let taker: Side = scenario.script.isBuy ? .sell : .buy
        let steps = scenario.market.map { moment in
            ScriptedMarket.Step(
                time: start.advanced(nanoseconds: Int64(moment.milliseconds) * 1_000_000),
                actions: [
                    .take(
                        side: taker,
                        quantity: Quantity(units: moment.thousandths),
                        limit: Price(units: taker == .sell ? 899_000 : 901_000)
                    )
                ]
            )
        }
        return Listing(
            instrument: instrument,
            terms: ContractTerms(launchMilliseconds: 0, symbolID: 1, priceScale: 2),
            market: .given(
                ScriptedMarket(
                    reference: ReferencePrices(mark: middle, index: middle),
                    opening: opening,
                    steps: steps
                )
            )
        )
    }

    // MARK: Time

    var now: Timestamp { driver.exchange.now }
    var exchange: SimulatedExchange { driver.exchange }

    /// Nanoseconds since 1970; at most a quarter of a second at once.
    func advance(to time: Int64) {
        let distance = time - now.nanoseconds
        guard distance > 0 else { return }
        driver.advance(nanoseconds: distance) {}
    }

    // MARK: Doors

    func open(_ path: SocketPath) throws -> Line {
        number += 1
        return try Line(number, path, venue, loop)
    }

    func close(_ line: Line) { line.client.disconnect() }

    func receive(_ frame: [UInt8], on line: Line) {
        venue.received(frame, from: line.client)
        line.client.flush()
    }

    static func signature(_ text: [UInt8]) -> String {
        String(decoding: Signature.of(text, secret: secret), as: UTF8.self)
    }

    /// - Parameter timestamp: Unix milliseconds at which the client signed.
    func answer(_ request: RESTRequest, timestamp: Int64) -> (status: Int, body: [UInt8]) {
        if isStrict, let body = strictAnswer(request) { return (200, body) }
        var headers = HTTPHeaders()
        if request.isSigned {
            let text = request.textToSign(
                timestamp: timestamp,
                key: VirtualExchange.key,
                receiveWindow: 5_000
            )
            headers.add(name: "X-BAPI-API-KEY", value: VirtualExchange.key)
            headers.add(name: "X-BAPI-TIMESTAMP", value: String(timestamp))
            headers.add(name: "X-BAPI-RECV-WINDOW", value: "5000")
            headers.add(name: "X-BAPI-SIGN", value: VirtualExchange.signature(text))
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

    /// An empty list for an order of the other kind.
    private func strictAnswer(_ request: RESTRequest) -> [UInt8]? {
        let isHistory = request.endpoint == .orderHistory
        guard isHistory || request.endpoint == .openOrders,
            request.query.contains("orderLinkId=")
        else { return nil }
        let isListed = orders.contains {
            $0.status.isClosed == isHistory
                && request.query.hasSuffix("orderLinkId=" + $0.orderLinkID)
        }
        guard !isListed else { return nil }
        return MessageWriter.message {
            if isHistory {
                $0.orderHistory([], category: .linear, nextPageCursor: "", time: now.milliseconds)
            } else {
                $0.orders([], category: .linear, nextPageCursor: "", time: now.milliseconds)
            }
        }
    }

    // MARK: What is so

    /// All orders of the account, open and ended.
    var orders: [OrderUpdate] {
        exchange.orderHistory(VirtualExchange.account, RowQuery(limit: 100)).rows
    }

    var position: PositionUpdate? {
        exchange.position(VirtualExchange.account, Lifer.instrument)
    }

    var balance: Amount { exchange.balance(.wallet(VirtualExchange.account), coin: "USDT") }
}

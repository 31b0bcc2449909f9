import Bybit
import Market
import NIOCore
import NIOHTTP1
import Simulation

/// The REST door: signature, limits, then the endpoint.
extension ExchangeVenue {
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        counters.requests += 1
        let now = driver.now
        guard let route = Route.table[request.path] else {
            return reply(refusal(.notFound, 10_017, "Route not found.", now))
        }
        guard route.method == request.method else {
            return reply(refusal(.badRequest, 10_001, "params error: wrong method", now))
        }
        if request.method == .GET, !request.body.isEmpty {
            return reply(refusal(.forbidden, 10_001, "params error: GET with a body", now))
        }
        let read = reader.rest(request, route)
        guard route.isSigned else {
            let body = market(route.kind, read, QueryItems(request.query), now)
            return reply(HTTPReply(body: body))
        }
        guard request.headers.contains(name: "X-BAPI-API-KEY") else {
            return reply(refusal(.unauthorized, 10_003, "API key is invalid.", now))
        }
        let place: Int
        do {
            place = try directory.authorize(
                request,
                payload: request.method == .GET ? Array(request.query.utf8) : request.body,
                nowMilliseconds: driver.judge(
                    request.headers.first(name: "X-BAPI-TIMESTAMP").flatMap { Int64($0) }
                ).milliseconds
            )
        } catch {
            return reply(refusal(.ok, error.code, error.message, now))
        }
        var headers: [(name: String, value: String)] = [("Timenow", String(now.milliseconds))]
        if let reading = meter.count(
            account: place,
            path: request.path,
            category: read.category,
            nowMilliseconds: now.milliseconds
        ) {
            headers += [
                ("X-Bapi-Limit", String(reading.limit)),
                ("X-Bapi-Limit-Status", String(reading.remaining)),
                ("X-Bapi-Limit-Reset-Timestamp", String(reading.reset)),
            ]
            if reading.isExceeded {
                var answer = refusal(.ok, 10_006, "Too many visits!", now)
                answer.headers = headers
                return reply(answer)
            }
        }
        if route.isOrderEntry, case .invalid = read { counters.rejected += 1 }
        let time = now.milliseconds
        let body: [UInt8]
        if route.kind == .typed {
            body = personal(read, request.body, accounts[place], time)
        } else if route.isOrderEntry {
            body = entry(route.kind, request.body, accounts[place], time)
        } else {
            body = profile(route.kind, QueryItems(request.query), place, time)
        }
        send(HTTPReply(headers: headers, body: body), route, reply)
    }

    /// The answer first, then what it caused: a client may count on neither order, and tests may.
    private func send(
        _ answer: HTTPReply,
        _ route: Route,
        _ reply: @escaping (HTTPReply) -> Void
    ) {
        switch route.isOrderEntry ? orderAnswers : .prompt {
        case .prompt: reply(answer)
        case .late(let milliseconds):
            let delay = TimeAmount.milliseconds(Int64(max(0, milliseconds)))
            loop.assumeIsolated().scheduleTask(in: delay) { reply(answer) }
        case .never: break
        }
        driver.flush()
    }

    private func refusal(
        _ status: HTTPResponseStatus,
        _ code: Int,
        _ message: String,
        _ now: Timestamp
    ) -> HTTPReply {
        HTTPReply(
            status: status,
            body: written {
                $0.failure(code: Int64(code), message: message, time: now.milliseconds)
            }
        )
    }

    func written(_ write: (inout MessageWriter) -> Void) -> [UInt8] {
        writer.reset()
        write(&writer)
        return writer.bytes
    }

    /// The endpoints that anybody may ask.
    private func market(
        _ kind: Route.Kind,
        _ request: ServerRequest,
        _ query: QueryItems,
        _ now: Timestamp
    ) -> [UInt8] {
        let time = now.milliseconds
        guard kind == .typed else {
            driver.catchUp()
            return marketList(kind, query, time)
        }
        switch request {
        case .serverTime:
            return written { $0.serverTime(nanoseconds: now.nanoseconds) }
        case .instruments(let query):
            return instruments(query, time)
        case .orderBook(let query):
            driver.catchUp()
            guard let symbol = query.symbol else { return missing("symbol", time) }
            let id = InstrumentID(query.category, symbol)
            let limit = min(max(1, query.limit ?? (query.category == .spot ? 1 : 25)), 1_000)
            guard let book = driver.exchange.orderBook(id, limit: limit) else {
                return unknownSymbol(time)
            }
            let ts = driver.exchange.now.milliseconds
            return written { $0.orderBook(book, symbol: symbol, ts: ts, time: time) }
        case .invalid(let error):
            return written { $0.failure(code: error.code, message: error.message, time: time) }
        default:
            return written {
                $0.failure(code: 10_017, message: "Route not found.", time: time)
            }
        }
    }

    func missing(_ parameter: String, _ time: Int64) -> [UInt8] {
        written {
            $0.failure(code: 10_001, message: "params error: \(parameter) missing", time: time)
        }
    }

    func unknownSymbol(_ time: Int64) -> [UInt8] {
        written { $0.failure(code: 10_001, message: "Not supported symbols", time: time) }
    }
}

extension RequestReader {
    /// An endpoint that is not typed reads its query itself.
    fileprivate func rest(_ request: HTTPRequest, _ route: Route) -> ServerRequest {
        guard route.kind == .typed else { return .unknown(path: request.path) }
        return request.body.withUnsafeBytes {
            rest(
                method: request.method.rawValue,
                path: request.path,
                query: request.query,
                body: $0
            )
        }
    }
}

extension ServerRequest {
    /// The category that a quota depends on; linear where a request names none.
    fileprivate var category: Category {
        switch self {
        case .create(let order): order.instrument.category
        case .amend(let change): change.instrument.category
        case .cancel(let cancellation): cancellation.instrument.category
        case .cancelAll(let query), .openOrders(let query), .orderHistory(let query),
            .executions(let query), .positions(let query), .transactionLog(let query),
            .instruments(let query), .orderBook(let query):
            query.category
        case .serverTime, .wallet, .unknown, .invalid: .linear
        }
    }
}

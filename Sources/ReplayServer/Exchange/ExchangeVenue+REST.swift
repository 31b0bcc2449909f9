import Bybit
import Market
import NIOCore
import NIOHTTP1
import Simulation

/// The REST door: signature, limits, then the endpoint.
extension ExchangeVenue {
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        counters.requests += 1
        let now = WallClock.now
        guard let route = Route.table[request.path] else {
            return reply(refusal(.notFound, 10_017, "Route not found.", now))
        }
        guard route.method == request.method else {
            return reply(refusal(.badRequest, 10_001, "params error: wrong method", now))
        }
        if request.method == .GET, !request.body.isEmpty {
            return reply(refusal(.forbidden, 10_001, "params error: GET with a body", now))
        }
        guard route.isSigned else {
            return reply(HTTPReply(body: body(of: request, route, account: nil, now)))
        }
        guard request.headers.contains(name: "X-BAPI-API-KEY") else {
            return reply(refusal(.unauthorized, 10_003, "API key is invalid.", now))
        }
        let place: Int
        do {
            place = try directory.authorize(
                request,
                payload: request.method == .GET ? Array(request.query.utf8) : request.body,
                nowMilliseconds: now.milliseconds
            )
        } catch {
            return reply(refusal(.ok, error.code, error.message, now))
        }
        answer(request, route, place, now, reply)
    }

    private func answer(
        _ request: HTTPRequest,
        _ route: Route,
        _ place: Int,
        _ now: Timestamp,
        _ reply: @escaping (HTTPReply) -> Void
    ) {
        let reading = meter.count(
            account: place,
            path: request.path,
            category: category(of: request),
            nowMilliseconds: now.milliseconds
        )
        var headers: [(name: String, value: String)] = [("Timenow", String(now.milliseconds))]
        if let reading {
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
        let answer = HTTPReply(
            headers: headers,
            body: body(of: request, route, account: place, now)
        )
        switch route.isOrderEntry ? orderAnswers : .prompt {
        case .prompt: reply(answer)
        case .late(let milliseconds):
            let delay = TimeAmount.milliseconds(Int64(max(0, milliseconds)))
            loop.assumeIsolated().scheduleTask(in: delay) { reply(answer) }
        case .never: break
        }
        // The answer first, then what it caused: a client may count on neither order, and tests may.
        driver.flush()
    }

    /// The word that a quota depends on: spot has quotas of its own.
    private func category(of request: HTTPRequest) -> String {
        if request.method == .GET { return QueryItems(request.query)["category"] }
        let isSpot = request.body.contains(subsequence: Array("\"spot\"".utf8))
        return isSpot ? "spot" : "linear"
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

    private func body(
        of request: HTTPRequest,
        _ route: Route,
        account: Int?,
        _ now: Timestamp
    ) -> [UInt8] {
        let time = now.milliseconds
        let query = QueryItems(request.query)
        switch route.kind {
        case .typed:
            let read = request.body.withUnsafeBytes {
                reader.rest(
                    method: request.method.rawValue,
                    path: request.path,
                    query: request.query,
                    body: $0
                )
            }
            guard let account else { return market(read, now) }
            return personal(read, accounts[account], time)
        case .tickers, .candles, .recentTrades:
            driver.catchUp()
            return marketList(route.kind, query, time)
        case .feeRate, .accountInfo, .apiKey, .coins:
            guard let account else { return [] }
            return profile(route.kind, query, account, time)
        }
    }

    /// The endpoints that anybody may ask.
    private func market(_ request: ServerRequest, _ now: Timestamp) -> [UInt8] {
        let time = now.milliseconds
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

extension [UInt8] {
    fileprivate func contains(subsequence part: [UInt8]) -> Bool {
        guard part.count <= count else { return false }
        return (0...(count - part.count)).contains {
            self[$0..<($0 + part.count)].elementsEqual(part)
        }
    }
}

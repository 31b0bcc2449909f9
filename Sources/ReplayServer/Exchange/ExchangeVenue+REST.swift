import Bybit
import JSON
import Market
import NIOCore
import NIOHTTP1
import Simulation

/// The REST door: signature, limits, then the endpoint.
extension ExchangeVenue {
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        counters.requests += 1
        let now = driver.now
        guard meter.countAddress(nowMilliseconds: now.milliseconds) else {
            let text = Array("403: access too frequent".utf8)
            return reply(HTTPReply(status: .forbidden, body: text))
        }
        guard let route = Route.table[request.path] else {
            return reply(refusal(.notFound, 10_017, "Route not found.", now))
        }
        if request.path.hasPrefix("/v5/market/"), request.path != "/v5/market/time",
            request.path != "/v5/market/instruments-info"
        {
            driver.beginTape()
        }
        guard route.method == request.method else {
            return reply(refusal(.badRequest, 10_001, "params error: wrong method", now))
        }
        if request.method == .GET, !request.body.isEmpty {
            return reply(refusal(.forbidden, 10_001, "params error: GET with a body", now))
        }
        var call = RESTCall(
            query: QueryItems(request.query),
            body: request.body,
            place: -1,
            account: AccountID(index: -1),
            now: now
        )
        guard route.isSigned else { return reply(HTTPReply(body: body(route, call))) }
        guard request.headers.contains(name: "X-BAPI-API-KEY") else {
            return reply(refusal(.unauthorized, 10_003, "API key is invalid.", now))
        }
        do throws(AccountDirectory.Refusal) {
            call.place = try directory.authorize(
                request,
                payload: request.method == .GET ? Array(request.query.utf8) : request.body,
                nowMilliseconds: driver.judge(
                    request.headers.first(name: "X-BAPI-TIMESTAMP").flatMap { Int64($0) }
                ).milliseconds
            )
        } catch {
            return reply(refusal(.ok, error.code, error.message, now))
        }
        call.account = accounts[call.place]
        send(signed(route, request.path, call), route, reply)
    }

    /// The answer with the headers of its quota.
    private func signed(_ route: Route, _ path: String, _ call: RESTCall) -> HTTPReply {
        let reading: RateMeter.Reading?
        let bytes: [UInt8]
        switch route.answer {
        case .orders(let action):
            let answer = enter(action, call.body, call.place, call.time)
            reading = answer.reading
            bytes = Envelope.answer(answer, time: call.time)
        case .body:
            reading = meter.count(
                account: call.place,
                path: path,
                category: quotaCategory(route, call),
                nowMilliseconds: call.time
            )
            bytes =
                reading?.isExceeded == true
                ? failure(RequestError(code: 10_006, message: "Too many visits!"), call.time)
                : body(route, call)
        }
        var headers: [(name: String, value: String)] = [("Timenow", String(call.time))]
        if let reading {
            headers += [
                ("X-Bapi-Limit", String(reading.limit)),
                ("X-Bapi-Limit-Status", String(reading.remaining)),
                ("X-Bapi-Limit-Reset-Timestamp", String(reading.reset)),
            ]
        }
        return HTTPReply(headers: headers, body: bytes)
    }

    private func quotaCategory(_ route: Route, _ call: RESTCall) -> Category {
        let name =
            route.isEntry
            ? (try? OrderBody.read(call.body) { $0["category"]?.string ?? "" }.get()) ?? ""
            : call.query["category"]
        return Category(name: name) ?? .linear
    }

    private func body(_ route: Route, _ call: RESTCall) -> [UInt8] {
        guard case .body(let handler) = route.answer else { return [] }
        do throws(RequestError) {
            return try handler(self, call)
        } catch {
            if route.isEntry { counters.rejected += 1 }
            return failure(error, call.time)
        }
    }

    /// The answer first, then what it caused: a client may count on neither order, and tests may.
    private func send(
        _ answer: HTTPReply,
        _ route: Route,
        _ reply: @escaping (HTTPReply) -> Void
    ) {
        switch route.isEntry ? orderAnswers : .prompt {
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
        let error = RequestError(code: Int64(code), message: message)
        return HTTPReply(status: status, body: failure(error, now.milliseconds))
    }

    private func failure(_ error: RequestError, _ time: Int64) -> [UInt8] {
        written { $0.failure(code: error.code, message: error.message, time: time) }
    }

    func written(_ write: (inout MessageWriter) -> Void) -> [UInt8] {
        writer.reset()
        write(&writer)
        return writer.bytes
    }
}

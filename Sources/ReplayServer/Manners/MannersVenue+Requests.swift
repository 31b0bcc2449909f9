import Bybit
import Market
import NIOCore
import NIOHTTP1

/// What is done to REST requests.
extension MannersVenue {
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        if request.path.hasPrefix(ControlDoor.prefix) { return control.answer(request, reply) }
        if isClosed {
            note(.maintenance, "", request)
            return reply(refusal(.serviceUnavailable, .serverError, 0))
        }
        let account = alias(ofKey: request.headers.first(name: "X-BAPI-API-KEY"))
        let verdict = manners.request(
            path: request.path,
            account: account,
            client: nil,
            isOrder: request.method == .POST
        )
        guard let verdict else { return exchange.answer(request, reply) }
        let cause = verdict.cause
        let milliseconds = verdict.decision.milliseconds
        switch verdict.manner {
        case .latency:
            note(.latency, cause, request, milliseconds)
            schedule(milliseconds) { [exchange] in exchange.answer(request, reply) }
        case .lateAnswer:
            exchange.answer(request) { [self] answer in
                note(.lateAnswer, cause, request, milliseconds, answer)
                schedule(milliseconds) { reply(answer) }
            }
        case .unanswered:
            exchange.answer(request) { [self] answer in
                note(.unanswered, cause, request, nil, answer)
            }
        case .disconnect:
            note(.disconnect, cause, request)
            reply(.cutOff)
        case .rateLimit:
            note(.rateLimit, cause, request, milliseconds)
            reply(refusal(.ok, .rateLimit, milliseconds))
        case .forbidden:
            note(.forbidden, cause, request)
            reply(refusal(.forbidden, .forbidden, 0))
        case .serverError:
            let status = HTTPResponseStatus(statusCode: verdict.decision.status)
            note(.serverError, cause, request, nil, nil, status: verdict.decision.status)
            reply(refusal(status, .serverError, 0))
        case .overload:
            note(.overload, cause, request)
            reply(refusal(.tooManyRequests, .overload, 0))
        case .maintenance:
            beginMaintenance(milliseconds, cause: cause)
            reply(refusal(.serviceUnavailable, .serverError, 0))
        case .clockOffset:
            setClockOffset(milliseconds, cause: cause)
            exchange.answer(request, reply)
        default:
            exchange.answer(request, reply)
        }
    }

    func schedule(_ milliseconds: Int, _ body: @escaping () -> Void) {
        let delay = TimeAmount.milliseconds(Int64(max(0, milliseconds)))
        loop.assumeIsolated().scheduleTask(in: delay, body)
    }

    /// What a refused request gets, in the words of the exchange.
    private func refusal(
        _ status: HTTPResponseStatus,
        _ manner: Manner,
        _ milliseconds: Int
    ) -> HTTPReply {
        let time = now.milliseconds
        let failure =
            manner == .forbidden
            ? RequestError(code: 403, message: "access too frequent") : manner.refusal
        var reply = HTTPReply(
            status: status,
            body: exchange.written {
                $0.failure(code: failure.code, message: failure.message, time: time)
            }
        )
        guard manner == .rateLimit else { return reply }
        reply.headers = [
            ("Timenow", String(time)),
            ("X-Bapi-Limit", "10"),
            ("X-Bapi-Limit-Status", "0"),
            ("X-Bapi-Limit-Reset-Timestamp", String(time + Int64(milliseconds))),
        ]
        return reply
    }

    /// The account whose key that is, known or not by its signature; for choosing whom a manner is meant for.
    private func alias(ofKey key: String?) -> String {
        guard let key, let place = exchange.directory.place(ofKey: key) else { return "" }
        return exchange.directory.entries[place].alias
    }

    private func note(
        _ manner: Manner,
        _ cause: String,
        _ request: HTTPRequest,
        _ milliseconds: Int? = nil,
        _ answer: HTTPReply? = nil,
        status: Int? = nil
    ) {
        let account = request.headers.first(name: "X-BAPI-API-KEY").flatMap {
            exchange.directory.place(ofKey: $0)
        }.map { exchange.directory.entries[$0].alias }
        manners.note(manner, at: now, cause: cause) {
            if let account { $0.field("account", account) }
            $0.field("method", request.method.rawValue)
            $0.field("path", request.path)
            if let milliseconds { $0.field("milliseconds", milliseconds) }
            if let status { $0.field("status", status) }
            // The body says which order it was, and holds no secret: the signature is in the headers.
            if !request.body.isEmpty {
                $0.field("request", String(decoding: request.body, as: UTF8.self))
            }
            if let answer { $0.field("answer", String(decoding: answer.body, as: UTF8.self)) }
        }
    }
}

extension Manner {
    /// What a request gets that is refused for it.
    var refusal: RequestError {
        switch self {
        case .rateLimit: RequestError(code: 10_006, message: "Too many visits!")
        case .overload:
            RequestError(code: 10_429, message: "System level frequency protection.")
        case .nodeRestart:
            RequestError(code: 10_019, message: "The service is restarting, please reconnect.")
        default: RequestError(code: 10_016, message: "System error. Please try again later.")
        }
    }
}

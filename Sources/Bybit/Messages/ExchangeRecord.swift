import JSON
import Market

/// A REST exchange's record: one line of JSON, a line end, the request's body, the response's body.
///
/// - Source: `{"method":"POST","path":"/v5/order/create","query":"","status":200,"outcome":"answered","sent":"…",
///   "received":"…","after":7,"attempt":1,…,"request":<bytes>,"response":<bytes>}`.
extension MessageDecoder {
    func decodeExchange(
        _ payload: UnsafeRawBufferPointer,
        _ endpoint: Endpoint,
        _ form: ReplyForm,
        _ event: inout Event
    ) {
        var findings = Findings()
        event.reply = Reply()
        event.reply.endpoint = endpoint
        event.reply.code = -1
        event.kind = .malformed
        if let bodies = readLine(payload, &event, &findings) {
            event.kind = .reply
            readQuery(&event)
            readRequest(bodies.request, &event, &findings)
            readResponse(bodies.response, form, &event, &findings)
        }
        if !findings.list.isEmpty { event.findings = findings.list }
    }

    private typealias Bodies = (request: UnsafeRawBufferPointer, response: UnsafeRawBufferPointer)

    private func readLine(
        _ payload: UnsafeRawBufferPointer,
        _ event: inout Event,
        _ findings: inout Findings
    ) -> Bodies? {
        let end = payload.firstIndex(of: UInt8(ascii: "\n")) ?? payload.count
        let root: JSONValue
        do throws(JSONError) {
            root = try parser.root(UnsafeRawBufferPointer(rebasing: payload[..<end]))
        } catch {
            findings.add(error.path, error.finding.reason)
            return nil
        }
        guard let outcome = Fields.text("outcome", in: root, &findings),
            let request = Fields.integer("request", in: root, .required, &findings),
            let response = Fields.integer("response", in: root, .required, &findings)
        else { return nil }
        guard let known = Reply.Outcome(rawValue: outcome) else {
            findings.add("outcome", .unexpected(outcome))
            return nil
        }
        event.reply.outcome = known
        event.reply.httpStatus = Int(Fields.integer("status", in: root, .optional, &findings) ?? 0)
        event.reply.query = Fields.optionalText("query", in: root, &findings)
        event.reply.sent = time("sent", in: root)
        event.reply.received = time("received", in: root)
        let after = Fields.integer("after", in: root, .optional, &findings) ?? 0
        event.reply.after = SequenceNumber(UInt64(clamping: after))
        event.reply.message = Fields.optionalText("reason", in: root, &findings)
        event.reply.isCarried = root["by"]?.string == OwnRecords.bot
        let start = min(end + 1, payload.count)
        let rest = Int64(payload.count - start)
        // Both are compared before they are added: a hostile length must not overflow.
        guard request >= 0, response >= 0, request <= rest, response == rest - request else {
            findings.add("response", .unexpected("\(request) + \(response) of \(rest) bytes"))
            return nil
        }
        let middle = start + Int(request)
        return (
            UnsafeRawBufferPointer(rebasing: payload[start..<middle]),
            UnsafeRawBufferPointer(rebasing: payload[middle...])
        )
    }

    private func time(_ key: StaticString, in root: JSONValue) -> Timestamp {
        guard let value = root[key], let nanoseconds = JSONNumber.int64(value.raw) else {
            return .zero
        }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// What a list reply is about, until its result says so itself.
    private func readQuery(_ event: inout Event) {
        guard !event.reply.query.isEmpty else { return }
        for (name, value) in Query.pairs(event.reply.query) {
            switch name {
            case "category": event.category = Category(name: value) ?? event.category
            case "symbol": event.symbol = Symbol(value) ?? .none
            case "orderLinkId": event.reply.orderLinkID = value
            case "orderId": event.reply.orderID = value
            default: break
            }
        }
    }

    /// The order that was asked for: the only name of it when no answer came.
    private func readRequest(
        _ body: UnsafeRawBufferPointer,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard !body.isEmpty else { return }
        do throws(JSONError) {
            let root = try parser.root(body)
            event.reply.orderLinkID = root["orderLinkId"]?.string ?? ""
            event.reply.orderID = root["orderId"]?.string ?? ""
            if let name = root["category"]?.string, let category = Category(name: name) {
                event.category = category
            }
            event.symbol = root["symbol"]?.string.flatMap { Symbol($0) } ?? .none
        } catch {
            findings.add("request", error.finding.reason)
        }
    }

    private func readResponse(
        _ body: UnsafeRawBufferPointer,
        _ form: ReplyForm,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard !body.isEmpty else {
            if event.reply.outcome == .answered { findings.add("response", .empty) }
            return
        }
        let root: JSONValue
        do throws(JSONError) {
            root = try parser.root(body)
        } catch {
            return findings.add("response", error.finding.reason)
        }
        guard root.isObject else { return findings.add("response", .wrongType) }
        guard let code = Fields.integer("retCode", in: root, .required, &findings) else { return }
        event.reply.code = code
        event.reply.message = Fields.optionalText("retMsg", in: root, &findings)
        event.exchangeMilliseconds = Fields.integer("time", in: root, .optional, &findings) ?? 0
        guard code == 0 else { return }
        if form != .none {
            ReplyResult.read(form, root, &event, &findings)
        } else if let result = root["result"], result.isObject {
            ReplyResult.read(result, parser, &event, &findings)
        }
        guard readsInstrumentFacts, !event.instruments.isEmpty, let list = root["result"]?["list"]
        else { return }
        InstrumentFacts.readAll(
            list,
            of: event.instruments,
            into: &event.details,
            findings: &findings
        )
    }
}

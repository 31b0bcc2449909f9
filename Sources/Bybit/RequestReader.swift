import JSON
import Market

/// Reads what clients ask of the exchange: frames on a socket, and REST requests.
public final class RequestReader {
    private let parser = JSONParser()

    public init() {}

    /// Reads a frame on a public, private or trade socket.
    ///
    /// An `op` that is not spoken is ``SocketRequest/other(_:)``.
    ///
    /// - Throws: ``RequestError`` when it is no frame of Bybit's.
    public func frame(_ bytes: UnsafeRawBufferPointer) throws(RequestError) -> ClientFrame {
        let root: JSONValue
        do throws(JSONError) {
            root = try parser.root(bytes)
        } catch {
            throw RequestError(code: 10_001, message: "Params Error: \(error)")
        }
        guard let operation = root["op"]?.string else {
            throw RequestError(code: 10_001, message: "Params Error: op")
        }
        let id = RequestReader.requestID(root)
        switch operation {
        case "subscribe": return ClientFrame(requestID: id, request: .subscribe(try topics(root)))
        case "unsubscribe":
            return ClientFrame(requestID: id, request: .unsubscribe(try topics(root)))
        case "ping": return ClientFrame(requestID: id, request: .ping)
        case "auth": return ClientFrame(requestID: id, request: try auth(root))
        default: return ClientFrame(requestID: id, request: .other(operation))
        }
    }

    /// `req_id`, on the trade socket `reqId`, in one of the documentation's samples `id`; of either JSON type.
    private static func requestID(_ root: JSONValue) -> RequestID {
        guard let id = root["req_id"] ?? root["reqId"] ?? root["id"] else { return .none }
        if let text = id.string { return .text(text) }
        return id.isNumber ? .number(String(decoding: id.raw, as: UTF8.self)) : .none
    }

    private func topics(_ root: JSONValue) throws(RequestError) -> [String] {
        guard let args = root["args"], args.isArray else {
            throw RequestError(code: 10_001, message: "Params Error: args")
        }
        var topics: [String] = []
        for element in args.elements {
            guard let topic = element.string else {
                throw RequestError(code: 10_001, message: "Params Error: args")
            }
            topics.append(topic)
        }
        return topics
    }

    /// Key, `expires` as a number (pybit) or a string (ccxt), signature.
    private func auth(_ root: JSONValue) throws(RequestError) -> SocketRequest {
        guard let args = root["args"], args.count == 3, let key = args[0]?.string,
            let second = args[1], second.isNumber || second.isString,
            let expires = JSONNumber.int64(second.raw), let signature = args[2]?.string
        else { throw RequestError(code: 10_001, message: "Params Error") }
        return .auth(key: key, expires: expires, signature: signature)
    }

    /// Reads a REST request.
    ///
    /// What cannot be read is ``ServerRequest/invalid(_:)`` with the code to answer.
    ///
    /// - Parameter query: the text after `?`, percent-encoded as it came.
    public func rest(
        method: String,
        path: String,
        query: String,
        body: UnsafeRawBufferPointer
    ) -> ServerRequest {
        let endpoint = Endpoint(path: path)
        if case .other = endpoint { return .unknown(path: path) }
        guard method == endpoint.method else {
            return .invalid(RequestError(code: 10_001, message: "Request method is wrong."))
        }
        do throws(RequestError) {
            switch endpoint {
            case .createOrder: return .create(try row(body))
            case .amendOrder: return .amend(try named(try row(body)))
            case .cancelOrder: return .cancel(try named(try row(body)))
            case .cancelAllOrders: return .cancelAll(try ListQuery(cancelAll(body)))
            case .serverTime: return .serverTime
            case .wallet: return .wallet(coins: RequestReader.coins(query))
            default: return ServerRequest(endpoint, try ListQuery(Query.pairs(query)))
            }
        } catch {
            return .invalid(error)
        }
    }

    private func row<Row: WireRow>(_ body: UnsafeRawBufferPointer) throws(RequestError) -> Row {
        let root: JSONValue
        do throws(JSONError) {
            root = try parser.root(body)
        } catch {
            throw RequestError(code: 10_001, message: "params error: \(error)")
        }
        var findings = Findings()
        let row = Row.read(root, category: .linear, form: .push, findings: &findings)
        guard let row, findings.list.isEmpty else {
            let what = findings.list.first.map { $0.description } ?? "body"
            throw RequestError(code: 10_001, message: "params error: \(what)")
        }
        return row
    }

    private func named(_ request: AmendRequest) throws(RequestError) -> AmendRequest {
        guard request.orderID.isEmpty, request.orderLinkID.isEmpty else { return request }
        throw RequestError(
            code: 10_001,
            message: "params error: orderId or orderLinkId is required"
        )
    }

    private func named(_ request: CancelRequest) throws(RequestError) -> CancelRequest {
        guard request.orderID.isEmpty, request.orderLinkID.isEmpty else { return request }
        throw RequestError(
            code: 10_001,
            message: "params error: orderId or orderLinkId is required"
        )
    }

    private func cancelAll(
        _ body: UnsafeRawBufferPointer
    ) throws(RequestError) -> [(name: String, value: String)] {
        do throws(JSONError) {
            let root = try parser.root(body)
            return root.elements.map { ($0.key, $0.string ?? "") }
        } catch {
            throw RequestError(code: 10_001, message: "params error: \(error)")
        }
    }

    private static func coins(_ query: String) -> [String] {
        Query.pairs(query).first { $0.name == "coin" }
            .map { $0.value.split(separator: ",").map(String.init) } ?? []
    }
}

/// Why a request was refused before it was looked at: what to answer.
public struct RequestError: Error, Hashable, Sendable {
    /// `retCode` of the reply.
    public var code: Int64
    /// `retMsg` of the reply, or `ret_msg` on a socket.
    public var message: String

    public init(code: Int64, message: String) {
        self.code = code
        self.message = message
    }
}

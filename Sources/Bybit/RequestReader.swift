import JSON
import Market

/// Reads what clients ask of the exchange on a socket.
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

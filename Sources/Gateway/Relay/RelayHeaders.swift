import NIOCore
import NIOHTTP1

/// Which headers go through a relay: all but those that are about one connection alone.
enum RelayHeaders {
    private static let ofConnection: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// What the relay says itself of each request.
    private static let ofRequest = ["host", "accept-encoding", "content-length", "expect"]

    private static func isOfConnection(_ name: String, _ named: [String]) -> Bool {
        ofConnection.contains(name) || named.contains(name)
    }

    /// What the header `Connection` names as its own.
    private static func named(_ headers: HTTPHeaders) -> [String] {
        headers[canonicalForm: "connection"].map { $0.lowercased() }
    }

    /// A request as it goes to the exchange: answers are asked for uncompressed, so that they are recorded as text.
    static func request(_ head: HTTPRequestHead, to address: Address, body: Int) -> HTTPRequestHead
    {
        let named = named(head.headers)
        var headers = HTTPHeaders()
        headers.add(name: "Host", value: address.authority)
        for (name, value) in head.headers {
            let lowered = name.lowercased()
            guard !isOfConnection(lowered, named), !ofRequest.contains(lowered) else { continue }
            headers.add(name: name, value: value)
        }
        headers.add(name: "Accept-Encoding", value: "identity")
        if body > 0 || [.POST, .PUT, .PATCH].contains(head.method) {
            headers.add(name: "Content-Length", value: String(body))
        }
        return HTTPRequestHead(
            version: .http1_1,
            method: head.method,
            uri: head.uri,
            headers: headers
        )
    }

    /// A handshake as it goes to the exchange: no extension is offered, so that frames are what they say.
    static func handshake(_ head: HTTPRequestHead, to address: Address) -> HTTPRequestHead {
        var result = request(head, to: address, body: 0)
        result.headers.remove(name: "Sec-WebSocket-Extensions")
        result.headers.remove(name: "Accept-Encoding")
        result.headers.add(name: "Connection", value: "Upgrade")
        result.headers.add(name: "Upgrade", value: "websocket")
        return result
    }

    /// An answer as it goes to the bot.
    static func reply(_ head: HTTPResponseHead, body: Int, of method: HTTPMethod) -> HTTPHeaders {
        let named = named(head.headers)
        let hasBody =
            method != .HEAD && head.status.code >= 200 && head.status != .noContent
            && head.status != .notModified
        var headers = HTTPHeaders()
        for (name, value) in head.headers {
            let lowered = name.lowercased()
            guard !isOfConnection(lowered, named), !(hasBody && lowered == "content-length") else {
                continue
            }
            headers.add(name: name, value: value)
        }
        if hasBody { headers.add(name: "Content-Length", value: String(body)) }
        return headers
    }

    static func isUpgrade(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET
            && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }
}

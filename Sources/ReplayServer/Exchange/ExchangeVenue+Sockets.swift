import Bybit
import Market
import NIOCore
import Simulation

/// The WebSocket door: logins and pings; subscriptions and order entry have files of their own.
extension ExchangeVenue {
    func received(_ message: [UInt8], from client: Client) {
        guard client.path != .trade else { return receivedTrade(message, from: client) }
        let frame = message.withUnsafeBytes { try? reader.frame($0) }
        guard let frame else {
            acknowledge(.other(""), "Params Error", .none, client)
            return
        }
        switch frame.request {
        case .ping:
            reply(client) { [id = client.connectionID, path = client.path, now = milliseconds] in
                $0.pong(requestID: frame.requestID, connectionID: id, time: now, on: path.name)
            }
        case .auth(let key, let expires, let signature):
            let failure = login(client, key: key, expires: expires, signature: signature)
            acknowledge(frame.request, failure, frame.requestID, client)
        case .subscribe(let topics): subscribe(topics, frame, client)
        case .unsubscribe(let topics): unsubscribe(topics, frame, client)
        case .other(let operation):
            let text = "error:handler not found,topic:" + operation
            acknowledge(frame.request, text, frame.requestID, client)
        }
    }

    /// The clock of envelopes and logins: the machine's.
    var milliseconds: Int64 { driver.now.milliseconds }

    private func login(
        _ client: Client,
        key: String,
        expires: Int64,
        signature: String
    ) -> String? {
        guard client.path == .privateData else { return "Params Error" }
        do throws(AccountDirectory.Refusal) {
            let place = try directory.login(
                key: key,
                expires: expires,
                signature: signature,
                nowMilliseconds: driver.judge(expires).milliseconds
            )
            if let former = client.account { fanOut.remove(client, from: accounts[former]) }
            client.account = place
            fanOut.add(client, to: accounts[place])
            return nil
        } catch {
            return "Params Error"
        }
    }

    // MARK: replies

    func acknowledge(
        _ request: SocketRequest,
        _ failure: String?,
        _ requestID: RequestID,
        _ client: Client
    ) {
        reply(client) { [id = client.connectionID, path = client.path] in
            $0.acknowledgement(
                request,
                success: failure == nil,
                message: failure ?? "",
                requestID: requestID,
                connectionID: id,
                on: path.name
            )
        }
    }

    func reply(_ client: Client, _ write: (inout MessageWriter) -> Void) {
        writer.reset()
        write(&writer)
        client.send(WebSocketFrames.text(writer.bytes))
    }
}

extension SocketPath {
    /// As the Bybit module knows it; the account's name plays no part in replies.
    var name: SocketName {
        switch self {
        case .publicData(let category): .publicData(category)
        case .systemStatus: .publicData(.linear)
        case .privateData: .privateData(account: "")
        case .trade: .trade(account: "")
        }
    }
}

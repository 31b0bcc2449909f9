import Foundation
import Glibc
import Synchronization

/// A web server on loopback that takes what is posted to it; the first requests it may refuse.
final class AlertReceiver: Sendable {
    let port: Int
    private let listening: Int32
    private let state: Mutex<State>

    private struct State {
        var refusals: Int
        var bodies: [[String: String]] = []
        var paths: [String] = []
        var isOpen = true
    }

    struct Failed: Error { var errno: Int32 }

    /// - Parameter refusals: answers of 503 before the first 200.
    init(refusals: Int = 0) throws {
        state = Mutex(State(refusals: refusals))
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = listening
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) == 0 && listen(listening, 64) == 0
                    && getsockname(listening, $0, &length) == 0
            }
        }
        guard bound else { throw Failed(errno: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listening, nil, nil)
                guard client >= 0 else { return }
                serve(client)
                close(client)
            }
        }
    }

    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
    }

    var url: String { "http://127.0.0.1:\(port)/hook/TOKENTHATISASECRET" }

    /// Every alert that was taken, in the order it came.
    var alerts: [[String: String]] { state.withLock { $0.bodies } }
    var paths: [String] { state.withLock { $0.paths } }

    /// `name state` of each, in order.
    var words: [String] { alerts.map { "\($0["name"] ?? "") \($0["state"] ?? "")" } }

    private func serve(_ client: Int32) {
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            text += String(decoding: buffer[..<count], as: UTF8.self)
            guard let split = text.range(of: "\r\n\r\n"),
                let length = text.firstMatch(of: #/(?i)content-length: (\d+)/#)
                    .flatMap({ Int($0.output.1) })
            else { continue }
            let body = String(text[split.upperBound...])
            guard body.utf8.count >= length else { continue }
            answer(client, take(String(text.prefix { !$0.isNewline }), body))
            return
        }
    }

    private func take(_ line: String, _ body: String) -> String {
        state.withLock { state in
            state.paths.append(line)
            guard state.refusals == 0 else {
                state.refusals -= 1
                return "503 Service Unavailable"
            }
            let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            state.bodies.append((object ?? [:]).mapValues { "\($0)" })
            return "200 OK"
        }
    }

    private func answer(_ client: Int32, _ status: String) {
        let text = "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        _ = text.withCString { send(client, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }
}

import Glibc
import JSON
public import Market

/// The other side of the operator's door: one connection to a running session, for `tapedeck desk`.
///
/// Blocks its thread.
public final class DoorClient {
    /// Longest answer, bytes.
    private static let answerMax = 1 << 20

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to the session that records into that directory.
    ///
    /// - Throws: ``DoorError/system(call:code:)``: `ENOENT` and `ECONNREFUSED` where nobody listens.
    public init(directory: String) throws(DoorError) {
        let socket = try DoorAddress.socket()
        do throws(DoorError) {
            try DoorAddress.call("connect", in: directory) { connect(socket, $0, $1) }
        } catch {
            close(socket)
            throw error
        }
        descriptor = socket
    }

    deinit { close(descriptor) }

    /// What a session answered: the whole line, and what of it tells how it ended.
    public struct Answer {
        public var line: [UInt8]
        public var isDone: Bool
        /// Why it was not done.
        public var refusal: RequestRefusal?
        /// Fields whose values are texts and numbers, as texts.
        public var fields: [(name: String, value: String)]
        /// Lines for people, where they were asked for.
        public var lines: [String]

        public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Sends one request and waits for its answer, at most `seconds`.
    public func ask(
        _ verb: String,
        reason: String,
        arguments: [OperatorRequest.Argument] = [],
        seconds: Int
    ) throws(DoorError) -> Answer {
        var writer = JSONWriter()
        writer.object {
            $0.field("verb", verb)
            if !reason.isEmpty { $0.field("reason", reason) }
            $0.field(
                "arguments",
                object: { for argument in arguments { $0.field(argument.name, argument.value) } }
            )
        }
        writer.newline()
        send(writer.bytes)
        return try answer(try line(seconds: seconds))
    }

    /// Whether it left does not matter here: a session that refuses has answered, and one that has gone will not.
    private func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor,
                    $0.baseAddress?.advanced(by: offset),
                    $0.count - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            offset += count
        }
    }

    private func line(seconds: Int) throws(DoorError) -> [UInt8] {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let end = clock.tv_sec + seconds
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let place = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(place + 1) }
                return Array(received[..<place])
            }
            guard received.count < DoorClient.answerMax else {
                throw .unreadable("it is longer than \(DoorClient.answerMax) bytes")
            }
            clock_gettime(CLOCK_MONOTONIC, &clock)
            guard clock.tv_sec < end else { throw .silent(seconds: seconds) }
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 250) > 0 else { continue }
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .closed }
            received += buffer[..<count]
        }
    }

    private func answer(_ line: [UInt8]) throws(DoorError) -> Answer {
        var answer = Answer(line: line, isDone: false, refusal: nil, fields: [], lines: [])
        do {
            try JSONParser().read(line) { root in
                answer.isDone = root["done"]?.bool ?? false
                if let error = root["error"] {
                    answer.refusal = RequestRefusal(
                        error["code"]?.string ?? "",
                        error["what"]?.string ?? "",
                        at: error["where"]?.string ?? "",
                        do: error["todo"]?.string ?? ""
                    )
                }
                answer.lines = root["lines"]?.elements.compactMap(\.string) ?? []
                for field in root.elements {
                    if let text = field.string {
                        answer.fields.append((field.key, text))
                    } else if let number = field.int64 {
                        answer.fields.append((field.key, String(number)))
                    }
                }
            }
        } catch {
            throw .unreadable("\(error)")
        }
        return answer
    }
}

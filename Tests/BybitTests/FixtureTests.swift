import Bybit
import Foundation
import Market
import SharedData
import Testing

/// The invented payloads of Fixtures/payloads: one at least for each topic and endpoint that is spoken.
@Suite struct FixtureTests {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/payloads")

    struct Payload {
        /// A payload's directory names its stream.
        var stream: String
        var name: String
        var bytes: [UInt8]
    }

    static func payloads() throws -> [Payload] {
        let root = directory.resolvingSymlinksInPath().path + "/"
        let walk = try require(
            FileManager.default.enumerator(
                at: directory.resolvingSymlinksInPath(),
                includingPropertiesForKeys: nil
            ),
            "Fixtures/payloads"
        )
        return try walk.compactMap { $0 as? URL }
            .filter { ["json", "record"].contains($0.pathExtension) }
            .sorted { $0.path < $1.path }
            .map { file in
                Payload(
                    stream: String(file.deletingLastPathComponent().path.dropFirst(root.count)),
                    name: file.lastPathComponent,
                    bytes: Array(try Data(contentsOf: file))
                )
            }
    }

    @Test func `every payload means what expected.txt says`() throws {
        var text = ""
        for payload in try Self.payloads() {
            let event = decode(payload.stream, payload.bytes)
            text += "== \(payload.stream) \(payload.name)\n"
            text += lines(of: event).map { $0 + "\n" }.joined()
        }
        let file = Self.directory.appending(path: "expected.txt")
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
            Issue.record(
                "expected.txt was written anew: read the difference, then run without RECORD_GOLDEN"
            )
            return
        }
        let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let ours = text.split(separator: "\n")
        let theirs = expected.split(separator: "\n")
        for (mine, other) in zip(ours, theirs) { #expect(mine == other) }
        #expect(ours.count == theirs.count)
    }

    @Test func `no payload has a finding`() throws {
        for payload in try Self.payloads() {
            let event = decode(payload.stream, payload.bytes)
            #expect(event.findings.isEmpty, "\(payload.stream) \(payload.name): \(event.findings)")
            #expect(event.kind != .malformed)
        }
    }

    @Test func `a frame is named as its directory is`() throws {
        for payload in try Self.payloads() {
            guard
                let socket = SocketName(
                    text: payload.stream.split(separator: "/").prefix(2).joined(separator: "/")
                )
            else { continue }
            let name = payload.bytes.withUnsafeBytes { StreamNaming.name(socket, frame: $0).text }
            #expect(name == payload.stream)
        }
    }

    @Test func `every endpoint and every topic that is spoken has a payload`() throws {
        let streams = Set(try Self.payloads().map(\.stream))
        for row in Endpoints.all {
            #expect(
                streams.contains { $0.hasSuffix("/\(row.method)\(row.path)") },
                "\(row.method) \(row.path)"
            )
        }
        let topics = [
            "orderbook.1.", "orderbook.25.", "orderbook.50.", "orderbook.100.", "orderbook.200.",
            "orderbook.500.", "orderbook.1000.", "publicTrade.", "tickers.", "kline.",
            "orderbook.rpi.", "orderbook.full.", "allLiquidation.", "priceLimit.", "insurance.",
            "adlAlert.", "system.status", "option/tickers.", "spread/tickers.", "inverse/tickers.",
            "spread/publicTrade.", "/execution.fast", "/execution.fast.linear", "/greeks",
            "/strategy", "/dcp.future", "/spread.order", "/spread.execution", "/order",
            "/execution", "/position", "/wallet", "/order.linear",
            "/execution.linear", "/position.linear", "private/main/-", "public/linear/-",
            "public/spot/-", "public/option/-", "trade/main", "link/", "desk/timer",
            "session/tick", "session/clock", "session/start", "session/end",
        ]
        for topic in topics { #expect(streams.contains { $0.contains(topic) }, "\(topic)") }
    }

    @Test func `decoding leaves nothing behind for the next record`() throws {
        let payloads = try Self.payloads()
        let decoder = MessageDecoder()
        var event = Event()
        // Forwards and backwards through one decoder: each as with a decoder of its own.
        for payload in payloads + payloads.reversed() {
            payload.bytes.withUnsafeBytes {
                decoder.decode(StreamName(payload.stream), $0, into: &event)
            }
            #expect(lines(of: event) == lines(of: decode(payload.stream, payload.bytes)))
        }
    }

    @Test func `every prefix of every payload decodes without a trap`() throws {
        let decoder = MessageDecoder()
        var event = Event()
        for payload in try Self.payloads() {
            let stream = StreamName(payload.stream)
            for end in stride(from: 0, to: payload.bytes.count, by: 3) {
                // In memory of its own, so that a read beyond the end would be seen by a sanitizer.
                let prefix = Array(payload.bytes[..<end])
                prefix.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
                let isSilent = event.kind == .none || (event.kind == .unknown && end > 0)
                #expect(!event.findings.isEmpty || isSilent, "\(payload.stream) up to \(end)")
            }
        }
    }
}

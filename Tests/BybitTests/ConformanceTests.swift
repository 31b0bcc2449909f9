import Bybit
import Foundation
import JSON
import Market
import SharedData
import Testing

/// Every message of ../shared/data on the stream that it came from: decoded without a finding but those that are
/// pinned, and written again.
///
/// What is not spoken is listed in Fixtures/conformance/unknown.txt, which holds nothing of the protocol reference's
/// sections 3 to 7.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct ConformanceTests {
    struct Outcome {
        var messages = 0
        var requests = 0
        var replies = 0
        var unknown: [String: Int] = [:]
        /// With the beginning of their messages, for people.
        var findings: [String] = []
        /// How often, by source and finding.
        var counts: [String: Int] = [:]
        var differences: [String] = []
        var compared = 0

        mutating func find(_ what: String, in message: ConformanceMessage) {
            findings.append("\(message): \(what)")
            counts["\(message.source): \(what)", default: 0] += 1
        }
    }

    @Test func `every message is decoded, and what is not spoken is listed`() throws {
        let outcome = try Self.run()
        #expect(outcome.messages > 1_700)
        #expect(outcome.replies >= 275)
        let found = Set(outcome.counts.map { "\($0.value) × \($0.key)" })
        let all = found.sorted().map { "            \"\($0)\",\n" }.joined()
        #expect(found == Self.cut, "all that was found:\n\(all)")
        if found != Self.cut {
            for line in outcome.findings { Issue.record("\(line)") }
        }
        let text = outcome.unknown.sorted { $0.key < $1.key }
            .map { "\($0.key)\n" }.joined()
        let file = FixtureTests.directory.deletingLastPathComponent()
            .appending(path: "conformance/unknown.txt")
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
            Issue.record("unknown.txt was written anew: read the difference")
        }
        let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(text == expected)
    }

    @Test func `prices and quantities are written as they came`() throws {
        let outcome = try Self.run()
        #expect(outcome.compared > 30_000)
        for line in outcome.differences.prefix(20) { Issue.record("\(line)") }
    }

    @Test func `nothing unknown is of the reference's sections 3 to 7`() throws {
        let file = FixtureTests.directory.deletingLastPathComponent()
            .appending(path: "conformance/unknown.txt")
        let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        #expect(!lines.isEmpty)
        let topics = [
            "orderbook", "publicTrade", "tickers", "kline", "allLiquidation", "insurance",
            "priceLimit", "adlAlert", "system", "order", "execution", "position", "wallet",
            "greeks", "dcp", "strategy", "spread",
        ]
        for line in lines {
            #expect(!topics.contains { line == "topic " + $0 }, "\(line)")
            #expect(!line.hasPrefix("op "), "\(line)")
            for endpoint in Endpoints.all {
                #expect(!line.hasSuffix(endpoint.path), "\(line)")
            }
        }
    }

    // MARK: - The walk

    /// Every finding there is, so that a new one fails in these files too, and so does one that is gone.
    ///
    /// Fixtures of another project are cut short, or hold `|2|` where the time of an authentication was; in a capture of
    /// two wallets a coin has an empty balance, and is left out.
    static let cut: Set<String> = [
        "2 × Concurrent.txt: data[0].close is missing",
        "2 × Concurrent.txt: data[0].high is missing",
        "2 × Concurrent.txt: data[0].low is missing",
        "2 × Concurrent.txt: data[0].open is missing",
        "2 × Concurrent.txt: data[0].turnover is missing",
        "2 × Concurrent.txt: data[0].volume is missing",
        "1 × GetSpreadOrderBook.txt: result.a is missing",
        "1 × GetSpreadOrderBook.txt: result.b is missing",
        "1 × Greeks.txt: a request that is none",
        "1 × Order.txt: a request that is none",
        "1 × SpreadUserTrade.txt: a request that is none",
        "2 × exchanges/bybit/src/message.rs: result.list[0].coin[1].walletBalance is empty",
    ]

    static func run() throws -> Outcome {
        var outcome = Outcome()
        let check = ConformanceCheck()
        for file in try Shared.files("data/bybit") {
            for message in try ConformanceMessage.all(in: file) {
                outcome.messages += 1
                check.take(message, &outcome)
            }
        }
        return outcome
    }
}

/// Decodes one message after another with one decoder.
final class ConformanceCheck {
    let decoder = MessageDecoder()
    let requests = RequestReader()
    let parser = JSONParser()
    var event = Event()

    func take(_ message: ConformanceMessage, _ outcome: inout ConformanceTests.Outcome) {
        switch message.shape {
        case .request:
            outcome.requests += 1
            let frame = try? message.bytes.withUnsafeBytes { try requests.frame($0) }
            // Orders over the trade socket are not the reader's.
            let operation = frame?.request.operation ?? ""
            if operation.isEmpty { outcome.find("a request that is none", in: message) }
        case .reply(let path):
            outcome.replies += 1
            guard let path else {
                outcome.unknown["page " + message.source, default: 0] += 1
                return
            }
            guard Endpoints.isSpoken(path) else {
                outcome.unknown["endpoint " + path, default: 0] += 1
                return
            }
            let body = String(decoding: message.bytes, as: UTF8.self)
            let payload = record(path, query: message.query, response: body)
            decode(StreamName("rest/main/GET\(path)"), payload)
            finish(message, expected: [.reply], &outcome)
        case .push(let stream):
            decode(StreamName(stream), message.bytes)
            if event.kind == .unknown {
                let topic = message.topic.split(separator: ".").first.map(String.init) ?? ""
                outcome.unknown["topic " + topic, default: 0] += 1
                return
            }
            finish(message, expected: nil, &outcome)
        case .answer:
            let stream =
                message.isTrade
                ? "trade/main" : message.isList ? "public/option/-" : "private/main/-"
            decode(StreamName(stream), message.bytes)
            // On the trade socket order entry is answered, with the meaning of a reply.
            let expected: [Event.Kind] = [.acknowledgement, .pong]
            finish(message, expected: expected + (message.isTrade ? [.reply] : []), &outcome)
        case .other(let what): outcome.unknown[what, default: 0] += 1
        }
    }

    private func decode(_ stream: StreamName, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
    }

    private func finish(
        _ message: ConformanceMessage,
        expected: [Event.Kind]?,
        _ outcome: inout ConformanceTests.Outcome
    ) {
        if let expected, !expected.contains(event.kind) {
            outcome.find("\(event.kind)", in: message)
        }
        for finding in event.findings { outcome.find("\(finding)", in: message) }
        guard event.kind != .malformed else { return }
        let original = ConformanceTexts.numbers(message.bytes, parser)
        // Some fields have another name in lists than in pushes; a zero may then be a default of the writer.
        let all = original.values.reduce(into: Set(["0"])) { $0.formUnion($1) }
        for written in ConformanceTexts.written(event) {
            let ours = ConformanceTexts.numbers(written, parser)
            for (key, texts) in ours where !texts.isEmpty {
                let theirs = original[key] ?? all
                outcome.compared += texts.count
                for text in texts where !theirs.contains(text) {
                    outcome.differences.append("\(message): \(key) \(text) was not written so")
                }
            }
        }
    }
}

import Bybit
import Foundation
import JSON
import Market
import SharedData
import Testing

/// Every message of ../shared/data: examples and recordings of other projects, in all their spellings.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct SharedMessagesTests {
    /// The JSON texts of one file: lines with a `message`, lines, a whole file, or lines after `>`, `<`, `=`.
    static func texts(_ file: URL) throws -> [[UInt8]] {
        let bytes = Array(try Data(contentsOf: file))
        let parser = JSONParser()
        if let whole = try? parser.read(bytes, { Array($0.raw) }) { return [whole] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let marks = [UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "=")]
            let text = Array(line.drop { marks.contains($0) || $0 == UInt8(ascii: " ") })
            return try? parser.read(text) { root in
                if let data = root["data"]?.string, root["t"] != nil { return Array(data.utf8) }
                return Array((root["message"] ?? root).raw)
            }
        }
    }

    static let sockets: [SocketName] =
        Market.Category.allCases.map { .publicData($0) } + [
            .privateData(account: "main"), .trade(account: "main"),
        ]

    private func isReply(_ text: [UInt8]) -> Bool {
        (try? JSONParser().read(text) { $0["retCode"] != nil }) ?? false
    }

    @Test func `every message decodes on every socket and as every reply`() throws {
        let decoder = MessageDecoder()
        var event = Event()
        var messages = 0
        for file in try Shared.files("data/bybit") {
            for text in try Self.texts(file) {
                messages += 1
                for socket in Self.sockets {
                    text.withUnsafeBytes { bytes in
                        let stream = StreamNaming.name(socket, frame: bytes)
                        decoder.decode(stream, bytes, into: &event)
                    }
                    #expect(event.kind != .none)
                }
                guard isReply(text) else { continue }
                for row in Endpoint.table {
                    let payload = record(
                        row.path,
                        method: row.method,
                        response: String(decoding: text, as: UTF8.self)
                    )
                    payload.withUnsafeBytes { bytes in
                        decoder.decode(
                            StreamNaming.rest(account: "main", method: row.method, path: row.path),
                            bytes,
                            into: &event
                        )
                    }
                    #expect(event.kind == .reply)
                }
            }
        }
        #expect(messages > 1_900)
    }

    @Test func `real private pushes decode without a finding`() throws {
        let decoder = MessageDecoder()
        var event = Event()
        var kinds: [Event.Kind: Int] = [:]
        let file = "data/bybit/private-order-stream/bybit_order_stream.jsonl"
        for text in try Shared.lines(file) {
            text.withUnsafeBytes { bytes in
                let stream = StreamNaming.name(.privateData(account: "main"), frame: bytes)
                decoder.decode(stream, bytes, into: &event)
            }
            #expect(event.findings.isEmpty, "\(event.findings)")
            kinds[event.kind, default: 0] += 1
        }
        #expect(kinds[.orders] == 26)
        #expect(kinds[.malformed] == nil && kinds[.unknown] == nil)
    }

    /// A reply in the documentation's examples, by page; or a fixture of another project, by file.
    struct Reply: Sendable, CustomTestStringConvertible {
        var source: String
        var endpoint: Endpoint
        var rows: Int
        /// What was asked: some replies do not repeat their category.
        var query = ""
        var testDescription: String { source }
    }

    @Test(arguments: [
        Reply(source: "docs/v5/market/instrument.mdx", endpoint: .instruments, rows: 4),
        Reply(source: "docs/v5/market/orderbook.mdx", endpoint: .orderBook, rows: 2),
        Reply(source: "docs/v5/order/execution.mdx", endpoint: .executions, rows: 1),
        Reply(source: "docs/v5/order/open-order.mdx", endpoint: .openOrders, rows: 1),
        Reply(source: "docs/v5/order/order-list.mdx", endpoint: .orderHistory, rows: 1),
        Reply(source: "docs/v5/position/position.mdx", endpoint: .positions, rows: 1),
        Reply(source: "docs/v5/account/wallet-balance.mdx", endpoint: .wallet, rows: 1),
        Reply(source: "docs/v5/account/transaction-log.mdx", endpoint: .transactionLog, rows: 2),
        Reply(
            source: "http_get_orders_history_with_duplicate.json",
            endpoint: .orderHistory,
            rows: 1
        ),
        Reply(source: "http_get_orders_realtime_tp_sl.json", endpoint: .openOrders, rows: 1),
        Reply(source: "http_get_positions_with_open_time.json", endpoint: .positions, rows: 1),
        Reply(source: "http_get_instruments_linear.json", endpoint: .instruments, rows: 1),
        Reply(
            source: "http_get_instruments_spot.json",
            endpoint: .instruments,
            rows: 2,
            query: "category=spot&limit=1000"
        ),
        Reply(source: "http_get_instruments_inverse.json", endpoint: .instruments, rows: 1),
        Reply(source: "http_get_instruments_option.json", endpoint: .instruments, rows: 1),
        Reply(source: "http_get_wallet_balance_spot_short.json", endpoint: .wallet, rows: 1),
        Reply(source: "http_get_orderbook.json", endpoint: .orderBook, rows: 2),
    ])
    func `a reply of its endpoint decodes whole`(reply: Reply) throws {
        var rows = 0
        for text in try Self.replies(reply.source) {
            let event = decode(
                "rest/main/\(reply.endpoint.method)\(reply.endpoint.path)",
                record(
                    reply.endpoint.path,
                    query: reply.query,
                    response: String(decoding: text, as: UTF8.self)
                )
            )
            #expect(event.findings.isEmpty, "\(event.findings)")
            #expect(event.kind == .reply && event.reply.code == 0)
            rows += event.orders.count + event.executions.count + event.positions.count
            rows += event.wallets.count + event.instruments.count + event.transactions.count
            rows += event.book.bids.count + event.book.asks.count
        }
        #expect(rows >= reply.rows)
    }

    static func replies(_ source: String) throws -> [[UInt8]] {
        guard source.hasPrefix("docs/") else {
            return [try Shared.bytes("data/bybit/fixtures-nautilus/" + source)]
        }
        let parser = JSONParser()
        return try Shared.lines("data/bybit/docs-examples/docs_v5_examples.jsonl").compactMap {
            line in
            try parser.read(line) { root in
                guard root["path"]?.string == source, let message = root["message"],
                    message["retCode"] != nil
                else { return nil }
                return Array(message.raw)
            }
        }
    }
}

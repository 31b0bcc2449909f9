import Bybit
import Foundation
import Market
import SharedData
import Testing

@testable import Trading

/// Private messages of real accounts (testnet): what the exchange itself made of them.
@Suite(.enabled(if: Shared.isPresent, "no ../shared: a clone alone has no third-party data"))
struct PrivateSequenceTests {
    /// The rows of one topic, and the message as text beside them.
    private func messages(
        _ file: String,
        _ topic: String
    ) throws -> [(event: Event, text: [String: Any])] {
        let decoder = MessageDecoder()
        let route = StreamRoute(StreamName("private/main/" + topic))
        var messages: [(event: Event, text: [String: Any])] = []
        for line in try Shared.lines("data/bybit/" + file) {
            guard
                let message = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
                let body = (message["message"] ?? message["data"]) as? [String: Any]
                    ?? Optional(message),
                let own = [message, body].first(where: { $0["topic"] as? String == topic })
            else { continue }
            let bytes = Array(try JSONSerialization.data(withJSONObject: own))
            var event = Event()
            bytes.withUnsafeBytes { decoder.decode(route, $0, into: &event) }
            messages.append((event, own))
        }
        return messages
    }

    private func text(_ message: [String: Any], _ row: Int, _ key: String) -> String? {
        let rows = message["data"] as? [[String: Any]]
        return rows.flatMap { $0.indices.contains(row) ? $0[row][key] as? String : nil }
    }

    @Test func `closed P&L of each closing order is the exchange's, to the digit`() throws {
        let pushes = try messages("private-order-stream/bybit_order_stream.jsonl", "order")
        var ledger = Ledger()
        var closings = 0
        var openFees = Amount.zero
        for (event, message) in pushes {
            for (place, row) in event.orders.enumerated() where row.status == .filled {
                let price = try #require(row.averagePrice)
                let booking = ledger.book(
                    ExecutionReport(
                        instrument: row.instrument,
                        executionID: "of " + row.orderID,
                        type: .trade,
                        orderID: row.orderID,
                        orderLinkID: "",
                        side: row.side,
                        price: price,
                        quantity: row.filledQuantity,
                        value: row.filledValue,
                        fee: row.filledFee,
                        timeMilliseconds: row.updatedMilliseconds
                    ),
                    strategy: Order.external,
                    terms: nil
                )
                #expect(booking.outcome == .booked)
                let value = try Amount.value(price, Amount(row.filledQuantity))
                #expect(try #require(value.distance(to: row.filledValue)) <= Ledger.rounding)
                let told = try Amount(text: try #require(text(message, place, "closedPnl")))
                guard !booking.realised.isZero else {
                    openFees = booking.fee
                    #expect(told.isZero)
                    continue
                }
                closings += 1
                let ours = try booking.realised.subtracting(booking.fee).subtracting(openFees)
                #expect(ours == told)
            }
        }
        #expect(closings == 5)
    }

    @Test func `an execution's fee is its value by its rate, as the exchange rounds it`() throws {
        let pushes = try messages("harvest/rbot_messages.jsonl", "execution")
        var ledger = Ledger()
        var seen = 0
        for row in pushes.flatMap(\.event.executions) {
            let booking = ledger.book(row, strategy: Order.external, terms: nil)
            #expect(booking.outcome == .booked)
            #expect(booking.discrepancies.isEmpty)
            #expect(booking.compared > 0)
            #expect(try #require(ledger.wallets["USDT"]).fees == row.fee)
            seen += 1
        }
        #expect(seen == 1)
    }

    @Test func `unrealised P&L at the mark is the exchange's`() throws {
        var seen = 0
        for row in try messages("harvest/moxt_messages.jsonl", "position").flatMap(
            \.event.positions
        )
        where !row.size.isZero {
            var ledger = Ledger()
            let terms = try #require(ContractTerms(name: row.instrument))
            try ledger.open(row, terms: terms)
            let position = try #require(ledger.accounts[row.instrument])[row.positionIndex]
            #expect(position.isOpening)
            #expect(Ledger.difference(position, row) == nil)
            let ours = try position.unrealised(at: try #require(row.markPrice))
            #expect(ours == row.unrealisedPnL)
            seen += 1
        }
        #expect(seen == 1)
    }
}

import Market
import Testing

@testable import Trading

/// The worked example of the reference's §9.1 in ledger and round trips: 0.040 bought at two prices, half of it sold.
@Suite struct WorkedExampleTripTests {
    private func desk(_ more: (String, Side, String, String, String)...) throws -> TripDesk {
        var desk = TripDesk()
        let fills = [
            ("1", Side.buy, "0.010", "90000", "0.0002"),
            ("2", Side.buy, "0.030", "90400", "0.00055"),
            ("3", Side.sell, "0.020", "91000", "0.00055"),
        ]
        for (id, side, quantity, price, rate) in fills + more {
            let booking = try desk.book(
                Row.fill(
                    id,
                    side: side,
                    quantity: quantity,
                    price: price,
                    rate: rate,
                    realised: side == .sell ? "14" : "0",
                    milliseconds: desk.moment.time.milliseconds
                ),
                strategy: "a"
            )
            #expect(booking.discrepancies.isEmpty)
            try desk.check(id)
        }
        return desk
    }

    private let key = TripKey(strategy: "a", instrument: Bench.btc)

    @Test func `half of it sold has the closed P&L that the exchange tells`() throws {
        let desk = try desk()
        let position = desk.ledger.position(Bench.btc)
        #expect(position.realised.description == "14")
        #expect(position.entryPrice?.description == "90300")
        #expect(position.fees.description == "2.6726")
        #expect(try position.unrealised(at: Numeral(text: "91000")).description == "14")

        let trip = try #require(desk.all(.flat, key).first)
        #expect(trip.state == .open)
        #expect(trip.realised.description == "14")
        #expect(trip.entryFees.description == "1.6716" && trip.exitFees.description == "1.001")
        // Closed P&L is what closing earned less its fee and its share of the opening's.
        let share = try trip.entryFees.scaled(
            by: trip.exitQuantity.units,
            over: trip.entryQuantity.units,
            rounding: .halfEven
        )
        #expect(share.description == "0.8358")
        let closed = try trip.realised.subtracting(share).subtracting(trip.exitFees)
        #expect(closed.description == "12.1632")

        // By lots: all of the first fill and a third of the second.
        let pieces = desk.all(.fifo, key).filter { $0.state == .closed }
        #expect(pieces.map(\.realised.description) == ["10", "6"])
        #expect(pieces.map(\.entryFees.description) == ["0.18", "0.4972"])
        #expect(pieces.map(\.exitFees.description) == ["0.5005", "0.5005"])
    }

    @Test func `all of it sold has it twice, by either method`() throws {
        let desk = try desk(("4", .sell, "0.020", "91000", "0.00055"))
        for method in TripMethod.allCases {
            let trips = desk.all(method, key)
            #expect(trips.allSatisfy { $0.state == .closed })
            var net = Amount.zero
            for trip in trips { net = try net.adding(trip.net()) }
            #expect(net.description == "24.3264", "\(method)")
            #expect(try RoundTripStatistics(trips).net == net)
        }
        let pieces = desk.all(.fifo, key)
        #expect(try pieces.map { try $0.net().description } == ["9.3195", "10.0046", "5.0023"])
    }
}

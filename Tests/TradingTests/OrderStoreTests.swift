import Market
import Testing

@testable import Trading

@Suite struct OrderStoreTests {
    /// Sums from the orders themselves, as the store must have kept them.
    private func expectTrue(_ store: OrderStore) throws {
        #expect(store.openCount == store.orders.count { !$0.isClosed })
        #expect(store.active == store.orders.filter { $0.isActive }.map(\.serial))
        for instrument in [Bench.btc, Bench.eth] {
            for side in [Side.buy, .sell] {
                var sum = Amount.zero
                for order in store.orders where order.side == side {
                    guard order.instrument == instrument else { continue }
                    sum = try sum.adding(order.exposure)
                }
                #expect(try store.exposure(instrument, side) == sum)
            }
        }
        let bytes = try CanonicalEncoder().checkpoint(store)
        let again = try CanonicalDecoder().decode(OrderStore.self, from: bytes)
        #expect(try CanonicalEncoder().hash(again) == CanonicalEncoder().hash(store))
        #expect(again.openCount == store.openCount)
        #expect(again.active == store.active)
        for side in [Side.buy, .sell] {
            #expect(try again.exposure(Bench.btc, side) == store.exposure(Bench.btc, side))
        }
    }

    private func add(_ linkID: String, to store: inout OrderStore) throws -> Int {
        store.add(
            Order(
                row: try Row.order(linkID, "New"),
                strategy: "p",
                cause: SequenceNumber(1),
                time: .zero
            )
        )
    }

    @Test func `sums and hash are those of the orders through a long life`() throws {
        var store = OrderStore()
        var random: UInt64 = 7
        for number in 0..<3_000 {
            let linkID = "o\(number)"
            let place = try add(linkID, to: &store)
            store.update(place) {
                if number % 3 == 0 { $0.side = .sell }
            }
            random = Mix.combine(random, UInt64(number))
            let other = Int(random % UInt64(store.orders.count))
            switch random >> 60 {
            case 0...9:
                let close = try Row.order(store.orders[other].orderLinkID, "Cancelled", at: 2_000)
                store.update(other) { _ = $0.merge(close) }
            case 10, 11:
                store.update(other) {
                    $0.pendingAmend = Order.PendingAmend(
                        quantity: Numeral(mantissa: 5, decimals: 2),
                        price: nil,
                        asked: .none
                    )
                }
            case 12:
                // Told as filled, not yet reported: closed and still an exposure.
                store.update(other) {
                    $0.filled = Amount(units: $0.executed.units + 1_000_000)
                    $0.close(.filled, reason: "")
                }
            case 13: store.refreshHashes()
            default: break
            }
            if number % 500 == 499 { try expectTrue(store) }
        }
        #expect(store.orders.count < 3_000, "closed orders were forgotten")
    }

    @Test func `a change of a closed order changes the hash, and back`() throws {
        var store = OrderStore()
        let place = try add("o1", to: &store)
        let close = try Row.order("o1", "Cancelled", at: 2_000)
        store.update(place) { _ = $0.merge(close) }
        let before = try CanonicalEncoder().hash(store)
        store.refreshHashes()
        #expect(try CanonicalEncoder().hash(store) == before)
        store.update(place) { $0.reason = "late" }
        #expect(try CanonicalEncoder().hash(store) != before)
        store.update(place) { $0.reason = "" }
        #expect(try CanonicalEncoder().hash(store) == before)
    }

    @Test func `a sum past the range is an error until it is back in it`() throws {
        let huge = Amount(units: .max)
        var sum = WideSum()
        #expect(sum.isZero)
        for _ in 0..<5 { sum.add(huge) }
        #expect(throws: NumberError.overflow) { try sum.amount() }
        for _ in 0..<4 { sum.subtract(huge) }
        #expect(try sum.amount() == huge)
        sum.subtract(huge)
        sum.subtract(huge)
        #expect(try sum.amount() == huge.negated)
        sum.subtract(huge)
        #expect(throws: NumberError.overflow) { try sum.amount() }
        sum.add(huge)
        sum.add(huge)
        #expect(sum.isZero)
    }
}

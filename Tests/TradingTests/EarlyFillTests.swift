import Market
import Testing

@testable import Trading

/// Fills that come before their order: remembered by the order's id, a few hundred of them.
@Suite struct EarlyFillTests {
    private func amount(_ units: Int) -> Amount { Amount(units: Int128(units)) }

    @Test func `what was filled before an order's first row is its own, and is taken once`() throws
    {
        var store = OrderStore()
        for number in 0..<200 { store.addEarly(amount(number + 1), of: "order-\(number)") }
        store.addEarly(amount(1_000), of: "order-7")
        store.addEarly(amount(5), of: "")
        #expect(store.takeEarly("order-7") == amount(1_008))
        #expect(store.takeEarly("order-7") == .zero)
        #expect(store.takeEarly("other") == .zero)
        #expect(store.takeEarly("") == .zero)
        // Also as it is read back.
        let bytes = try CanonicalEncoder().checkpoint(store)
        var again = try CanonicalDecoder().decode(OrderStore.self, from: bytes)
        for number in 0..<200 where number != 7 {
            #expect(store.takeEarly("order-\(number)") == amount(number + 1))
            #expect(again.takeEarly("order-\(number)") == amount(number + 1))
        }
    }

    @Test func `of more orders than are remembered the oldest are forgotten`() {
        var store = OrderStore()
        for number in 0..<300 { store.addEarly(amount(number + 1), of: "order-\(number)") }
        #expect(store.takeEarly("order-43") == .zero)
        #expect(store.takeEarly("order-44") == amount(45))
        #expect(store.takeEarly("order-299") == amount(300))
    }
}

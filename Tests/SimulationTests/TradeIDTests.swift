import Market
import Simulation
import Testing

@Suite struct TradeIDTests {
    private func ids(_ id: InstrumentID) throws -> [String] {
        var floor = try Floor(Listing.standard())
        floor.advance(60 * second)
        return floor.exchange.recentTrades(id, limit: 1_000).reversed().map(\.id)
    }

    @Test func `ids of a contract's trades are UUIDs of version 5 that look drawn`() throws {
        let ids = try ids(btc)
        try #require(ids.count > 300)
        #expect(Set(ids).count == ids.count)
        var digits = Array(repeating: Set<Character>(), count: 36)
        for id in ids {
            let characters = Array(id)
            try #require(characters.count == 36)
            for (place, character) in characters.enumerated() { digits[place].insert(character) }
        }
        for (place, found) in digits.enumerated() {
            switch place {
            case 8, 13, 18, 23: #expect(found == ["-"])
            case 14: #expect(found == ["5"])
            case 19: #expect(found == ["8", "9", "a", "b"])
            default: #expect(found.count == 16, "place \(place)")
            }
        }
    }

    @Test func `ids of a pair's trades are numbers that rise by one`() throws {
        let numbers = try ids(InstrumentID(.spot, btc.symbol)).map { try #require(Int64($0)) }
        try #require(numbers.count > 30)
        #expect(numbers.allSatisfy { "\($0)".count == 19 })
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 + 1 == $1 })
    }
}

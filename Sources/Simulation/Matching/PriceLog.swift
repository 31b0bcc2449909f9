/// The prices at which one side of a book has changed, the latest of them.
///
/// Whoever knows the side as it was can bring it up to date from the few prices that came since, and need not walk it.
struct PriceLog: Sendable {
    /// So many of the latest are kept; a power of two.
    static let capacity = 64

    private var prices: [Int64] = Array(repeating: 0, count: PriceLog.capacity)
    /// Changes since the book began, those that are not kept any more included.
    private(set) var count = 0

    mutating func note(_ price: Int64) {
        prices[count & (PriceLog.capacity - 1)] = price
        count += 1
    }

    /// Calls `body` with the prices noted since the count was `seen`, sorted by `sign × price` and each once; `nil` when
    /// some of them are not kept any more.
    ///
    /// - Parameter sign: −1 for bids, 1 for asks, so that better prices come first; the keys have this sign too.
    func withKeys<Result>(
        since seen: Int,
        sign: Int64,
        _ body: (UnsafeBufferPointer<Int64>) -> Result
    ) -> Result? {
        let fresh = count - seen
        guard (0...PriceLog.capacity).contains(fresh) else { return nil }
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: PriceLog.capacity) { keys in
            var found = 0
            prices.withUnsafeBufferPointer { prices in
                for number in seen..<count {
                    let key = prices[number & (PriceLog.capacity - 1)] * sign
                    var place = found
                    while place > 0, keys[place - 1] > key { place -= 1 }
                    guard place == 0 || keys[place - 1] != key else { continue }
                    var last = found
                    while last > place {
                        keys[last] = keys[last - 1]
                        last -= 1
                    }
                    keys[place] = key
                    found += 1
                }
            }
            return body(UnsafeBufferPointer(rebasing: keys[0..<found]))
        }
    }
}

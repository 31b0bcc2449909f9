/// Where the last look-ups for each account of a ledger ended, so that the next ones begin there; not part of any state.
///
/// A place may be out of date, as after an insertion before it: who asks looks whether it is the right one.
struct RecentPlaces: Sendable {
    /// So many are remembered of each account.
    private let ways: Int
    /// Of each account in turn, the newest first.
    private var places: [Int] = []

    init(ways: Int) { self.ways = ways }

    /// The first of an account's places that is the right one.
    @inline(__always)
    func place(of account: Int, _ isIt: (Int) -> Bool) -> Int? {
        let first = ways * account
        guard first + ways <= places.count else { return nil }
        for way in first..<first + ways where isIt(places[way]) { return places[way] }
        return nil
    }

    /// - Parameter accounts: how many there are; with another one all is forgotten, since accounts have moved.
    mutating func add(_ place: Int, of account: Int, accounts: Int) {
        if places.count != ways * accounts {
            places = [Int](repeating: 0, count: ways * accounts)
        }
        let first = ways * account
        for way in (first + 1..<first + ways).reversed() { places[way] = places[way - 1] }
        places[first] = place
    }
}

public import Market

extension Engine {
    /// Instruments whose book can be believed, counted, and those whose book cannot, sorted.
    ///
    /// Of several depths the deepest counts. For whoever watches a session: it walks every instrument.
    public var bookHealth: (valid: Int, invalid: [InstrumentID]) {
        var valid = 0
        var invalid: [InstrumentID] = []
        for place in desk.markets.states.keys.indices {
            guard let feed = desk.markets.states.values[place].shownFeed else { continue }
            if desk.markets.states.values[place].feeds[feed].freshness == .live {
                valid += 1
            } else {
                invalid.append(desk.markets.states.keys[place])
            }
        }
        return (valid, invalid)
    }
}

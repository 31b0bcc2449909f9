/// A contract of the exchange's list: what it counts in, and what the list says of it besides.
public struct ListedInstrument: Hashable, Sendable {
    public var instrument: Instrument
    /// Leverage, bounds of funding, price limits, launch: what nothing is counted by.
    public var facts: InstrumentFacts

    public var id: InstrumentID { instrument.id }

    /// The contracts of a list's answer; their facts are among its details, in the same order.
    static func all(of event: Event) -> [ListedInstrument] {
        let facts: [InstrumentFacts] = event.details.compactMap {
            if case .instrumentFacts(let row) = $0 { row } else { nil }
        }
        return zip(event.instruments, facts).map { ListedInstrument(instrument: $0, facts: $1) }
    }
}

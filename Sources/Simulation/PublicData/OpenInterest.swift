import Market

/// Contracts that are open, both sides counted, as a listing's ticker tells.
///
/// The background's positions are not kept one by one: of ten fills three open on both sides and three close.
struct OpenInterest: Sendable {
    /// In quantity units; even.
    private(set) var units: Int64
    private let step: Int64

    /// - Parameter listing: of which forty times the largest order is open at the start.
    init(_ listing: Listing) {
        let instrument = listing.instrument
        step = instrument.quantityStep.units
        let most = instrument.quantityMax?.units ?? 1_000 * step
        units = most.multipliedReportingOverflow(by: 40).partialValue
        if units < 0 || most > Int64.max / 80 { units = most / 2 * 2 }
    }

    mutating func trade(_ quantity: Int64, number: Int64) {
        switch Mix.spread(UInt64(bitPattern: number)) % 10 {
        case 0..<3: if units < Int64.max / 4 { units += 2 * quantity }
        case 3..<6: units = max(0, units - 2 * quantity)
        default: break
        }
    }
}

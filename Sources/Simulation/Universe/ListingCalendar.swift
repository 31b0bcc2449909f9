public import Market

/// Who lists new instruments as time passes: daily options, the next weekly future.
///
/// Times must not depend on how often the exchange is asked, as with a ``MarketSource``.
public protocol ListingCalendar: Sendable {
    /// When it next looks; `nil` when it never will again.
    var next: Timestamp? { get }
    /// What is listed from `next` on, legs before their combinations; moves `next` on.
    ///
    /// - Parameters:
    ///   - index: index price of an instrument that is listed, in its own scale.
    ///   - isListed: true for what is listed or was.
    mutating func list(
        index: (InstrumentID) -> Price?,
        isListed: (InstrumentID) -> Bool
    ) -> [Listing]
}

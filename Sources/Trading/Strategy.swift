public import Market

/// An idea of when to trade: state, and what it does at each occasion.
///
/// A strategy is a value and its own state. It is synchronous and pure: all it may know comes through ``Desk``
/// and its arguments, and all it may do goes out through ``Desk``, so that the same recording leads it to the same
/// commands. No clock (use ``Desk/time``), no randomness, no file, no iteration over a `Dictionary` or `Set`.
///
/// Only the methods that are of interest need to be written; each does nothing by default.
///
///     struct Quiet: Strategy {
///         static let kind = "quiet"
///         init(parameters: NoParameters) {}
///         mutating func started(_ desk: inout Desk) { desk.note("here") }
///     }
public protocol Strategy: Codable, Sendable {
    associatedtype Parameters: StrategyParameters

    /// The name by which a session file asks for it: `maker`.
    static var kind: String { get }
    /// Counts up when the meaning or order of the stored fields changes; 1 by default.
    static var encodingVersion: Int { get }

    init(parameters: Parameters)

    /// The session has begun, or has begun another run.
    mutating func started(_ desk: inout Desk)
    /// The book of an instrument changed, became whole, or became stale (``Desk/book(_:)`` is then `nil`).
    mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk)
    /// Public trades came.
    ///
    /// Those that were missed while a connection was down are in the recording, as far as the exchange's list of recent
    /// trades reaches, and a finding says whether it has them all; they are not told here, where they would seem new.
    mutating func tradesSeen(
        _ trades: [PublicTrade],
        of instrument: InstrumentID,
        _ desk: inout Desk
    )
    mutating func tickerChanged(_ instrument: InstrumentID, _ desk: inout Desk)
    mutating func candlesSeen(
        _ candles: [Candle],
        of instrument: InstrumentID,
        _ desk: inout Desk
    )
    /// One of this strategy's orders changed: accepted, open, amended, refused, unknown, closed.
    mutating func orderChanged(_ order: Order, _ desk: inout Desk)
    /// One of this strategy's orders traded; each execution once, in whatever order the topics came.
    mutating func filled(_ fill: Fill, _ desk: inout Desk)
    /// A timer of this strategy is due; one that was set anew or cancelled meanwhile is not told.
    mutating func timerFired(_ name: String, _ desk: inout Desk)
    /// A socket connected, was lost, or is complete again.
    mutating func linkChanged(_ link: LinkEvent, _ desk: inout Desk)
    /// New orders are halted now, or are allowed again: see ``Desk/isHalted``.
    mutating func haltChanged(_ desk: inout Desk)
    /// The session ends: nothing is told after this, and the desk cancels what is open.
    mutating func stopping(_ desk: inout Desk)
}

extension Strategy {
    public static var encodingVersion: Int { 1 }

    public mutating func started(_ desk: inout Desk) {}
    public mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {}
    public mutating func tradesSeen(
        _ trades: [PublicTrade],
        of instrument: InstrumentID,
        _ desk: inout Desk
    ) {}
    public mutating func tickerChanged(_ instrument: InstrumentID, _ desk: inout Desk) {}
    public mutating func candlesSeen(
        _ candles: [Candle],
        of instrument: InstrumentID,
        _ desk: inout Desk
    ) {}
    public mutating func orderChanged(_ order: Order, _ desk: inout Desk) {}
    public mutating func filled(_ fill: Fill, _ desk: inout Desk) {}
    public mutating func timerFired(_ name: String, _ desk: inout Desk) {}
    public mutating func linkChanged(_ link: LinkEvent, _ desk: inout Desk) {}
    public mutating func haltChanged(_ desk: inout Desk) {}
    public mutating func stopping(_ desk: inout Desk) {}
}

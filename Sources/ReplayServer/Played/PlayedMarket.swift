public import Market
public import Simulation

/// A recorded market that moves an exchange: what ``ExchangeServer`` plays to its clients in the place of a synthetic one.
///
/// All times are the recording's. Calls come from one event loop.
public protocol PlayedMarket: AnyObject {
    /// Of the recording's first and last record.
    var first: Timestamp { get }
    var last: Timestamp { get }
    /// The record that was pushed last.
    var position: SequenceNumber { get }
    /// Nothing comes any more.
    var isOver: Bool { get }
    /// True for topics that the recording has.
    func has(_ category: Category, _ topic: String) -> Bool
    /// When the next message is pushed; `nil` at the end.
    func nextPush() -> Timestamp?
    /// Goes on to the next message, or to `limit` where none comes before it, and brings the exchange to each moment on
    /// the way.
    ///
    /// - Parameter shift: what the exchange's clock is ahead of the recording's, nanoseconds.
    func next(
        to limit: Timestamp,
        shift: Int64,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) -> PlayedPush?
    /// The state that the topic's next message goes on from, whole; `nil` where there is none.
    func state(of category: Category, _ topic: String) -> [UInt8]?
}

/// A message of a public topic.
public struct PlayedPush: Sendable {
    public var category: Category
    public var topic: String
    public var bytes: [UInt8]

    public init(category: Category, topic: String, bytes: [UInt8]) {
        self.category = category
        self.topic = topic
        self.bytes = bytes
    }
}

/// How far a recorded market has been played.
public struct PlayedProgress: Sendable {
    /// Somebody has asked for it.
    public var isBegun = false
    public var position = SequenceNumber.none
    public var isOver = false

    public init() {}
}

public import Bybit

extension RateLimiter {
    /// What shares one quota with this request, as a word: its path, for spot apart from all else.
    public static func group(of request: RESTRequest) -> String { key(request) }

    /// A batch that a share of the quota never has room for.
    public struct Excess: Hashable, Sendable {
        /// Orders of the batch, which the exchange counts one by one.
        public var orders: Int
        /// How many of them the share has in a second.
        public var most: Int

        public init(orders: Int, most: Int) {
            self.orders = orders
            self.most = most
        }

        /// Why it does not leave.
        var words: String {
            "a batch of \(orders) orders: the share of the quota has \(most) in a second. Send at most"
                + " \(most) at once, or use a larger share"
        }
    }

    /// Why no connection is begun before that moment.
    static func connectionWords(until: Int64, now: Int64) -> String {
        "the exchange takes no more connections within five minutes: this one is begun in"
            + " \(max(0, until - now) / second) s"
    }

    /// Why nothing leaves before that moment.
    public static func quietWords(until: Int64, now: Int64) -> String {
        "the exchange answered 403: nothing is sent for \(max(0, until - now) / second) s more"
    }
}

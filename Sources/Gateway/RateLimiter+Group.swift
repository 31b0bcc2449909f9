public import Bybit

extension RateLimiter {
    /// What shares one quota with this request, as a word: its path, for spot apart from all else.
    public static func group(of request: RESTRequest) -> String { key(request) }

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

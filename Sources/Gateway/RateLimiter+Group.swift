public import Bybit

extension RateLimiter {
    /// What shares one quota with this request, as a word: its path, for spot apart from all else.
    public static func group(of request: RESTRequest) -> String { key(request) }
}

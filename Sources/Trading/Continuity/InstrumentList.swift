import Market

/// A list of instruments that is coming in, page by page.
///
/// What it lacks, once all its pages have come, is not there any more.
struct InstrumentList: Hashable, Sendable, Codable {
    /// The query without its cursor: what is listed.
    var query: String
    /// The cursor of the page that is next.
    var cursor = ""
    var symbols: [Symbol] = []
    /// A row could not be read: what is missing may be there all the same.
    var isDamaged = false

    /// The parameters of a list of everything that can be traded in a category, or with one base coin.
    private static let parameters = ["category", "limit", "cursor", "baseCoin"]

    /// `nil` for the answer to a narrower question.
    static func query(of reply: Reply) -> String? {
        var kept: [Substring] = []
        for pair in reply.query.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            guard parameters.contains(String(name)) else { return nil }
            if name != "cursor", name != "limit" { kept.append(pair) }
        }
        return kept.joined(separator: "&")
    }
}

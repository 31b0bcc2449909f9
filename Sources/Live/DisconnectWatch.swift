import Market

/// Whether the exchange cancels what is open once this process is gone, as far as it says so.
///
/// That a topic is subscribed says little: the exchange confirms it for accounts for which nothing fires too.
///
/// - Source: bybit-v5 §2.5: "available to institutional clients only and must be enabled by Bybit".
struct DisconnectWatch {
    static let question = "/v5/account/query-dcp-info"

    /// What begins, or is over, when a session is looked at.
    enum News: Hashable {
        case began(String)
        case ended
    }

    /// Of each product, as the exchange told last; `nil` before it did.
    private var products: [DisconnectProtection]?
    /// Topics that the exchange did not take when they were asked for last, in their order.
    private var refused: [String] = []
    private(set) var problem: String?

    /// The exchange's answer, with a row for each product.
    mutating func told(_ rows: [DisconnectProtection]) { products = rows }

    /// The private socket as it is now.
    ///
    /// - Parameters:
    ///   - wanted: topics of the protection that the session asks for; none where it does not.
    ///   - confirmed: topics that the exchange has confirmed on this connection.
    ///   - rejected: those that it has rejected.
    mutating func look(wanted: [String], confirmed: [String], rejected: [String]) -> News? {
        // Between two connections it is neither: what was said last counts.
        refused = wanted.filter {
            rejected.contains($0) || refused.contains($0) && !confirmed.contains($0)
        }
        let before = problem
        let words = vain(wanted)
        problem =
            words.isEmpty
            ? nil
            : "nothing is cancelled when this process is gone, though dcp is to be armed: "
                + words.joined(separator: ", ")
        guard problem != before else { return nil }
        return problem.map { News.began($0) } ?? News.ended
    }

    /// A product of these topics is not on: whoever has just enabled it is to see so.
    func isOff(_ wanted: [String]) -> Bool { wanted.contains { isOn($0) == false } }

    /// Topics that are confirmed for nothing or were refused, each with why.
    func vain(_ wanted: [String]) -> [String] {
        wanted.compactMap { topic in
            if refused.contains(topic) { return "\(topic) (refused by the exchange)" }
            return isOn(topic) == false ? "\(topic) (not enabled at the exchange)" : nil
        }
    }

    /// Topics that are confirmed and, as far as is known, not for nothing.
    func armed(_ confirmed: [String]) -> [String] { confirmed.filter { isOn($0) != false } }

    /// Armed topics for people, each with its window.
    func words(_ armed: [String]) -> [String] {
        armed.map { topic in
            guard products != nil else { return "\(topic) (not known yet whether it is enabled)" }
            let window = row(topic)?.timeWindow ?? ""
            return window.isEmpty ? topic : "\(topic) (\(window) s)"
        }
    }

    /// `nil` before the exchange has told.
    private func isOn(_ topic: String) -> Bool? {
        products == nil ? nil : row(topic)?.status == "ON"
    }

    private func row(_ topic: String) -> DisconnectProtection? {
        let product: String
        switch topic {
        case "dcp.future": product = "DERIVATIVES"
        case "dcp.spot": product = "SPOT"
        case "dcp.option": product = "OPTIONS"
        default: return nil
        }
        return products?.first { $0.product == product }
    }
}

import Market
import Simulation

/// A private topic as a client names it: `order`, or `order.linear` for one category.
struct PrivateTopic: Hashable {
    enum Kind: String {
        case order
        case execution
        case fastExecution = "execution.fast"
        case position
        case wallet
        case greeks
        /// Orders that the exchange works off by itself, of which there are none here: nothing is pushed.
        case strategy
        case spreadOrder = "spread.order"
        case spreadExecution = "spread.execution"
        /// Arms cancel-on-disconnect; nothing is pushed on it.
        case disconnection = "dcp"

        /// Categories that a topic of its own exists for.
        var categories: [Category] {
            switch self {
            case .order, .execution, .fastExecution: [.spot, .linear, .inverse, .option]
            case .position: [.linear, .inverse, .option]
            case .wallet, .greeks, .strategy, .spreadOrder, .spreadExecution, .disconnection: []
            }
        }
    }

    var kind: Kind
    /// `nil` for all categories.
    var category: Category?
    /// What a `dcp` topic arms.
    var product: ProtectedProduct?

    init?(_ text: String) {
        if let kind = Kind(rawValue: text), kind != .disconnection {
            self.kind = kind
            return
        }
        guard let dot = text.lastIndex(of: ".") else { return nil }
        let rest = text[text.index(after: dot)...]
        guard let kind = Kind(rawValue: String(text[..<dot])) else { return nil }
        self.kind = kind
        if kind == .disconnection {
            switch rest {
            case "future": product = .derivatives
            case "spot": product = .spot
            case "option": product = .options
            default: return nil
            }
            return
        }
        guard let category = Category(name: rest), kind.categories.contains(category) else {
            return nil
        }
        self.category = category
    }

    func takes(_ kind: Kind, _ category: Category?) -> Bool {
        self.kind == kind && (self.category == nil || self.category == category)
    }
}

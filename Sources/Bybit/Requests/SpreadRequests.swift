public import Market

/// Orders on combinations, whose endpoints name no category.
///
/// - Source: bybit-v5 §7.2.
extension RESTRequest {
    /// The request that carries out a command on a combination; `nil` for those that are none.
    public init?(combination action: Command.Action) {
        let body: [UInt8]
        let name: String
        switch action {
        case .place(var order):
            name = "create"
            body = WireWriter.object { order.codeTerms(&$0) }
        case .amend(var change):
            name = "amend"
            body = WireWriter.object { change.codeTerms(&$0) }
        case .cancel(var cancel):
            name = "cancel"
            body = WireWriter.object { cancel.codeTerms(&$0) }
        case .lookUp, .resubscribe, .setTimer: return nil
        }
        self.init(endpoint: .other("/v5/spread/order/" + name), body: body)
    }

    /// `spread/order/cancel-all` of one combination, or of all of them (`nil`).
    public init(cancellingCombinations symbol: Symbol?) {
        let body = WireWriter.object { out in
            if let symbol { out.text("symbol", symbol) } else { out.flag("cancelAll", true) }
        }
        self.init(endpoint: .other("/v5/spread/order/cancel-all"), body: body)
    }
}

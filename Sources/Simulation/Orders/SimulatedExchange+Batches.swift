public import Market

/// Several requests in one, carried out in their order; each has an answer of its own.
extension SimulatedExchange {
    /// Requests in one batch: 20, on spot 10.
    public static func batchMax(_ category: Category) -> Int { category == .spot ? 10 : 20 }

    public mutating func placeBatch(
        _ requests: [(request: OrderRequest, options: OrderOptions)],
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> [OrderReply] {
        requests.map { place($0.request, $0.options, for: account, into: &output) }
    }

    public mutating func amendBatch(
        _ requests: [(request: AmendRequest, options: AmendOptions)],
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> [OrderReply] {
        requests.map { amend($0.request, $0.options, for: account, into: &output) }
    }

    public mutating func cancelBatch(
        _ requests: [CancelRequest],
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> [OrderReply] {
        requests.map { cancel($0, for: account, into: &output) }
    }
}

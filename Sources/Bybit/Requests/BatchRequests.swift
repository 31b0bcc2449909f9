public import Market

/// Requests that carry several orders of one category.
///
/// - Source: bybit-v5 §6.5.
extension RESTRequest {
    /// `nil` without an order, and for orders of more than one category.
    public init?(placing orders: [OrderRequest]) {
        self.init("/v5/order/create-batch", orders.map(\.instrument.category)) { out in
            for var order in orders {
                out.beginObject()
                order.codeTerms(&out)
                out.endObject()
            }
        }
    }

    /// `nil` without an order, and for orders of more than one category.
    public init?(amending changes: [AmendRequest]) {
        self.init("/v5/order/amend-batch", changes.map(\.instrument.category)) { out in
            for var change in changes {
                out.beginObject()
                change.codeTerms(&out)
                out.endObject()
            }
        }
    }

    /// `nil` without an order, and for orders of more than one category.
    public init?(cancelling cancels: [CancelRequest]) {
        self.init("/v5/order/cancel-batch", cancels.map(\.instrument.category)) { out in
            for var cancel in cancels {
                out.beginObject()
                cancel.codeTerms(&out)
                out.endObject()
            }
        }
    }

    private init?(
        _ path: String,
        _ categories: [Category],
        _ items: (inout WireWriter) -> Void
    ) {
        guard let category = categories.first, categories.allSatisfy({ $0 == category }) else {
            return nil
        }
        let body = WireWriter.object { out in
            out.text("category", category.name)
            out.beginArray("request")
            items(&out)
            out.endArray()
        }
        self.init(endpoint: .other(path), body: body)
    }
}

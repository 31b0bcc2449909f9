import Market

/// Orders that a transaction has news of, each written once, as it was told last: most have several words within one.
///
/// A closed order never opens again, and older news does not replace newer.
struct WaitingOrders {
    /// More of them make a transaction too long, since they are written at its end.
    static let countMax = 2_048

    /// By which a further word is judged.
    struct Standing {
        var updatedMilliseconds: Int64
        var isClosed: Bool

        init(updatedMilliseconds: Int64, isClosed: Bool) {
            self.updatedMilliseconds = updatedMilliseconds
            self.isClosed = isClosed
        }

        init(_ order: OrderUpdate) {
            self.init(
                updatedMilliseconds: order.updatedMilliseconds,
                isClosed: order.status.isClosed
            )
        }

        func isReplaced(by next: Standing) -> Bool {
            next.updatedMilliseconds >= updatedMilliseconds && (!isClosed || next.isClosed)
        }
    }

    /// What is to be written of an order.
    struct News {
        var order: OrderUpdate
        var strategy: String
        /// How many words it is made of.
        var updates: Int64 = 1
        var first: SequenceNumber
        var sequence: SequenceNumber
        var time: Timestamp

        init(_ order: OrderUpdate, _ strategy: String, _ place: Provenance) {
            self.order = order
            self.strategy = strategy
            first = place.sequence
            sequence = place.sequence
            time = place.time
        }

        /// Takes over what the row's update sets; what an order is placed with stays as it was told first.
        mutating func take(_ next: OrderUpdate, _ strategy: String, _ place: Provenance) {
            order.status = next.status
            order.price = next.price
            order.quantity = next.quantity
            order.averagePrice = next.averagePrice
            order.leavesQuantity = next.leavesQuantity
            order.filledQuantity = next.filledQuantity
            order.filledValue = next.filledValue
            order.filledFee = next.filledFee
            order.rejectReason = next.rejectReason
            order.cancelType = next.cancelType
            order.reduceOnly = next.reduceOnly
            order.updatedMilliseconds = next.updatedMilliseconds
            self.strategy = strategy
            updates += 1
            sequence = place.sequence
            time = place.time
        }
    }

    private struct Key: Hashable {
        var account: ExactText
        var orderID: ExactText
    }

    private struct Order {
        var account: String
        /// With the news; `nil`: nobody has told of it.
        var standing: Standing?
        var news: News?
    }

    private var places: [Key: Int] = [:]
    private var orders: [Order] = []

    var count: Int { orders.count }
    var isFull: Bool { count >= WaitingOrders.countMax }

    /// - Returns: false where it is no news.
    mutating func take(
        _ order: OrderUpdate,
        _ strategy: String,
        _ place: Provenance,
        _ statements: RowStatements
    ) throws -> Bool {
        let index = try index(order.orderID, account: place.account, statements)
        let standing = Standing(order)
        if let before = orders[index].standing, !before.isReplaced(by: standing) { return false }
        orders[index].standing = standing
        if orders[index].news == nil {
            orders[index].news = News(order, strategy, place)
        } else {
            orders[index].news?.take(order, strategy, place)
        }
        return true
    }

    private mutating func index(
        _ orderID: String,
        account: String,
        _ statements: RowStatements
    ) throws -> Int {
        let key = Key(account: ExactText(account), orderID: ExactText(orderID))
        if let known = places[key] { return known }
        let standing = try statements.standing(orderID, account: account)
        places[key] = orders.count
        orders.append(Order(account: account, standing: standing))
        return orders.count - 1
    }

    mutating func write(_ statements: RowStatements) throws {
        for order in orders {
            guard let news = order.news else { continue }
            try statements.write(news, account: order.account)
        }
        orders.removeAll()
        places.removeAll()
    }
}

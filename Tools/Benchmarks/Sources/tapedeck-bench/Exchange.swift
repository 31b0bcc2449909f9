import Bybit
import Market

/// What is needed of an exchange so that a strategy has orders to keep: all are accepted, none is ever filled.
struct Exchange {
    private var orders: [OrderUpdate] = []
    private var pushes = 0
    private let instruments: [Instrument]

    init(instruments: [Instrument]) { self.instruments = instruments }

    /// A record of one REST exchange: the line of JSON, then request and response as they were.
    ///
    /// - Parameter after: the last record before it was sent; the desk takes no word on the account that was asked for before
    ///   its reconciliation began.
    static func record(
        after: SequenceNumber = .none,
        method: String,
        path: String,
        query: String = "",
        request: [UInt8] = [],
        response: UnsafeRawBufferPointer,
        at time: Timestamp
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("method", method)
            $0.field("path", path)
            $0.field("query", query)
            $0.field("status", 200)
            $0.field("outcome", "answered")
            $0.field("sent", String(time.nanoseconds - 4_000_000))
            $0.field("received", String(time.nanoseconds))
            $0.field("after", Int64(after.value))
            $0.field("attempt", 1)
            $0.field("limit", "")
            $0.field("limit_status", "")
            $0.field("limit_reset", "")
            $0.field("request", request.count)
            $0.field("response", response.count)
        }
        writer.newline()
        return writer.bytes + request + Array(response)
    }

    /// The records that follow a command: the reply, and the push of an order that changed.
    mutating func answer(
        _ command: Command,
        at time: Timestamp
    ) -> [(stream: StreamName, payload: [UInt8])] {
        let request: RESTRequest
        if case .lookUp(let lookUp) = command.action {
            request = RESTRequest(lookUp)
        } else if let made = RESTRequest(command.action) {
            request = made
        } else {
            return []
        }
        let milliseconds = time.milliseconds
        let changed = change(command.action, at: milliseconds)
        let response = MessageWriter.message { writer in
            reply(command.action, changed, milliseconds, &writer)
        }
        let payload = response.withUnsafeBytes { response in
            Exchange.record(
                after: command.cause,
                method: request.method,
                path: request.path,
                query: request.query,
                request: request.body,
                response: response,
                at: time
            )
        }
        let stream = StreamNaming.rest(
            account: request.isSigned ? "main" : "public",
            method: request.method,
            path: request.path
        )
        var records = [(stream: stream, payload: payload)]
        if let changed {
            pushes += 1
            let push = MessageWriter.message { writer in
                writer.orders(
                    [changed],
                    topic: "order",
                    id: "push-\(pushes)",
                    creationTime: milliseconds
                )
            }
            records.append((stream: StreamName("private/main/order"), payload: push))
        }
        return records
    }

    /// Keeps the open orders; the one that changed, if any.
    private mutating func change(
        _ action: Command.Action,
        at milliseconds: Int64
    ) -> OrderUpdate? {
        switch action {
        case .place(let request):
            let order = OrderUpdate(
                instrument: request.instrument,
                orderID: "x-" + request.orderLinkID,
                orderLinkID: request.orderLinkID,
                side: request.side,
                type: request.type,
                timeInForce: request.timeInForce,
                status: .new,
                price: request.price,
                quantity: request.quantity,
                leavesQuantity: request.quantity,
                createdMilliseconds: milliseconds,
                updatedMilliseconds: milliseconds
            )
            orders.append(order)
            return order
        case .amend(let request):
            guard let place = place(of: request.orderLinkID) else { return nil }
            orders[place].price = request.price ?? orders[place].price
            orders[place].quantity = request.quantity ?? orders[place].quantity
            orders[place].leavesQuantity = orders[place].quantity
            orders[place].updatedMilliseconds = milliseconds
            return orders[place]
        case .cancel(let request):
            guard let place = place(of: request.orderLinkID) else { return nil }
            var order = orders.remove(at: place)
            order.status = .cancelled
            order.leavesQuantity = .zero
            order.cancelType = "CancelByUser"
            order.updatedMilliseconds = milliseconds
            return order
        case .lookUp, .resubscribe, .setTimer: return nil
        }
    }

    private func place(of orderLinkID: String) -> Int? {
        orders.firstIndex { $0.orderLinkID == orderLinkID }
    }

    private func reply(
        _ action: Command.Action,
        _ changed: OrderUpdate?,
        _ milliseconds: Int64,
        _ writer: inout MessageWriter
    ) {
        guard case .lookUp(let lookUp) = action else {
            if let changed {
                writer.accepted(
                    orderID: changed.orderID,
                    orderLinkID: changed.orderLinkID,
                    time: milliseconds
                )
            } else {
                writer.failure(code: 110_001, message: "order not exists", time: milliseconds)
            }
            return
        }
        switch lookUp {
        case .serverTime: writer.serverTime(nanoseconds: milliseconds * 1_000_000)
        case .instruments(let category):
            writer.instruments(instruments, category: category, time: milliseconds)
        case .openOrders(let category):
            writer.orders(orders, category: category, time: milliseconds)
        case .order(let instrument, let orderLinkID),
            .orderHistory(let instrument, let orderLinkID):
            writer.orders(
                orders.filter { $0.orderLinkID == orderLinkID },
                category: instrument.category,
                time: milliseconds
            )
        case .orderByID(let instrument, let orderID),
            .orderHistoryByID(let instrument, let orderID):
            writer.orders(
                orders.filter { $0.orderID == orderID },
                category: instrument.category,
                time: milliseconds
            )
        case .wallet:
            let balance = Amount(units: 100_000 * PowerOfTen.int128(18))
            writer.wallet([WalletUpdate(coin: "USDT", walletBalance: balance)], time: milliseconds)
        case .ordersSince(let category, _), .transactionLog(let category, _),
            .executions(let category, _), .positions(let category):
            writer.emptyList(category: category, time: milliseconds)
        case .page: writer.emptyList(category: .linear, time: milliseconds)
        case .fullBook(let instrument), .recentTrades(let instrument):
            writer.emptyList(category: instrument.category, time: milliseconds)
        }
    }
}

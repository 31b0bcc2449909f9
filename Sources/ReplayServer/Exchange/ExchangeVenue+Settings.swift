import Bybit
import JSON
import Market
import Simulation

/// Batches and settings: POST endpoints that read their bodies themselves.
extension ExchangeVenue {
    func entry(
        _ kind: Route.Kind,
        _ body: [UInt8],
        _ account: AccountID,
        _ time: Int64
    ) -> [UInt8] {
        switch kind {
        case .createBatch:
            return batch(body, time, \.orders, isCreation: true, OrderBody.order) {
                $0.place($1.0, $1.1, for: account, into: &$2)
            }
        case .amendBatch:
            return batch(body, time, \.amends, OrderBody.amend) {
                $0.amend($1.0, $1.1, for: account, into: &$2)
            }
        case .cancelBatch:
            return batch(body, time, \.cancels, OrderBody.cancel) {
                $0.cancel($1, for: account, into: &$2)
            }
        case .leverage:
            return setting(body, time, OrderBody.leverage) { exchange, wish, _ in
                exchange.setLeverage(wish.leverage, wish.instrument, for: account)
            }
        case .positionMode:
            return setting(body, time, OrderBody.mode) { exchange, wish, _ in
                exchange.switchMode(
                    hedged: wish.hedged,
                    wish.instrument,
                    coin: wish.coin,
                    for: account
                )
            }
        case .tradingStop:
            return setting(body, time, OrderBody.tradingStop) {
                $0.setTradingStop($1, for: account, into: &$2)
            }
        case .marginMode:
            return setting(body, time, OrderBody.marginMode) { exchange, mode, _ in
                exchange.setMarginMode(mode)
            }
        default:
            return written { $0.failure(code: 10_017, message: "Route not found.", time: time) }
        }
    }

    private func setting<Wish>(
        _ body: [UInt8],
        _ time: Int64,
        _ read: (JSONValue) throws(RequestError) -> Wish,
        _ act: (inout SimulatedExchange, Wish, inout ExchangeOutput) -> OrderReply
    ) -> [UInt8] {
        switch OrderBody.read(body, read) {
        case .failure(let error):
            counters.rejected += 1
            return written { $0.failure(code: error.code, message: error.message, time: time) }
        case .success(let wish):
            let outcome = driver.act { act(&$0, wish, &$1) }
            return written {
                $0.failure(code: Int64(outcome.code), message: outcome.message, time: time)
            }
        }
    }

    private func batch<Item>(
        _ body: [UInt8],
        _ time: Int64,
        _ counter: WritableKeyPath<ServerCounters, Int>,
        isCreation: Bool = false,
        _ read: (JSONValue, Market.Category) throws(RequestError) -> Item,
        _ act: (inout SimulatedExchange, Item, inout ExchangeOutput) -> OrderReply
    ) -> [UInt8] {
        let wanted = OrderBody.read(body) { root throws(RequestError) in
            try OrderBody.items(root, read)
        }
        let batch: Batch<Item>
        switch wanted {
        case .failure(let error):
            counters.rejected += 1
            return written { $0.failure(code: error.code, message: error.message, time: time) }
        case .success(let found): batch = found
        }
        let replies = batch.items.map { item -> OrderReply in
            switch item.request {
            case .failure(let error):
                return OrderReply(
                    code: Int(error.code),
                    message: error.message,
                    orderLinkID: item.orderLinkID
                )
            case .success(let request): return driver.act { act(&$0, request, &$1) }
            }
        }
        for reply in replies { counters[keyPath: reply.isAccepted ? counter : \.rejected] += 1 }
        return BatchBody.reply(batch, replies, isCreation: isCreation, time: time)
    }
}

/// The answer to a batch: `retCode` 0 whatever became of its items, whose codes stand in `retExtInfo`.
enum BatchBody {
    static func reply<Item>(
        _ batch: Batch<Item>,
        _ replies: [OrderReply],
        isCreation: Bool,
        time: Int64
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", Int64(0))
            json.field("retMsg", "OK")
            json.field(
                "result",
                object: { json in
                    json.field(
                        "list",
                        array: { json in
                            for (item, reply) in zip(batch.items, replies) {
                                json.object { json in
                                    json.field("category", batch.category.name)
                                    json.field("symbol", item.symbol)
                                    json.field("orderId", reply.orderID)
                                    json.field("orderLinkId", reply.orderLinkID)
                                    guard isCreation else { return }
                                    json.field("createAt", reply.isAccepted ? String(time) : "")
                                }
                            }
                        }
                    )
                }
            )
            json.field(
                "retExtInfo",
                object: { json in
                    json.field(
                        "list",
                        array: { json in
                            for reply in replies {
                                json.object { json in
                                    json.field("code", Int64(reply.code))
                                    json.field("msg", reply.message)
                                }
                            }
                        }
                    )
                }
            )
            json.field("time", time)
        }
        return json.bytes
    }
}

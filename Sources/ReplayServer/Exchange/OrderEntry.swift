import Bybit
import JSON
import Market
import Simulation

/// One kind of order request, at whichever door: REST and the trade socket take the same bodies and share quotas.
enum OrderAction: String, CaseIterable {
    case create, amend, cancel
    case createBatch = "create-batch"
    case amendBatch = "amend-batch"
    case cancelBatch = "cancel-batch"

    /// `op` on the trade socket.
    var operation: String { "order." + rawValue }
    /// Path of the REST endpoint, by which quotas are counted.
    var path: String { "/v5/order/" + rawValue }

    var isBatch: Bool {
        switch self {
        case .create, .amend, .cancel: false
        case .createBatch, .amendBatch, .cancelBatch: true
        }
    }

    init?(operation: String) {
        guard let action = OrderAction.allCases.first(where: { $0.operation == operation }) else {
            return nil
        }
        self = action
    }
}

/// The answer to an order request before it is put into the envelope of its door.
struct OrderAnswer {
    var code: Int64 = 0
    var message = "OK"
    /// JSON objects.
    var result = Array("{}".utf8)
    var extra = Array("{}".utf8)
    /// `nil` where nothing is counted.
    var reading: RateMeter.Reading?

    init() {}

    init(_ error: RequestError) {
        code = error.code
        message = error.message
    }
}

extension ExchangeVenue {
    /// Reads a body, counts it, and does what it asks.
    ///
    /// - Parameter place: the key's place in the directory.
    func enter(_ action: OrderAction, _ body: [UInt8], _ place: Int, _ now: Int64) -> OrderAnswer {
        let parser = JSONParser()
        return body.withUnsafeBytes { bytes in
            do throws(JSONError) {
                return enter(action, try parser.root(bytes), place, now)
            } catch {
                counters.rejected += 1
                let message = "params error: body \(error)"
                return OrderAnswer(RequestError(code: 10_001, message: message))
            }
        }
    }

    func enter(_ action: OrderAction, _ root: JSONValue, _ place: Int, _ now: Int64) -> OrderAnswer
    {
        let named = Category(name: root["category"]?.string ?? "")
        let category = named ?? .linear
        // Of an option's batch the request counts, of all others each order.
        let items = action.isBatch && category != .option ? root["request"]?.count ?? 1 : 1
        let reading = meter.count(
            account: place,
            path: action.path,
            category: category,
            units: min(items, SimulatedExchange.batchMax(category)),
            nowMilliseconds: now
        )
        var answer: OrderAnswer
        if reading?.isExceeded == true {
            answer = OrderAnswer(RequestError(code: 10_006, message: "Too many visits!"))
        } else if named == nil || named == .spread {
            answer = OrderAnswer(RequestError(code: 10_001, message: "Illegal category"))
        } else {
            let granted = action.isBatch && category != .option ? reading?.granted ?? .max : .max
            answer = carryOut(action, root, accounts[place], granted: granted, now)
        }
        if answer.code != 0 { counters.rejected += 1 }
        answer.reading = reading
        return answer
    }

    private func carryOut(
        _ action: OrderAction,
        _ root: JSONValue,
        _ account: AccountID,
        granted: Int,
        _ now: Int64
    ) -> OrderAnswer {
        do throws(RequestError) {
            switch action {
            case .create:
                let order = try OrderBody.order(root, try OrderBody.category(root))
                return single(
                    driver.act { $0.place(order.0, order.1, for: account, into: &$1) },
                    \.orders
                )
            case .amend:
                let change = try OrderBody.amend(root, try OrderBody.category(root))
                return single(
                    driver.act { $0.amend(change.0, change.1, for: account, into: &$1) },
                    \.amends
                )
            case .cancel:
                let wish = try OrderBody.cancel(root, try OrderBody.category(root))
                return single(
                    driver.act { $0.cancel(wish, for: account, into: &$1) },
                    \.cancels
                )
            case .createBatch:
                let batch = try OrderBody.items(root, OrderBody.order)
                return each(batch, granted, \.orders, createdAt: now) {
                    $0.place($1.0, $1.1, for: account, into: &$2)
                }
            case .amendBatch:
                let batch = try OrderBody.items(root, OrderBody.amend)
                return each(batch, granted, \.amends) {
                    $0.amend($1.0, $1.1, for: account, into: &$2)
                }
            case .cancelBatch:
                let batch = try OrderBody.items(root, OrderBody.cancel)
                return each(batch, granted, \.cancels) { $0.cancel($1, for: account, into: &$2) }
            }
        } catch {
            return OrderAnswer(error)
        }
    }

    private func single(
        _ reply: OrderReply,
        _ counter: WritableKeyPath<ServerCounters, Int>
    ) -> OrderAnswer {
        guard reply.isAccepted else {
            return OrderAnswer(RequestError(code: Int64(reply.code), message: reply.message))
        }
        counters[keyPath: counter] += 1
        var answer = OrderAnswer()
        var json = JSONWriter()
        json.object { json in
            json.field("orderId", reply.orderID)
            json.field("orderLinkId", reply.orderLinkID)
        }
        answer.result = json.bytes
        return answer
    }

    /// `retCode` 0 whatever becomes of the items, whose codes stand in `retExtInfo`.
    ///
    /// - Parameter granted: how many of them the quota takes; the others fail one by one.
    private func each<Item>(
        _ batch: Batch<Item>,
        _ granted: Int,
        _ counter: WritableKeyPath<ServerCounters, Int>,
        createdAt: Int64? = nil,
        _ act: (inout SimulatedExchange, Item, inout ExchangeOutput) -> OrderReply
    ) -> OrderAnswer {
        let replies = batch.items.enumerated().map { place, item -> OrderReply in
            guard place < granted else {
                return OrderReply(
                    code: 10_006,
                    message: "Too many visits!",
                    orderLinkID: item.orderLinkID
                )
            }
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
        var answer = OrderAnswer()
        answer.result = BatchBody.result(batch, replies, createdAt: createdAt)
        answer.extra = BatchBody.extra(replies)
        return answer
    }
}

/// The two lists of an answer to a batch, which stand in the same order.
enum BatchBody {
    /// - Parameter createdAt: Unix milliseconds, of a batch that creates.
    static func result<Item>(
        _ batch: Batch<Item>,
        _ replies: [OrderReply],
        createdAt: Int64?
    ) -> [UInt8] {
        list { json in
            for (item, reply) in zip(batch.items, replies) {
                json.object { json in
                    json.field("category", batch.category.name)
                    json.field("symbol", item.symbol)
                    json.field("orderId", reply.orderID)
                    json.field("orderLinkId", reply.orderLinkID)
                    guard let createdAt else { return }
                    json.field("createAt", reply.isAccepted ? String(createdAt) : "")
                }
            }
        }
    }

    static func extra(_ replies: [OrderReply]) -> [UInt8] {
        list { json in
            for reply in replies {
                json.object { json in
                    json.field("code", Int64(reply.code))
                    json.field("msg", reply.message)
                }
            }
        }
    }

    private static func list(_ rows: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.field("list", array: rows) }
        return json.bytes
    }
}

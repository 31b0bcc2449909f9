import JSON
import Market

/// The `result` of a successful reply, by endpoint.
///
/// - Source: bybit-v5 §6.
enum ReplyResult {
    static func read(
        _ result: JSONValue,
        _ parser: JSONParser,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.reply.nextPageCursor = Fields.optionalText("nextPageCursor", in: result, &findings)
        if let name = result["category"]?.string, let category = Category(name: name) {
            event.category = category
        }
        switch event.reply.endpoint {
        case .serverTime: readTime(result, &event, &findings)
        // Replies of before 2024 have no `seq`.
        case .orderBook:
            readBook(result, parser, depth: 1_000, sequence: .optional, &event, &findings)
        case .fullOrderBook:
            readBook(
                result,
                parser,
                depth: BookUpdate.fullDepth,
                sequence: .required,
                &event,
                &findings
            )
        case .createOrder, .amendOrder, .cancelOrder:
            event.reply.orderID = Fields.text("orderId", in: result, &findings) ?? ""
            let link = Fields.optionalText("orderLinkId", in: result, &findings)
            if event.reply.orderLinkID.isEmpty { event.reply.orderLinkID = link }
        case .instruments, .openOrders, .orderHistory, .executions, .positions, .wallet,
            .transactionLog:
            readList(result, &event, &findings)
        case .cancelAllOrders: readCancelled(result, &event, &findings)
        case .other: break
        }
    }

    /// The orders that a cancel-all took, as accepted orders without a code of their own.
    private static func readCancelled(
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let list = result["list"], list.isArray else { return }
        for element in list.elements {
            let row = AcceptedOrder.read(
                element,
                category: event.category,
                form: .list,
                findings: &findings
            )
            if let row { event.details.append(.acceptedOrder(row)) }
        }
    }

    private static func readList(
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let list = Fields.array("list", in: result, &findings) else { return }
        let category = event.category
        switch event.reply.endpoint {
        case .instruments:
            InstrumentRow.readAll(
                list,
                category: category,
                into: &event.instruments,
                findings: &findings
            )
        case .openOrders, .orderHistory:
            OrderUpdate.readAll(
                list,
                category: category,
                form: .list,
                into: &event.orders,
                findings: &findings
            )
        case .executions:
            ExecutionReport.readAll(
                list,
                category: category,
                form: .list,
                into: &event.executions,
                findings: &findings
            )
        case .positions:
            PositionUpdate.readAll(
                list,
                category: category,
                form: .list,
                into: &event.positions,
                findings: &findings
            )
        case .wallet:
            WalletUpdate.readAccounts(list, into: &event.wallets, findings: &findings)
        case .transactionLog:
            TransactionRow.readAll(
                list,
                category: category,
                form: .list,
                into: &event.transactions,
                findings: &findings
            )
        default: break
        }
    }

    /// `timeSecond` and `timeNano`, strings.
    private static func readTime(
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let value = result["timeNano"] else {
            return findings.missing("timeNano", in: result)
        }
        guard value.isString, let nanoseconds = JSONNumber.int64(value.raw) else {
            return findings.add(value, .wrongType)
        }
        event.reply.serverTime = Timestamp(nanoseconds: nanoseconds)
    }

    /// `s`, `b`, `a`, `ts`, `u`, `seq`, `cts`; `u` is that of the stream of `depth` levels.
    private static func readBook(
        _ result: JSONValue,
        _ parser: JSONParser,
        depth: Int,
        sequence: Presence,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.book.isSnapshot = true
        event.book.depth = depth
        event.exchangeMilliseconds =
            Fields.integer("ts", in: result, .required, &findings) ?? event.exchangeMilliseconds
        event.book.matchTimeMilliseconds =
            Fields.integer("cts", in: result, .optional, &findings) ?? 0
        let isWhole = BookMessage.readData(
            result,
            event.symbol,
            sequence: sequence,
            parser: parser,
            &event,
            &findings
        )
        if !isWhole {
            BookMessage.empty(&event)
        }
    }
}

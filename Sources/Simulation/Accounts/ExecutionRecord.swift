public import Market

/// What of an execution its row is made of.
struct Execution: Sendable {
    var trade: AccountTrade
    /// Among the account's, from 1; 0 of one that is not told.
    var number: Int64 = 0
    var value: Amount
    var fee: Amount
    var feeRate: Numeral?
    var feeCoin = FeeCoin.settle
    var realisedPnL: Amount?
    var closedQuantity: Numeral?
    var leavesQuantity: Numeral
    var markPrice: Numeral?
    var timeMilliseconds: Int64
    var crossSequence: Int64
    var details: ExecutionDetails?

    /// Which coin of the instrument a fee is paid in.
    enum FeeCoin: UInt8, Sendable {
        case settle
        case base
        case quote

        func name(_ instrument: Instrument) -> String {
            switch self {
            case .settle: instrument.settleCoin
            case .base: instrument.baseCoin
            case .quote: instrument.quoteCoin
            }
        }
    }
}

/// An execution as it is kept: its row is made when somebody asks.
public final class ExecutionRecord: Sendable {
    let execution: Execution
    private let facts: ListingFacts
    private let identifiers: Identifiers

    init(_ execution: Execution, _ facts: ListingFacts, _ identifiers: Identifiers) {
        self.execution = execution
        self.facts = facts
        self.identifiers = identifiers
    }

    public var instrument: InstrumentID { facts.id }
    var listing: Int { facts.index }

    /// Empty of one that is not told.
    var executionID: String {
        guard execution.number > 0 else { return "" }
        return identifiers.text(
            .execution,
            place: execution.trade.account,
            number: execution.number
        )
    }

    var orderID: String {
        execution.trade.order.id(identifiers, account: execution.trade.account)
    }

    var kind: ExecutionKind { execution.trade.type }
    var orderLinkID: String { execution.trade.orderLinkID }
    var timeMilliseconds: Int64 { execution.timeMilliseconds }
    var quantity: Numeral { facts.scale.numeral(Quantity(units: execution.trade.quantity)) }
    var price: Numeral { facts.scale.numeral(Price(units: execution.trade.price)) }

    public var row: ExecutionReport {
        let trade = execution.trade
        let scale = facts.scale
        var row = ExecutionReport(
            instrument: facts.id,
            executionID: executionID,
            type: trade.type.word,
            orderID: orderID,
            orderLinkID: trade.orderLinkID,
            side: trade.side,
            price: price,
            quantity: quantity,
            value: execution.value,
            fee: execution.fee,
            feeRate: execution.feeRate,
            feeCoin: execution.feeCoin.name(facts.instrument),
            realisedPnL: execution.realisedPnL,
            closedQuantity: execution.closedQuantity,
            isMaker: trade.isMaker,
            leavesQuantity: execution.leavesQuantity,
            orderPrice: scale.numeral(Price(units: trade.orderPrice)),
            orderQuantity: scale.numeral(Quantity(units: trade.orderQuantity)),
            orderType: trade.orderType.word,
            markPrice: execution.markPrice,
            timeMilliseconds: execution.timeMilliseconds,
            crossSequence: execution.crossSequence
        )
        row.details = execution.details
        return row
    }
}

extension ExecutionRecord: CustomDebugStringConvertible {
    /// That of its row.
    public var debugDescription: String { String(reflecting: row) }
}

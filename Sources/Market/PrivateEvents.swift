/// The state of one order as the exchange tells it.
///
/// - Source: a row of the `order` topic, of `GET /v5/order/realtime` and `/v5/order/history`.
public struct OrderUpdate: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    /// Theirs; opaque.
    public var orderID: String
    /// Ours; empty when the order was not placed with one.
    public var orderLinkID: String
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var status: OrderStatus
    public var price: Numeral?
    public var quantity: Numeral
    /// Average fill price; `nil` without a fill.
    public var averagePrice: Numeral?
    /// Open quantity; zero after cancellation.
    public var leavesQuantity: Numeral?
    public var filledQuantity: Numeral
    public var filledValue: Amount
    /// Fees of all fills in the settle coin; positive is paid.
    public var filledFee: Amount
    /// `EC_NoError` normally.
    public var rejectReason: String
    /// `UNKNOWN` when not cancelled by a listed cause.
    public var cancelType: String
    public var reduceOnly: Bool
    public var positionIndex: Int
    public var createdMilliseconds: Int64
    public var updatedMilliseconds: Int64
    /// A market order of spot by value: ``quantity`` counts the quote coin, what is filled the base coin.
    public var countsQuote = false
    /// What only an exchange writes; not part of the record of a desk, which leaves it `nil`.
    public var details: OrderDetails?
    /// Last price of the instrument when the order arrived; written by an exchange, as ``details``.
    public var lastPriceOnCreated: Numeral?
    /// P&L of what the order's fills closed, less its fees and their share of the opening fees, in the settle coin; written
    /// by an exchange, as ``details``.
    public var closedPnL = Amount.zero

    private enum CodingKeys: String, CodingKey {
        case instrument, orderID, orderLinkID, side, type, timeInForce, status, price, quantity
        case averagePrice, leavesQuantity, filledQuantity, filledValue, filledFee, rejectReason
        case cancelType, reduceOnly, positionIndex, createdMilliseconds, updatedMilliseconds
    }

    public init(
        instrument: InstrumentID,
        orderID: String,
        orderLinkID: String,
        side: Side,
        type: OrderType,
        timeInForce: TimeInForce,
        status: OrderStatus,
        price: Numeral?,
        quantity: Numeral,
        averagePrice: Numeral? = nil,
        leavesQuantity: Numeral? = nil,
        filledQuantity: Numeral = .zero,
        filledValue: Amount = .zero,
        filledFee: Amount = .zero,
        rejectReason: String = "EC_NoError",
        cancelType: String = "UNKNOWN",
        reduceOnly: Bool = false,
        positionIndex: Int = 0,
        createdMilliseconds: Int64,
        updatedMilliseconds: Int64
    ) {
        self.instrument = instrument
        self.orderID = orderID
        self.orderLinkID = orderLinkID
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.status = status
        self.price = price
        self.quantity = quantity
        self.averagePrice = averagePrice
        self.leavesQuantity = leavesQuantity
        self.filledQuantity = filledQuantity
        self.filledValue = filledValue
        self.filledFee = filledFee
        self.rejectReason = rejectReason
        self.cancelType = cancelType
        self.reduceOnly = reduceOnly
        self.positionIndex = positionIndex
        self.createdMilliseconds = createdMilliseconds
        self.updatedMilliseconds = updatedMilliseconds
    }
}

/// One execution: a fill, or funding, settlement and the like.
///
/// Branch on ``type`` before anything else.
///
/// - Source: a row of the `execution` topic and of `GET /v5/execution/list`.
public struct ExecutionReport: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    /// Identifies the execution together with the instrument.
    public var executionID: String
    public var type: ExecutionType
    public var orderID: String
    public var orderLinkID: String
    public var side: Side
    /// Fill price; the mark price of a funding row.
    public var price: Numeral
    /// Fill quantity; the whole position of a funding row.
    public var quantity: Numeral
    public var value: Amount
    /// Positive is paid, negative received; also of funding.
    public var fee: Amount
    /// Fraction; the signed funding rate of a funding row.
    public var feeRate: Numeral?
    public var feeCoin: String
    /// Taxes and the like, beside ``fee``; mostly empty.
    public var extraFees: [ExtraFee] = []
    /// Realised P&L of the closing part before fees; `nil` where the exchange gives none (REST rows).
    public var realisedPnL: Amount?
    /// The part of `quantity` that closed position.
    public var closedQuantity: Numeral?
    public var isMaker: Bool
    public var leavesQuantity: Numeral?
    public var orderPrice: Numeral?
    public var orderQuantity: Numeral?
    public var orderType: OrderType
    public var markPrice: Numeral?
    public var timeMilliseconds: Int64
    public var crossSequence: Int64
    /// What a fill of a plain order does not say; the exchange's side writes it, decoding leaves it `nil`.
    public var details: ExecutionDetails?

    private enum CodingKeys: String, CodingKey {
        case instrument, executionID, type, orderID, orderLinkID, side, price, quantity, value, fee
        case feeRate, feeCoin, extraFees, realisedPnL, closedQuantity, isMaker, leavesQuantity
        case orderPrice, orderQuantity, orderType, markPrice, timeMilliseconds, crossSequence
    }

    public init(
        instrument: InstrumentID,
        executionID: String,
        type: ExecutionType,
        orderID: String,
        orderLinkID: String,
        side: Side,
        price: Numeral,
        quantity: Numeral,
        value: Amount,
        fee: Amount,
        feeRate: Numeral? = nil,
        feeCoin: String = "",
        realisedPnL: Amount? = nil,
        closedQuantity: Numeral? = nil,
        isMaker: Bool = false,
        leavesQuantity: Numeral? = nil,
        orderPrice: Numeral? = nil,
        orderQuantity: Numeral? = nil,
        orderType: OrderType = .limit,
        markPrice: Numeral? = nil,
        timeMilliseconds: Int64,
        crossSequence: Int64 = 0
    ) {
        self.instrument = instrument
        self.executionID = executionID
        self.type = type
        self.orderID = orderID
        self.orderLinkID = orderLinkID
        self.side = side
        self.price = price
        self.quantity = quantity
        self.value = value
        self.fee = fee
        self.feeRate = feeRate
        self.feeCoin = feeCoin
        self.realisedPnL = realisedPnL
        self.closedQuantity = closedQuantity
        self.isMaker = isMaker
        self.leavesQuantity = leavesQuantity
        self.orderPrice = orderPrice
        self.orderQuantity = orderQuantity
        self.orderType = orderType
        self.markPrice = markPrice
        self.timeMilliseconds = timeMilliseconds
        self.crossSequence = crossSequence
    }
}

/// A tax or the like on one execution, beside its fee.
public struct ExtraFee: Hashable, Sendable, Codable {
    public var coin: String
    /// `GST`, `VAT`, …; unknown words are kept.
    public var type: String
    /// Positive is paid.
    public var amount: Amount

    public init(coin: String, type: String, amount: Amount) {
        self.coin = coin
        self.type = type
        self.amount = amount
    }
}

/// The exchange's word on one position.
///
/// - Source: a row of the `position` topic and of `GET /v5/position/list` (where the entry is `avgPrice`).
public struct PositionUpdate: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    public var positionIndex: Int
    /// `nil` when flat.
    public var side: Side?
    /// ≥ 0.
    public var size: Numeral
    public var entryPrice: Numeral?
    /// USDC contracts: the entry as of the last session settlement, which has paid out what lies between the two.
    public var sessionPrice: Numeral?
    public var positionValue: Amount?
    public var markPrice: Numeral?
    public var unrealisedPnL: Amount?
    /// Realised of the position now held.
    public var currentRealisedPnL: Amount?
    /// All-time realised of the symbol.
    public var cumulativeRealisedPnL: Amount?
    public var leverage: Numeral?
    public var createdMilliseconds: Int64
    public var updatedMilliseconds: Int64
    /// Cross sequence of the symbol's last fill; −1 if never traded.
    public var crossSequence: Int64
    /// The exchange's side writes it, decoding leaves it `nil`.
    public var details: PositionDetails?

    private enum CodingKeys: String, CodingKey {
        case instrument, positionIndex, side, size, entryPrice, sessionPrice, positionValue
        case markPrice
        case unrealisedPnL, currentRealisedPnL, cumulativeRealisedPnL, leverage
        case createdMilliseconds, updatedMilliseconds, crossSequence
    }

    public init(
        instrument: InstrumentID,
        positionIndex: Int = 0,
        side: Side?,
        size: Numeral,
        entryPrice: Numeral?,
        sessionPrice: Numeral? = nil,
        positionValue: Amount? = nil,
        markPrice: Numeral? = nil,
        unrealisedPnL: Amount? = nil,
        currentRealisedPnL: Amount? = nil,
        cumulativeRealisedPnL: Amount? = nil,
        leverage: Numeral? = nil,
        createdMilliseconds: Int64 = 0,
        updatedMilliseconds: Int64,
        crossSequence: Int64
    ) {
        self.instrument = instrument
        self.positionIndex = positionIndex
        self.side = side
        self.size = size
        self.entryPrice = entryPrice
        self.sessionPrice = sessionPrice
        self.positionValue = positionValue
        self.markPrice = markPrice
        self.unrealisedPnL = unrealisedPnL
        self.currentRealisedPnL = currentRealisedPnL
        self.cumulativeRealisedPnL = cumulativeRealisedPnL
        self.leverage = leverage
        self.createdMilliseconds = createdMilliseconds
        self.updatedMilliseconds = updatedMilliseconds
        self.crossSequence = crossSequence
    }
}

/// The exchange's word on one coin of the wallet.
///
/// - Source: `coin[]` of the `wallet` topic and of `GET /v5/account/wallet-balance`.
public struct WalletUpdate: Hashable, Sendable, Codable {
    public var coin: String
    /// After fees, funding and realised P&L; without unrealised.
    public var walletBalance: Amount
    public var equity: Amount?
    public var unrealisedPnL: Amount?
    public var cumulativeRealisedPnL: Amount?
    public var locked: Amount?
    /// What is owed of the coin; none where nothing is.
    ///
    /// A state that is encoded keeps neither this nor the two below.
    public var borrowed: Amount?
    /// The part of it that was borrowed for spot; ``equity`` is without it.
    public var spotBorrowed: Amount?
    /// Interest that has come up and was not taken yet.
    public var accruedInterest: Amount?
    /// The exchange's side writes it, decoding leaves it `nil`.
    public var margins: CoinMargins?

    private enum CodingKeys: String, CodingKey {
        case coin, walletBalance, equity, unrealisedPnL, cumulativeRealisedPnL, locked
    }

    public init(
        coin: String,
        walletBalance: Amount,
        equity: Amount? = nil,
        unrealisedPnL: Amount? = nil,
        cumulativeRealisedPnL: Amount? = nil,
        locked: Amount? = nil
    ) {
        self.coin = coin
        self.walletBalance = walletBalance
        self.equity = equity
        self.unrealisedPnL = unrealisedPnL
        self.cumulativeRealisedPnL = cumulativeRealisedPnL
        self.locked = locked
    }
}

/// One flow of a wallet as the exchange books it.
///
/// `change` = `cashFlow` + `funding` − `fee`. Mind the sign of funding: positive is received, the opposite of an
/// execution row's fee.
///
/// - Source: a row of `GET /v5/account/transaction-log`.
public struct TransactionRow: Hashable, Sendable, Codable {
    public var id: String
    /// `TRADE`, `SETTLEMENT` (funding), `TRANSFER_IN` and others; unknown words are kept.
    public var type: String
    public var category: Category?
    /// Empty for flows without an instrument.
    public var symbol: String
    public var coin: String
    public var orderID: String
    public var orderLinkID: String
    /// The execution that caused it.
    public var tradeID: String
    public var quantity: Numeral?
    public var tradePrice: Numeral?
    public var cashFlow: Amount
    public var funding: Amount
    public var fee: Amount
    public var change: Amount
    /// Wallet balance of the coin after the flow.
    public var balance: Amount
    public var timeMilliseconds: Int64
    /// The exchange's side writes it, decoding leaves it `nil`.
    public var details: TransactionDetails?

    private enum CodingKeys: String, CodingKey {
        case id, type, category, symbol, coin, orderID, orderLinkID, tradeID, quantity, tradePrice
        case cashFlow, funding, fee, change, balance, timeMilliseconds
    }

    public init(
        id: String,
        type: String,
        category: Category?,
        symbol: String,
        coin: String,
        orderID: String = "",
        orderLinkID: String = "",
        tradeID: String = "",
        quantity: Numeral? = nil,
        tradePrice: Numeral? = nil,
        cashFlow: Amount = .zero,
        funding: Amount = .zero,
        fee: Amount = .zero,
        change: Amount,
        balance: Amount,
        timeMilliseconds: Int64
    ) {
        self.id = id
        self.type = type
        self.category = category
        self.symbol = symbol
        self.coin = coin
        self.orderID = orderID
        self.orderLinkID = orderLinkID
        self.tradeID = tradeID
        self.quantity = quantity
        self.tradePrice = tradePrice
        self.cashFlow = cashFlow
        self.funding = funding
        self.fee = fee
        self.change = change
        self.balance = balance
        self.timeMilliseconds = timeMilliseconds
    }
}

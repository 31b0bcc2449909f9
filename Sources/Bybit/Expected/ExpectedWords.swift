/// The words of the exchange's enumerations, as far as they are known.
///
/// Decoding takes any word; a new one is worth knowing of.
///
/// - Source: bybit-v5 §4.8 and the tables of the fields.
enum ExpectedWords {
    /// The words of one list; `nil` for a list that is not here.
    static func list(_ name: String) -> [String]? { table.first { $0.name == name }?.words }

    /// Lists by name; words apart by blanks, `""` for none.
    static let table: [(name: String, words: [String])] = texts.map { name, text in
        (
            name,
            text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map {
                $0 == "\"\"" ? "" : String($0)
            }
        )
    }

    private static let texts: [(String, String)] = [
        ("pushType", "snapshot delta"),
        ("side", #"Buy Sell "" None"#),
        ("category", #""" spot linear inverse option combination future_leg spot_leg"#),
        ("tick", #"PlusTick ZeroPlusTick MinusTick ZeroMinusTick """#),
        (
            "orderStatus",
            """
            New PartiallyFilled Untriggered Rejected PartiallyFilledCanceled Filled Cancelled Triggered Deactivated
            """
        ),
        ("timeInForce", #"GTC IOC FOK PostOnly RPI """#),
        ("orderType", #"Market Limit UNKNOWN """#),
        (
            "execType",
            """
            Trade AdlTrade Funding BustTrade Delivery Settle BlockTrade MovePosition FutureSpread CorporateAction
            UNKNOWN SessionSettlePnL
            """
        ),
        (
            "stopOrderType",
            """
            TakeProfit StopLoss TrailingStop Stop PartialTakeProfit PartialStopLoss tpslOrder OcoOrder
            BidirectionalTpslOrder MmRateClose "" UNKNOWN
            """
        ),
        ("triggerBy", #"LastPrice IndexPrice MarkPrice "" UNKNOWN"#),
        ("smpType", #"None CancelMaker CancelTaker CancelBoth """#),
        (
            "cancelType",
            """
            CancelByUser CancelByReduceOnly CancelByPrepareLiq CancelAllBeforeLiq CancelByPrepareAdl CancelAllBeforeAdl
            CancelByAdmin CancelBySettle CancelByTpSlTsClear CancelBySmp CancelByDCP CancelByRebalance
            CancelByOCOTpCanceledBySlTriggered CancelByOCOSlCanceledByTpTriggered UNKNOWN
            CancelByCannotAffordOrderCost CancelByPmTrialMmOverEquity CancelByAccountBlocking CancelByDelivery
            CancelByMmpTriggered CancelByCrossSelfMuch CancelByCrossReachMaxTradeNum ""
            """
        ),
        (
            "createType",
            """
            CreateByUser CreateByFutureSpread CreateByAdminClosing CreateBySettle CreateByStopOrder CreateByTakeProfit
            CreateByPartialTakeProfit CreateByStopLoss CreateByPartialStopLoss CreateByTrailingStop
            CreateByTrailingProfit CreateByLiq CreateByTakeOver_PassThrough CreateByAdl_PassThrough
            CreateByBlock_PassThrough CreateByBlockTradeMovePosition_PassThrough CreateByClosing CreateByChaseOrder
            CreateByFGridBot CloseByFGridBot CreateByTWAP CreateByMartingaleBot CloseByMartingaleBot CreateByIceBerg
            CreateByBboOrder CreateByTVSignal CreateByMmRateClose CreateByArbitrage CreateByDdh ""
            """
        ),
        ("rejectReason", rejectReasons),
        ("positionStatus", #"Normal Liq Adl """#),
        ("tpslMode", #"Full Partial UNKNOWN """#),
        ("marketUnit", #"baseCoin quoteCoin """#),
        ("placeType", #"iv price UNKNOWN """#),
        ("slippage", #"TickSize Percent UNKNOWN """#),
        ("oco", #"OcoTriggerByUnknown OcoTriggerByTp OcoTriggerBySl """#),
        ("listing", #"PreLaunch Trading Delivering Closed Settling """#),
        (
            "contractType",
            """
            LinearPerpetual LinearFutures InversePerpetual InverseFutures FundingRateArb CarryTrade FutureSpread
            PerpBasis Spot ""
            """
        ),
        ("symbolType", #"innovation commodity stock forex adventure xstocks """#),
        (
            "auctionPhase",
            #"NotStarted CallAuction CallAuctionNoCancel CrossMatching ContinuousTrading Finished """#
        ),
        ("marginMode", "ISOLATED_MARGIN REGULAR_MARGIN PORTFOLIO_MARGIN"),
        ("marginTrading", #"none both utaOnly normalSpotOnly """#),
        ("optionsType", "Call Put"),
        ("legProduct", "Futures Spot"),
        ("accountType", "UNIFIED"),
        (
            "flow",
            """
            TRADE SETTLEMENT DELIVERY LIQUIDATION ADL TRANSFER_IN TRANSFER_OUT INTEREST FEE_REFUND BONUS AIRDROP BORROW
            REPAY CURRENCY_BUY CURRENCY_SELL AUTO_DEDUCTION
            """
        ),
    ]

    private static let rejectReasons = """
        NoError Others UnknownMessageType MissingClOrdID MissingOrigClOrdID ClOrdIDOrigClOrdIDAreTheSame
        DuplicatedClOrdID OrigClOrdIDDoesNotExist TooLateToCancel UnknownOrderType UnknownSide UnknownTimeInForce
        WronglyRouted MarketOrderPriceIsNotZero LimitOrderInvalidPrice NoEnoughQtyToFill NoImmediateQtyToFill
        PerCancelRequest MarketOrderCannotBePostOnly PostOnlyWillTakeLiquidity CancelReplaceOrder InvalidSymbolStatus
        CancelForNoFullFill BySelfMatch InCallAuctionStatus QtyCannotBeZero MarketOrderNoSupportTIF ReachMaxTradeNum
        InvalidPriceScale BitIndexInvalid StopBySelfMatch InvalidSmpType CancelByMMP InvalidUserType InvalidMirrorOid
        InvalidMirrorUid EcInvalidQty InvalidAmount LoadOrderCancel MarketQuoteNoSuppSell DisorderOrderID
        InvalidBaseValue LoadOrderCanMatch SecurityStatusFail ReachRiskPriceLimit OrderNotExist
        CancelByOrderValueZero CancelByMatchValueZero ReachMarketPriceLimit
        """
        .split(whereSeparator: { $0 == " " || $0 == "\n" }).map { "EC_" + $0 }.joined(
            separator: " "
        )
        + #" """#
}

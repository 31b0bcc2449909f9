/// One row of what is said less often: risk feeds, combinations, the account's surroundings, market history.
///
/// They share one buffer of the event, so that an event stays small to empty. Numbers keep the text they came in.
public enum Detail: Hashable, Sendable {
    // Public pushes, and the endpoints of the same subject.
    case liquidation(Liquidation)
    case priceLimit(PriceLimit)
    case insurance(InsuranceBalance)
    case deleveraging(DeleveragingAlert)
    case systemStatus(SystemStatus)
    case ticker(TickerRow)
    /// Where a decoder is asked for them, in the order of the event's instruments; no core is.
    case instrumentFacts(InstrumentFacts)
    // Market history.
    case candle(HistoricalCandle)
    case fundingRate(FundingRate)
    case openInterest(OpenInterest)
    case riskLimit(RiskLimit)
    case deliveryPrice(DeliveryPrice)
    case accountRatio(AccountRatio)
    case volatility(HistoricalVolatility)
    // Private pushes.
    case fastExecution(FastExecution)
    case greeks(Greeks)
    case strategyOrder(StrategyOrder)
    case spreadOrder(SpreadOrder)
    case spreadExecution(SpreadExecution)
    // Orders and positions.
    case acceptedOrder(AcceptedOrder)
    case preCheck(PreCheck)
    case closedPnL(ClosedPnL)
    case closedOption(ClosedOption)
    case symbolLeverage(SymbolLeverage)
    // Account.
    case feeRate(FeeRate)
    case account(AccountDescription)
    case disconnectProtection(DisconnectProtection)
    case key(KeyDescription)
    case coin(CoinDescription)
    case delivery(DeliveryRecord)
    case settlement(SettlementRecord)
    case marginMode(MarginModeChange)
    // Combinations.
    case spreadInstrument(SpreadInstrument)
    case spreadQuantityMax(SpreadQuantityMax)
}

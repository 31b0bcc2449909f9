extension ExpectedFields {
    /// What comes on the sockets: answers and pushes.
    ///
    /// - Source: bybit-v5 §2 to §4.
    static let pushes = """
        answer ping linear
          . success:b ret_msg:s conn_id:s req_id:s op:s
        answer subscribe linear
          . success:b ret_msg:s conn_id:s req_id:s op:s
        answer unsubscribe linear
          . success:b ret_msg:s conn_id:s req_id:s op:s
        answer ping spot
          . success:b ret_msg:s conn_id:s req_id?:s op:s
        answer subscribe spot
          . success:b ret_msg:s conn_id:s req_id?:s op:s
        answer unsubscribe spot
          . success:b ret_msg:s conn_id:s req_id?:s op:s
        answer pong listed
          . args:a op:s
          args []:d
        answer subscribe listed
          . success:b conn_id:s data:o type:s
          data failTopics:a successTopics:a
          data.failTopics []:s
          data.successTopics []:s
        answer auth private
          . success:b ret_msg:s op:s conn_id:s req_id?:s
        answer subscribe private
          . success:b ret_msg:s op:s conn_id:s req_id?:s
        answer unsubscribe private
          . success:b ret_msg:s op:s conn_id:s req_id?:s
        answer pong private
          . req_id?:s op:s args:a conn_id:s
          args []:d
        push adlAlert
          . topic:s type:s@pushType ts:n data:a
          data[] c:s s:s b:s|n mb?:s|n i_pr:s|n pr:s|n adl_tt:s|n adl_sr:s|n
        push allLiquidation
          . topic:s type:s@pushType ts:n data:a
          data[] T:n s:s S:s@side v:d p:d
        push execution
          . topic:s id:s creationTime:n data:a
          data[] category:s@category symbol:s closedSize?:d execFee:d execId:s execPrice:d execQty:d
          data[] execType:s@execType execValue:d feeRate:d tradeIv?:s markIv?:s blockTradeId:s markPrice:d
          data[] indexPrice?:s underlyingPrice?:s leavesQty:d orderId:s orderLinkId:s orderPrice:d orderQty:d
          data[] orderType:s@orderType stopOrderType:s@stopOrderType side:s@side execTime:d isLeverage:s
          data[] isMaker:b seq:n marketUnit?:s@marketUnit execPnl?:d createType?:s@createType feeCurrency:s
          data[] extraFees?:s|a execFeeV2?:s
          data[].extraFees[] feeCoin?:s feeType?:s subFeeType?:s feeRate?:d fee?:d
        push execution.fast
          . topic:s creationTime:n data:a
          data[] category:s@category symbol:s execId:s execPrice:d execQty:d orderId:s isMaker:b orderLinkId:s
          data[] side:s@side execTime:d seq:n
        push greeks
          . id:s topic:s creationTime:n data:a
          data[] baseCoin:s totalDelta:d totalGamma:d totalVega:d totalTheta:d
        push insurance
          . topic:s type:s@pushType ts:n data:a
          data[] coin:s symbols:s balance:d updateTime:d
        push kline
          . topic:s ts:n type:s@pushType data:a
          data[] start:n end:n interval:s open:d close:d high:d low:d volume:d turnover:d confirm:b timestamp:n
        push order
          . topic:s id:s creationTime:n data:a
          data[] category:s@category symbol:s orderId:s side:s@side orderType:s@orderType
          data[] cancelType:s@cancelType price:d qty:d orderIv:d timeInForce:s@timeInForce
          data[] orderStatus:s@orderStatus orderLinkId:s lastPriceOnCreated:d reduceOnly:b leavesQty:d
          data[] leavesValue:d cumExecQty:d cumExecValue:d avgPrice:d blockTradeId:s positionIdx:n cumExecFee:d
          data[] createdTime:d updatedTime:d rejectReason:s@rejectReason triggerPrice:d takeProfit:d stopLoss:d
          data[] tpTriggerBy:s@triggerBy slTriggerBy:s@triggerBy tpLimitPrice:d slLimitPrice:d closeOnTrigger:b
          data[] placeType:s@placeType smpType:s@smpType smpGroup:n smpOrderId:s feeCurrency?:s
          data[] triggerBy:s@triggerBy stopOrderType:s@stopOrderType triggerDirection:n tpslMode?:s@tpslMode
          data[] createType?:s@createType isLeverage?:s marketUnit?:s@marketUnit closedPnl:d
          data[] parentOrderLinkId?:s rpiMatchedQty?:d rpiTakerAccess?:b slippageTolerance?:d
          data[] slippageToleranceType?:s@slippage ocoTriggerBy?:s@oco brokerOrderPrice?:s cumFeeDetail?:o
          data[].cumFeeDetail *:d
        push orderbook
          . topic:s type:s@pushType ts:n cts:n data:o
          data s:s u:n seq:n b:a a:a
          data.b []:a
          data.a []:a
          data.b[] []:d
          data.a[] []:d
        push orderbook.full
          . topic:s ts:n type:s@pushType cts:n data:o
          data s:s a?:a u:n seq:n b:a
          data.b []:a
          data.a []:a
          data.b[] []:d
          data.a[] []:s
        push orderbook.rpi
          . topic:s ts:n type:s@pushType cts:n data:o
          data s:s u:n seq:n b:a a:a
          data.b []:a
          data.a []:a
          data.b[] []:d
          data.a[] []:d
        push position
          . id:s topic:s creationTime:n data:a
          data[] positionIdx:n tradeMode:n riskId:n riskLimitValue:d symbol:s side:s@side size:d entryPrice:d
          data[] sessionAvgPrice:d leverage:d positionValue:d positionBalance:d markPrice:d positionIM:d
          data[] positionMM:d positionIMByMp:d positionMMByMp:d takeProfit:d stopLoss:d trailingStop:d
          data[] unrealisedPnl:d cumRealisedPnl:d curRealisedPnl:d createdTime:d updatedTime:d
          data[] tpslMode:s@tpslMode liqPrice:d bustPrice:d category:s@category positionStatus:s@positionStatus
          data[] adlRankIndicator:n autoAddMargin:n leverageSysUpdatedTime:s mmrSysUpdatedTime:s seq:n
          data[] isReduceOnly:b breakEvenPrice?:d mmrSysUpdateTime?:s openTime?:n delta?:s gamma?:s vega?:s
          data[] theta?:s
        push priceLimit
          . topic:s ts:n data:o
          data symbol:s buyLmt:d sellLmt:d
        push publicTrade linear
          . topic:s type:s@pushType ts:n data:a
          data[] T:n s:s S:s@side v:d p:d L:s@tick i:s BT:b seq:n RPI:b
        push publicTrade option
          . topic:s type:s@pushType ts:n id:s data:a
          data[] T:n s:s S:s@side v:d p:d L?:s@tick i:s BT:b RPI:b iP:d iv:d mIv:s mP:d seq:n
        push publicTrade spot
          . topic:s ts:n type:s@pushType data:a
          data[] i:s T:n p:d v:d S:s@side seq:n s:s BT:b RPI:b
        push publicTrade spread
          . topic:s ts:n type:s@pushType data:a
          data[] T:n s:s S:s@side v:d p:d L:s@tick i:s seq:n
        push spread.execution
          . topic:s id:s creationTime:n data:a
          data[] category:s@category symbol:s closedSize:d execFee:d execId:s parentExecId?:s execPrice:d
          data[] execQty:d execType:s@execType execValue:d feeRate:d markPrice:d leavesQty:d orderId:s
          data[] orderLinkId:s orderPrice:d orderQty:d orderType:s@orderType side:s@side execTime:d isLeverage:s
          data[] isMaker:b seq:n createType:s@createType execPnl:d execFeeV2?:s feeCoin?:s
        push spread.order
          . topic:s id:s creationTime:n data:a
          data[] category:s@category symbol:s parentOrderId?:s orderId:s orderLinkId:s side:s@side
          data[] orderStatus:s@orderStatus cancelType:s@cancelType rejectReason:s@rejectReason
          data[] timeInForce:s@timeInForce price:d qty:d avgPrice:d leavesQty:d leavesValue:d cumExecQty:d
          data[] cumExecValue:d cumExecFee:d orderType:s@orderType isLeverage?:s createdTime:d updatedTime:d
          data[] feeCurrency?:s createType:s@createType closedPnl:d cumFeeDetail?:o
          data[].cumFeeDetail *:d
        push strategy
          . id:s topic:s creationTime:n data:a
          data[] strategyId:s strategyType:s category:s@category symbol:s size:d side:s@side duration:n status:n
          data[] terminateType:n terminateRemark:s executedDuration:n executedSize:d executedAvgPrice:d
          data[] executedStartTimeE3:n executedEndTimeE3:n createdTimeE3:n updatedTimeE3:n isRandom:b
          data[] reduceOnly:b limitPrice:s triggerCount:n tradingCount:n chaseDistance:d ChasePercentE4:n
          data[] maxChasePrice:d chaseOrderPrice:d strategyPrefer:s interval:n leverageType:n postOnly:n
          data[] triggerPrice:s isTriggered:b strategyTp:s strategySl:s orderType:s@orderType orderPriceOffset:s
          data[] positionValue:s filledPositionValue:s
        push system
          . topic:s ts:n data:a
          data[] id:s title:s state:s begin:d end:d href:s uidSuffix?:a maintainType:n env:n serviceTypes:a
          data[] product:a
          data[].serviceTypes []:n
          data[].product []:n
        push tickers dated
          . topic:s type:s@pushType cs:n ts:n data:o
          data symbol:s tickDirection?:s@tick price24hPcnt?:d lastPrice?:d prevPrice24h?:d highPrice24h?:d
          data lowPrice24h?:d prevPrice1h?:d markPrice?:d indexPrice?:d openInterest?:d openInterestValue?:d
          data turnover24h?:d volume24h?:d deliveryTime?:s basisRate?:d deliveryFeeRate?:d
          data predictedDeliveryPrice?:d basis?:d basisRateYear?:d nextFundingTime?:s fundingRate?:s
          data bid1Price?:d bid1Size?:d ask1Price?:d ask1Size?:d singleOpenInterest?:d
          data singleOpenInterestValue?:d
        push tickers linear
          . topic:s type:s@pushType cs:n ts:n data:o
          data symbol:s tickDirection?:s@tick price24hPcnt?:d lastPrice?:d prevPrice24h?:d highPrice24h?:d
          data lowPrice24h?:d prevPrice1h?:d markPrice?:d indexPrice?:d openInterest?:d openInterestValue?:d
          data turnover24h?:d volume24h?:d nextFundingTime?:d fundingRate?:d bid1Price?:d bid1Size?:d
          data ask1Price?:d ask1Size?:d fundingIntervalHour?:d fundingCap?:d preOpenPrice?:s preQty?:s
          data curPreListingPhase?:s@auctionPhase singleOpenInterest?:d singleOpenInterestValue?:d
        push tickers option
          . id:s topic:s ts:n type:s@pushType data:o
          data symbol:s bidPrice:d bidSize:d bidIv:d askPrice:d askSize:d askIv:d lastPrice:d highPrice24h:d
          data lowPrice24h:d markPrice:d indexPrice:d markPriceIv:d underlyingPrice:d openInterest:d
          data turnover24h:d volume24h:d totalVolume:d totalTurnover:d delta:d gamma:d vega:d theta:d
          data predictedDeliveryPrice:d change24h:d
        push tickers spot
          . topic:s ts:n type:s@pushType cs:n data:o
          data symbol:s lastPrice:d highPrice24h:d lowPrice24h:d prevPrice24h:d volume24h:d turnover24h:d
          data price24hPcnt:d usdIndexPrice:d
        push tickers spread
          . topic:s ts:n type:s@pushType data:o
          data symbol:s bidPrice:d bidSize:d askPrice:s askSize:s lastPrice:d highPrice24h:d lowPrice24h:d
          data prevPrice24h:d volume24h:d
        push wallet
          . id:s topic:s creationTime:n data:a
          data[] accountIMRate:d accountMMRate:d accountLTV:d totalEquity:d totalWalletBalance:d
          data[] totalMarginBalance:d totalAvailableBalance:d totalPerpUpl?:d totalInitialMargin:d
          data[] totalMaintenanceMargin:d accountIMRateByMp:d accountMMRateByMp:d totalPerpUPL:d
          data[] totalInitialMarginByMp:d totalMaintenanceMarginByMp:d accountType:s@accountType coin:a
          data[].coin[] coin:s equity:d walletBalance:d availableToWithdraw:d availableToBorrow:s borrowAmount:d
          data[].coin[] accruedInterest:d totalOrderIM:d totalPositionIM:d totalPositionMM:d spotBorrow:d
          data[].coin[] usdValue:d unrealisedPnl:d cumRealisedPnl:d bonus:d collateralSwitch:b
          data[].coin[] marginCollateral:b locked:d spotHedgingQty:d colRes:s free:s
        """
}

extension ExpectedFields {
    /// Replies of orders, positions and the account, and answers of the trade socket.
    ///
    /// - Source: bybit-v5 §5 to §6.8.
    static let accountReplies = """
        reply /v5/account/fee-rate
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category?:s@category list:a
          result.list[] symbol:s takerFeeRate:d makerFeeRate:d baseCoin:s
        reply /v5/account/info
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result marginMode:s@marginMode updatedTime:d unifiedMarginStatus:n dcpStatus:s timeWindow:n smpGroup:n
          result isMasterTrader:b spotHedgingStatus:s
        reply /v5/account/instruments-info linear
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category nextPageCursor:s list:a
          result.list[] symbol:s symbolId:n contractType:s@contractType status:s@listing baseCoin:s quoteCoin:s
          result.list[] launchTime:d deliveryTime:d deliveryFeeRate:s priceScale:d unifiedMarginTrade:b
          result.list[] fundingInterval:n settleCoin:s copyTrading:s upperFundingRate:d lowerFundingRate:d
          result.list[] isPreListing:b preListingInfo:0 displayName:s symbolType:s@symbolType myRpiPermission:b
          result.list[] isPublicRpi:b forbidUplWithdrawal:b leverageFilter:o priceFilter:o lotSizeFilter:o
          result.list[] riskParameters:o
          result.list[].leverageFilter minLeverage:d maxLeverage:d leverageStep:d
          result.list[].priceFilter minPrice:d maxPrice:d tickSize:d
          result.list[].lotSizeFilter maxOrderQty:d minOrderQty:d qtyStep:d postOnlyMaxOrderQty:d
          result.list[].lotSizeFilter maxMktOrderQty:d minNotionalValue:d
          result.list[].riskParameters priceLimitRatioX:d priceLimitRatioY:d
        reply /v5/account/instruments-info spot
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category nextPageCursor:s list:a
          result.list[] symbolId:n symbol:s baseCoin:s quoteCoin:s innovation:s status:s@listing
          result.list[] marginTrading:s@marginTrading stTag:s symbolType:s@symbolType isPublicRpi:b
          result.list[] myRpiPermission:b lotSizeFilter:o priceFilter:o riskParameters:o
          result.list[].lotSizeFilter basePrecision:d quotePrecision:d minOrderQty:d maxOrderQty:d minOrderAmt:d
          result.list[].lotSizeFilter maxOrderAmt:d maxLimitOrderQty:d maxMarketOrderQty:d
          result.list[].lotSizeFilter postOnlyMaxLimitOrderSize:d
          result.list[].priceFilter tickSize:d
          result.list[].riskParameters priceLimitRatioX:d priceLimitRatioY:d
        reply /v5/account/query-dcp-info
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result dcpInfos:a
          result.dcpInfos[] product:s dcpStatus:s timeWindow:d
        reply /v5/account/set-limit-px-action
          . retCode:n retMsg:s result?:o retExtInfo?:o time:n
        reply /v5/account/transaction-log
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list:a
          result.list[] transSubType:s id:s symbol:s side:s@side funding:d orderLinkId:s orderId:s fee:d
          result.list[] change:d cashFlow:d transactionTime:d type:s@flow feeRate:d bonusChange:d size:d qty:d
          result.list[] cashBalance:d currency:s category:s@category tradePrice:d tradeId:s extraFees:s
        reply /v5/account/wallet-balance
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result list:a
          result.list[] totalEquity:d accountIMRate:d totalMarginBalance:d totalInitialMargin:d
          result.list[] accountType:s@accountType totalAvailableBalance:d accountMMRate:d totalPerpUPL:d
          result.list[] totalWalletBalance:d accountLTV:d totalMaintenanceMargin:d accountIMRateByMp:d
          result.list[] totalInitialMarginByMp:d accountMMRateByMp:d totalMaintenanceMarginByMp:d coin:a
          result.list[].coin[] availableToBorrow:d bonus:d accruedInterest:d availableToWithdraw:d equity:d
          result.list[].coin[] usdValue:d unrealisedPnl:d borrowAmount:d walletBalance:d cumRealisedPnl:d
          result.list[].coin[] locked:d collateralSwitch:b marginCollateral:b coin:s spotHedgingQty:d
          result.list[].coin[] spotBorrow:d totalOrderIM:d totalPositionMM:d totalPositionIM:d colRes:s free:s
        reply /v5/account/set-margin-mode
          . retCode:n retMsg:s result:o retExtInfo?:o time?:n
          result reasons:a
          result.reasons[] reasonCode:s reasonMsg:s
        reply /v5/asset/coin/query-info
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result rows:a
          result.rows[] name:s coin:s remainAmount:d chains?:a
          result.rows[].chains[] chainType?:s confirmation?:d withdrawFee?:d depositMin?:d withdrawMin?:d
          result.rows[].chains[] chain?:s chainDeposit?:d chainWithdraw?:d minAccuracy?:d
          result.rows[].chains[] withdrawPercentageFee?:d contractAddress?:s safeConfirmNumber?:d withdrawMax?:d
        reply /v5/asset/delivery-record
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] symbol:s side:s@side deliveryTime:n strike:d fee:d position:d deliveryPrice:d
          result.list[] deliveryRpl:d entryPrice:d
        reply /v5/asset/settlement-record
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] realisedPnl:d symbol:s side:s@side markPrice:d size:d createdTime:d sessionAvgPrice:d
        reply /v5/execution/list
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] symbol:s orderType:s@orderType underlyingPrice?:s orderLinkId:s side:s@side
          result.list[] indexPrice?:s orderId:s stopOrderType:s@stopOrderType leavesQty:d execTime:d
          result.list[] feeCurrency?:s isMaker:b execFee:d feeRate:d execId:s tradeIv?:s blockTradeId:s
          result.list[] markPrice:d execPrice:d markIv?:s orderQty:d orderPrice:d execValue:d
          result.list[] execType:s@execType execQty:d closedSize?:s extraFees?:s seq?:n createType?:s@createType
          result.list[] isLeverage?:s marketUnit?:s@marketUnit execPnl?:d execFeeV2?:s
        reply /v5/order/amend
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/order/amend-batch
          . retCode:n retMsg:s time:n result:o retExtInfo:o
          result list:a
          retExtInfo list:a
          result.list[] category:s@category symbol:s orderId:s orderLinkId:s
          retExtInfo.list[] code:n msg:s
        reply /v5/order/cancel
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/order/cancel-all
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result success:d list:a
          result.list[] orderId:s orderLinkId:s
        reply /v5/order/cancel-batch
          . retCode:n retMsg:s time:n result:o retExtInfo:o
          result list:a
          retExtInfo list:a
          result.list[] category:s@category symbol:s orderId:s orderLinkId:s
          retExtInfo.list[] code:n msg:s
        reply /v5/order/create
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/order/create-batch
          . retCode:n retMsg:s time:n result:o retExtInfo:o
          result list:a
          retExtInfo list:a
          result.list[] category:s@category symbol:s orderId:s orderLinkId:s createAt:d
          retExtInfo.list[] code:n msg:s
        reply /v5/order/history
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] orderId:s orderLinkId:s blockTradeId?:s|0 symbol:s price:d qty:d side:s@side
          result.list[] isLeverage:s positionIdx:n orderStatus:s@orderStatus cancelType:s@cancelType
          result.list[] rejectReason:s@rejectReason avgPrice?:d|0 leavesQty:d leavesValue:d cumExecQty:d
          result.list[] cumExecValue:d cumExecFee:d timeInForce:s@timeInForce orderType:s@orderType
          result.list[] stopOrderType:s@stopOrderType orderIv?:s|0 triggerPrice:d takeProfit:d stopLoss:d
          result.list[] tpTriggerBy:s@triggerBy slTriggerBy:s@triggerBy triggerDirection:n triggerBy:s@triggerBy
          result.list[] lastPriceOnCreated?:d reduceOnly:b closeOnTrigger:b smpType:s@smpType smpGroup:n
          result.list[] smpOrderId:s tpslMode?:s@tpslMode tpLimitPrice:d slLimitPrice:d placeType:s@placeType
          result.list[] createdTime:d updatedTime:d slippageToleranceType?:s@slippage slippageTolerance?:s
          result.list[] extraFees?:s rpiTakerAccess?:b rpiMatchedQty?:d createType?:s@createType
          result.list[] marketUnit?:s@marketUnit parentOrderLinkId?:s ocoTriggerBy?:s@oco brokerOrderPrice?:s
          result.list[] feeCurrency?:s basePrice?:d cumFeeDetail?:o
          result.list[].cumFeeDetail *:d
        reply /v5/order/disconnected-cancel-all
          . retCode:n retMsg:s result?:o retExtInfo?:o time?:n
        reply /v5/order/pre-check
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s preImrE4:n preMmrE4:n postImrE4:n postMmrE4:n
        reply /v5/order/realtime
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] orderId:s orderLinkId:s blockTradeId?:s|0 symbol:s price:d qty:d side:s@side
          result.list[] isLeverage:s positionIdx:n orderStatus:s@orderStatus cancelType:s@cancelType
          result.list[] rejectReason:s@rejectReason avgPrice?:d|0 leavesQty:d leavesValue:d cumExecQty:d
          result.list[] cumExecValue:d cumExecFee:d timeInForce:s@timeInForce orderType:s@orderType
          result.list[] stopOrderType:s@stopOrderType orderIv?:s|0 triggerPrice:d takeProfit:d stopLoss:d
          result.list[] tpTriggerBy:s@triggerBy slTriggerBy:s@triggerBy triggerDirection:n triggerBy:s@triggerBy
          result.list[] lastPriceOnCreated?:d reduceOnly:b closeOnTrigger:b smpType:s@smpType smpGroup:n
          result.list[] smpOrderId:s tpslMode?:s@tpslMode tpLimitPrice:d slLimitPrice:d placeType:s@placeType
          result.list[] createdTime:d updatedTime:d createType?:s@createType marketUnit?:s@marketUnit
          result.list[] parentOrderLinkId?:s rpiMatchedQty?:d rpiTakerAccess?:b slippageTolerance?:d
          result.list[] slippageToleranceType?:s@slippage ocoTriggerBy?:s@oco brokerOrderPrice?:s feeCurrency?:s
          result.list[] basePrice?:d cumFeeDetail?:o
          result.list[].cumFeeDetail *:d
        reply /v5/position/add-margin
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category symbol:s positionIdx:n riskId:n riskLimitValue:d size:d positionValue:d
          result avgPrice:d liqPrice:d bustPrice:d markPrice:d leverage:d autoAddMargin:n
          result positionStatus:s@positionStatus positionIM:d positionMM:d unrealisedPnl:d cumRealisedPnl:d
          result stopLoss:d takeProfit:d trailingStop:d createdTime:d updatedTime:d
        reply /v5/position/closed-pnl
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] symbol:s orderType:s@orderType leverage:d updatedTime:d side:s@side orderId:s
          result.list[] closedPnl:d avgEntryPrice:d qty:d cumEntryValue:d createdTime:d orderPrice:d
          result.list[] closedSize:d avgExitPrice:d execType:s@execType fillCount:d cumExitValue:d closeFee:d
          result.list[] openFee:d
        reply /v5/position/get-closed-positions
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] symbol:s side:s@side totalOpenFee:d deliveryFee:d totalCloseFee:d qty:d closeTime:n
          result.list[] avgExitPrice:d deliveryPrice:d openTime:n avgEntryPrice:d totalPnl:d
        reply /v5/position/list
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] positionIdx:n riskId:n riskLimitValue:d symbol:s side:s@side size:d avgPrice:d
          result.list[] positionValue:d tradeMode:n positionStatus:s@positionStatus autoAddMargin:n
          result.list[] adlRankIndicator:n leverage:d positionBalance:d markPrice:d liqPrice:s bustPrice:d
          result.list[] positionMM:d positionIM:d tpslMode:s@tpslMode takeProfit:d stopLoss:d trailingStop:d
          result.list[] unrealisedPnl:d curRealisedPnl:d cumRealisedPnl:d createdTime:d updatedTime:d
          result.list[] openTime?:n breakEvenPrice?:d positionMMByMp:d positionIMByMp:d seq:n isReduceOnly:b
          result.list[] mmrSysUpdateTime:s leverageSysUpdatedTime:s sessionAvgPrice:s delta?:s gamma?:s vega?:s
          result.list[] theta?:s
        reply /v5/position/set-auto-add-margin
          . retCode:n retMsg:s result?:o retExtInfo?:o time:n
        reply /v5/position/set-leverage
          . retCode:n retMsg:s result?:o retExtInfo?:o time:n
        reply /v5/position/switch-mode
          . retCode:n retMsg:s result?:o retExtInfo?:o time:n
        reply /v5/position/symbol-info
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor?:s category?:s@category list:a
          result.list[] symbol:s marginMode?:s@marginMode buyLeverage:d sellLeverage:d
        reply /v5/position/trading-stop
          . retCode:n retMsg:s result?:o retExtInfo?:o time:n
        reply /v5/user/query-api
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result id:s note:s apiKey:s readOnly:n secret:s type:n deadlineDay:n expiredAt:s createdAt:s unified:n
          result uta:n userID:n inviterID:n vipLevel:s mktMakerLevel:s affiliateID:n rsaPublicKey:s isMaster:b
          result parentUid:s kycLevel:s kycRegion:s userIDInt64:d inviterIDInt64:d affiliateIDInt64:d
          result permissions:o ips:a
          result.permissions *:a
          result.ips []:s
          result.permissions.* []:s
        answer auth trade
          . retCode:n retMsg:s op:s connId:s
        answer pong trade
          . retCode:n retMsg:s op:s data:a connId:s
          data []:d
        trade order.amend
          . reqId:s retCode:n retMsg:s op:s retExtInfo?:o connId:s data:o header:o
          data orderId:s orderLinkId:s
          header X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s Timenow:d
        trade order.create
          . op:s retCode:n retMsg:s connId:s reqId:s retExtInfo?:o data:o header:o
          data orderId:s orderLinkId:s
          header X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s Timenow:d
        trade order.create-batch
          . retCode:n retMsg:s op:s connId:s reqId:s data:o retExtInfo:o header:o
          header Timenow:d X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s
          data list:a
          retExtInfo list:a
          data.list[] category:s@category symbol:s orderId:s orderLinkId:s createAt:s
          retExtInfo.list[] code:n msg:s
        trade order.cancel
          . reqId:s retCode:n retMsg:s op:s retExtInfo?:o connId:s data:o header:o
          data orderId:s orderLinkId:s
          header X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s Timenow:d
        trade order.amend-batch
          . retCode:n retMsg:s op:s connId:s reqId:s data:o retExtInfo:o header:o
          header Timenow:d X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s
          data list:a
          retExtInfo list:a
          data.list[] category:s@category symbol:s orderId:s orderLinkId:s
          retExtInfo.list[] code:n msg:s
        trade order.cancel-batch
          . retCode:n retMsg:s op:s connId:s reqId:s data:o retExtInfo:o header:o
          header Timenow:d X-Bapi-Limit:d X-Bapi-Limit-Status:d X-Bapi-Limit-Reset-Timestamp:d Traceid:s
          data list:a
          retExtInfo list:a
          data.list[] category:s@category symbol:s orderId:s orderLinkId:s
          retExtInfo.list[] code:n msg:s
        """
}

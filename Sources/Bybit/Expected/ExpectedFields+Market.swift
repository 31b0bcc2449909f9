extension ExpectedFields {
    /// Replies of market data and of combinations.
    ///
    /// - Source: bybit-v5 §6.2 to §6.4, §7.
    static let marketReplies = """
        reply /v5/market/account-ratio
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list?:a
          result.list[] symbol?:s buyRatio?:d sellRatio?:d timestamp?:d
        reply /v5/market/adlAlert
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result updatedTime:d list:a
          result.list[] coin:s symbol:s balance:d maxBalance:d insurancePnlRatio:d pnlRatio:d
          result.list[] adlTriggerThreshold:d adlStopRatio:d
        reply /v5/market/delivery-price
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category nextPageCursor:s list:a
          result.list[] symbol:s deliveryPrice:d deliveryTime:d
        reply /v5/market/funding/history
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category list:a
          result.list[] symbol:s fundingRate:d fundingRateTimestamp:d
        reply /v5/market/historical-volatility
          . retCode:n retMsg:s category:s@category result?:a
          result[] period?:n value?:d time?:d
        reply /v5/market/index-price-kline
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result symbol:s category:s@category list:a
          result.list []:a
          result.list[] []:d
        reply /v5/market/instruments-info linear
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor?:s|0 category:s@category list:a
          result.list[] symbol:s contractType:s@contractType status:s@listing baseCoin:s quoteCoin:s
          result.list[] launchTime:d deliveryTime:d deliveryFeeRate:d priceScale:d unifiedMarginTrade:b
          result.list[] fundingInterval:n settleCoin:s symbolId:n copyTrading:s upperFundingRate:d
          result.list[] lowerFundingRate:d isPreListing:b preListingInfo:0|o symbolType:s@symbolType
          result.list[] displayName:s forbidUplWithdrawal:b leverageFilter:o priceFilter:o lotSizeFilter:o
          result.list[] riskParameters:o
          result.list[].leverageFilter minLeverage:d maxLeverage:d leverageStep:d
          result.list[].priceFilter minPrice:d maxPrice:d tickSize:d
          result.list[].lotSizeFilter maxOrderQty:d minOrderQty:d qtyStep:d postOnlyMaxOrderQty:d
          result.list[].lotSizeFilter maxMktOrderQty:d minNotionalValue:d
          result.list[].riskParameters priceLimitRatioX:d priceLimitRatioY:d
          result.list[].preListingInfo curAuctionPhase?:s@auctionPhase phases?:a auctionFeeInfo?:o
          result.list[].preListingInfo.auctionFeeInfo auctionFeeRate?:d takerFeeRate?:d makerFeeRate?:d
          result.list[].preListingInfo.phases[] phase?:s startTime?:d endTime?:d
        reply /v5/market/instruments-info option
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor?:s|0 category:s@category list:a
          result.list[] symbol:s status:s@listing baseCoin:s quoteCoin:s settleCoin:s optionsType:s@optionsType
          result.list[] launchTime:d deliveryTime:d deliveryFeeRate:d displayName:s priceFilter:o
          result.list[] lotSizeFilter:o
          result.list[].priceFilter minPrice:d maxPrice:d tickSize:d
          result.list[].lotSizeFilter maxOrderQty:d minOrderQty:d qtyStep:d
        reply /v5/market/instruments-info spot
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s category:s@category list:a
          result.list[] symbol:s baseCoin:s quoteCoin:s innovation:s status:s@listing
          result.list[] marginTrading:s@marginTrading symbolId:n stTag:s symbolType:s@symbolType lotSizeFilter:o
          result.list[] priceFilter:o riskParameters:o
          result.list[].lotSizeFilter basePrecision:d quotePrecision:d minOrderQty:d maxOrderQty:d minOrderAmt:d
          result.list[].lotSizeFilter maxOrderAmt:d maxLimitOrderQty:d maxMarketOrderQty:d
          result.list[].lotSizeFilter postOnlyMaxLimitOrderSize:d
          result.list[].priceFilter tickSize:d
          result.list[].riskParameters priceLimitRatioX:d priceLimitRatioY:d
        reply /v5/market/insurance
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result updatedTime:d list:a
          result.list[] coin:s symbols:s balance:d value:d
        reply /v5/market/kline
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category symbol:s list:a
          result.list []:a
          result.list[] []:d
        reply /v5/market/mark-price-kline
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result symbol:s category:s@category list:a
          result.list []:a
          result.list[] []:d
        reply /v5/market/open-interest
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result symbol:s category:s@category nextPageCursor:s list:a
          result.list[] openInterest:d singleOpenInterest:d timestamp:d
        reply /v5/market/full_orderbook
          . retCode:n retMsg:s time:n retExtInfo?:o result:o
          result s:s ts:n u:n seq:n cts:n b:a a:a
          result.b []:a
          result.a []:a
          result.b[] []:d
          result.a[] []:d
        reply /v5/market/orderbook
          . retCode:n retMsg:s time:n retExtInfo?:o result:o
          result s:s ts:n u:n seq:n cts:n b:a a:a
          result.b []:a
          result.a []:a
          result.b[] []:d
          result.a[] []:d
        reply /v5/market/premium-index-price-kline
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result symbol:s category:s@category list:a
          result.list []:a
          result.list[] []:d
        reply /v5/market/price-limit
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result symbol:s buyLmt:d sellLmt:d ts:d
        reply /v5/market/recent-trade
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category list:a
          result.list[] execId:s symbol:s price:d size:d side:s@side time:d isBlockTrade:b isRPITrade:b seq:d
          result.list[] mP?:d iP?:d mIv?:s iv?:d
        reply /v5/market/risk-limit
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category nextPageCursor?:s list:a
          result.list[] id:n symbol:s riskLimitValue:d maintenanceMargin:d|n initialMargin:d|n isLowestRisk:n
          result.list[] maxLeverage:d mmDeduction:d
        reply /v5/market/rpi_orderbook
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result s:s ts:n u:n seq:n cts:n a:a b:a
          result.a []:a
          result.b []:a
          result.a[] []:d
          result.b[] []:d
        reply /v5/market/tickers linear
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category list:a
          result.list[] symbol:s lastPrice:d indexPrice:d markPrice:d prevPrice24h:d price24hPcnt:d
          result.list[] highPrice24h:d lowPrice24h:d prevPrice1h:d openInterest:d openInterestValue:d
          result.list[] turnover24h:d volume24h:d fundingRate:d nextFundingTime:d predictedDeliveryPrice:s
          result.list[] basisRate:s deliveryFeeRate:s deliveryTime:d ask1Size:d bid1Price:d ask1Price:d
          result.list[] bid1Size:d basis:s preOpenPrice:s preQty:s curPreListingPhase:s@auctionPhase
          result.list[] fundingIntervalHour:d basisRateYear:s fundingCap:d singleOpenInterest:d
          result.list[] singleOpenInterestValue:d
        reply /v5/market/tickers option
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category list:a
          result.list[] symbol:s bid1Price:d bid1Size:d bid1Iv:d ask1Price:d ask1Size:d ask1Iv:d lastPrice:d
          result.list[] highPrice24h:d lowPrice24h:d markPrice:d indexPrice:d markIv:d underlyingPrice:d
          result.list[] openInterest:d turnover24h:d volume24h:d totalVolume:d totalTurnover:d delta:d gamma:d
          result.list[] vega:d theta:d predictedDeliveryPrice:d change24h:d
        reply /v5/market/tickers spot
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result category:s@category list:a
          result.list[] symbol:s bid1Price:d bid1Size:d ask1Price:d ask1Size:d lastPrice:d prevPrice24h:d
          result.list[] price24hPcnt:d highPrice24h:d lowPrice24h:d turnover24h:d volume24h:d usdIndexPrice:d
        reply /v5/market/time
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result timeSecond:d timeNano:d
        reply /v5/spread/execution/list
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list:a
          result.list[] symbol:s orderLinkId:s side:s@side orderId:s execPrice:d execTime:d execType:s@execType
          result.list[] execQty:d execId:s legs:a
          result.list[].legs[] symbol:s side:s@side execPrice:d execTime:d execValue:d execType:s@execType
          result.list[].legs[] category:s@category execQty:d execFee:d execId:s execFeeV2:s feeCurrency:s
        reply /v5/spread/instrument
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list:a
          result.list[] symbol:s contractType:s@contractType status:s@listing baseCoin:s quoteCoin:s
          result.list[] settleCoin:s tickSize:d minPrice:d maxPrice:d lotSize:d minSize:d maxSize:d launchTime:d
          result.list[] deliveryTime:d legs:a
          result.list[].legs[] symbol:s contractType:s@contractType
        reply /v5/spread/max-qty
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result ab:d
        reply /v5/spread/order/amend
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/spread/order/cancel
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/spread/order/cancel-all
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result success:d list:a
          result.list[] orderId:s orderLinkId:s
        reply /v5/spread/order/create
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result orderId:s orderLinkId:s
        reply /v5/spread/order/history
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list:a
          result.list[] symbol:s orderType:s@orderType orderLinkId:s orderId:s contractType:s@contractType
          result.list[] orderStatus:s@orderStatus createdAt:d price:d leg2Symbol:s orderQty:d
          result.list[] timeInForce:s@timeInForce baseCoin:s updatedAt:d side:s@side leg2Side:s@side leavesQty:d
          result.list[] leg1Side:s@side settleCoin:s cumExecQty:d qty:d leg1OrderId:s leg2OrderId:s
          result.list[] leg2ProdType:s@legProduct leg1ProdType:s@legProduct leg1Symbol:s cxlRejReason:s
        reply /v5/spread/order/realtime
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result nextPageCursor:s list:a
          result.list[] symbol:s orderType:s@orderType updatedTime:d orderLinkId:s side:s@side orderId:s
          result.list[] leavesQty:d orderStatus:s@orderStatus cumExecQty:d price:d qty:d createdTime:d
          result.list[] timeInForce:s@timeInForce baseCoin:s
        reply /v5/spread/orderbook
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result s:s u:n ts:n seq:n cts:n b:a a:a
          result.b []:a
          result.a []:a
          result.b[] []:d
          result.a[] []:d
        reply /v5/spread/recent-trade
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result list:a
          result.list[] execId:s symbol:s price:d size:d side:s@side time:d seq:d
        reply /v5/spread/tickers
          . retCode:n retMsg:s retExtInfo?:o time:n result:o
          result list:a
          result.list[] symbol:s bidPrice:s bidSize:s askPrice:s askSize:s lastPrice:d highPrice24h:d
          result.list[] lowPrice24h:d prevPrice24h:d volume24h:d
        """
}

#!/usr/bin/env python3
"""Writes the payloads beside this file: one message at least for each topic and endpoint that is spoken.

Every value is invented. Shapes (keys, their order, types, presence) follow Bybit's documentation of v5; no message was
copied from a recording. Run it from anywhere: it takes away what it made before and writes all of it anew.
"""
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
T = 1767225600000  # 2026-01-01T00:00:00Z


def text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def frame(stream, name, value):
    directory = HERE / stream
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_text(text(value), encoding="utf-8")


def exchange(method, path, name, response, *, query="", request=None, account="main", status=200,
             outcome="answered", reason=None):
    """A REST record: one line, a line end, the request's body, the response's body."""
    body = text(request).encode() if request is not None else b""
    answer = text(response).encode() if response is not None else b""
    line = {"method": method, "path": path, "query": query, "status": status, "outcome": outcome,
            "sent": f"{T}000000", "received": f"{T + 4}250000", "after": 7, "attempt": 1,
            "limit": "10", "limit_status": "9", "limit_reset": str(T + 4)}
    if reason:
        line["reason"] = reason
    line["request"] = len(body)
    line["response"] = len(answer)
    directory = HERE / f"rest/{account}/{method}{path}"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.record").write_bytes(text(line).encode() + b"\n" + body + answer)


def reply(result, code=0, message="OK"):
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": T + 3}


def page(category, rows, cursor=""):
    return reply({"category": category, "list": rows, "nextPageCursor": cursor})


# --- public ---------------------------------------------------------------------------------------------------------

def book(topic, kind, bids, asks, u, seq, symbol=None, ts=T + 5):
    return {"topic": topic, "type": kind, "ts": ts,
            "data": {"s": symbol or topic.split(".", 2)[2], "b": bids, "a": asks, "u": u, "seq": seq},
            "cts": ts - 2}


def public():
    topic = "orderbook.50.BTCUSDT"
    frame(f"public/linear/{topic}", "snapshot",
          book(topic, "snapshot", [["64123.40", "1.250"], ["64123.30", "0.800"]],
               [["64123.50", "0.300"], ["64124.20", "2.000"]], 500100, 900000001))
    frame(f"public/linear/{topic}", "delta",
          book(topic, "delta", [["64123.40", "0"], ["64123.10", "4.100"]], [], 500101, 900000007, ts=T + 25))
    for depth in (200, 500, 1000):
        topic = f"orderbook.{depth}.NILUSDT"
        frame(f"public/linear/{topic}", "snapshot",
              book(topic, "snapshot", [["0.0000000000011", "26000000000000"]],
                   [["0.0000000000012", "1"]], 1, 5))
    one = book("orderbook.1.BTCUSDT", "snapshot", [["64123.30", "0.800"]], [], 77001, 900000008)
    frame("public/linear/orderbook.1.BTCUSDT", "one-side",
          {"topic": one["topic"], "ts": one["ts"], "type": one["type"], "data": one["data"], "cts": one["cts"]})
    topic = "orderbook.50.BTCUSD"
    frame(f"public/inverse/{topic}", "snapshot",
          book(topic, "snapshot", [["64100.00", "125000"]], [["64100.50", "900"]], 9, 10))
    topic = "orderbook.50.ETHUSDT"
    frame(f"public/spot/{topic}", "snapshot",
          book(topic, "snapshot", [["1923.28", "9.42925"]], [["1923.29", "3.44935"]], 11, 12))
    for depth in (25, 100):
        topic = f"orderbook.{depth}.BTC-25DEC26-90000-C"
        frame(f"public/option/{topic}", "snapshot",
              book(topic, "snapshot", [["1205", "0.50"]], [["1210", "1.25"]], 13, 14))
    topic = "orderbook.25.SOLUSDT_SOL/USDT"
    frame(f"public/spread/{topic}", "snapshot",
          book(topic, "snapshot", [["-0.0150", "0.1"]], [["0.0000", "4.6"]], 15, 16))

    def trade(symbol, **more):
        return {"T": T + 40, "s": symbol, "S": "Sell", "v": "0.010", "p": "64123.30", **more}

    frame("public/linear/publicTrade.BTCUSDT", "two",
          {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": T + 41, "data": [
              trade("BTCUSDT", L="MinusTick", i="5d3c2b1a-0000-5000-8000-000000000001", BT=False, RPI=False,
                    seq=900000009),
              trade("BTCUSDT", L="ZeroMinusTick", i="5d3c2b1a-0000-5000-8000-000000000002", BT=True,
                    seq=900000009)]})
    frame("public/spot/publicTrade.ETHUSDT", "one",
          {"topic": "publicTrade.ETHUSDT", "type": "snapshot", "ts": T + 41, "data": [
              trade("ETHUSDT", i="2290000000012345678", BT=False, RPI=False, seq=31)]})
    frame("public/option/publicTrade.BTC", "one",
          {"id": "m-1", "topic": "publicTrade.BTC", "type": "snapshot", "ts": T + 41, "data": [
              trade("BTC-25DEC26-90000-C", i="c1", BT=False, mP="1207.1", iP="64120.1", mIv="0.51", iv="0.52",
                    seq=32)]})

    ticker = {"symbol": "BTCUSDT", "tickDirection": "ZeroPlusTick", "price24hPcnt": "-0.0125",
              "lastPrice": "64123.40", "prevPrice24h": "64935.10", "highPrice24h": "65210.00",
              "lowPrice24h": "63800.50", "prevPrice1h": "64010.00", "markPrice": "64122.18",
              "indexPrice": "64130.02", "openInterest": "51234.567", "openInterestValue": "3285172345.12",
              "turnover24h": "1234567890.1234", "volume24h": "19233.421", "nextFundingTime": str(T + 28800000),
              "fundingRate": "-0.0001", "bid1Price": "64123.40", "bid1Size": "1.250", "ask1Price": "64123.50",
              "ask1Size": "0.300", "fundingIntervalHour": "8", "fundingCap": "0.005", "deliveryTime": "",
              "basisRate": "", "deliveryFeeRate": "", "predictedDeliveryPrice": ""}
    frame("public/linear/tickers.BTCUSDT", "snapshot",
          {"topic": "tickers.BTCUSDT", "type": "snapshot", "data": ticker, "cs": 900000009, "ts": T + 100})
    frame("public/linear/tickers.BTCUSDT", "delta",
          {"topic": "tickers.BTCUSDT", "type": "delta",
           "data": {"symbol": "BTCUSDT", "markPrice": "64122.90", "fundingRate": "", "bid1Size": "1.100"},
           "cs": 900000011, "ts": T + 200})
    frame("public/spot/tickers.ETHUSDT", "snapshot",
          {"topic": "tickers.ETHUSDT", "ts": T + 100, "type": "snapshot", "cs": 33,
           "data": {"symbol": "ETHUSDT", "lastPrice": "1923.28", "highPrice24h": "1950", "lowPrice24h": "1890.5",
                    "prevPrice24h": "1900", "volume24h": "20311.11", "turnover24h": "39012345.5",
                    "price24hPcnt": "0.0123", "usdIndexPrice": "1923.31"}})
    frame("public/linear/kline.1.BTCUSDT", "open-candle",
          {"topic": "kline.1.BTCUSDT", "data": [
              {"start": T, "end": T + 59999, "interval": "1", "open": "64120.1", "close": "64123.4",
               "high": "64130", "low": "64119.9", "volume": "0.31", "turnover": "19878.254", "confirm": False,
               "timestamp": T + 40}], "ts": T + 105, "type": "snapshot"})
    frame("public/spot/kline.D.ETHUSDT", "closed-candle",
          {"topic": "kline.D.ETHUSDT", "data": [
              {"start": T - 86400000, "end": T - 1, "interval": "D", "open": "1900", "close": "1923.28",
               "high": "1950", "low": "1890.5", "volume": "20311.11", "turnover": "39012345.5", "confirm": True,
               "timestamp": T - 20}], "ts": T + 1, "type": "snapshot"})
    frame("public/linear/allLiquidation.BTCUSDT", "one",
          {"topic": "allLiquidation.BTCUSDT", "type": "snapshot", "ts": T + 500,
           "data": [{"T": T + 310, "s": "BTCUSDT", "S": "Buy", "v": "0.250", "p": "63950.00"}]})


# --- answers on sockets ---------------------------------------------------------------------------------------------

def answers():
    for category in ("linear", "inverse"):
        frame(f"public/{category}/-", "subscribed",
              {"success": True, "ret_msg": "", "conn_id": "c-1", "req_id": "r2", "op": "subscribe"})
        frame(f"public/{category}/-", "pong",
              {"success": True, "ret_msg": "pong", "conn_id": "c-1", "req_id": "", "op": "ping"})
    frame("public/linear/-", "already-subscribed",
          {"success": False, "ret_msg": "error:already subscribed,topic:publicTrade.BTCUSDT", "conn_id": "c-1",
           "req_id": 17, "op": "subscribe"})
    frame("public/spot/-", "subscribed",
          {"success": True, "ret_msg": "subscribe", "conn_id": "c-2", "req_id": "r2", "op": "subscribe"})
    frame("public/spot/-", "pong", {"success": True, "ret_msg": "pong", "conn_id": "c-2", "op": "ping"})
    for category in ("option", "spread"):
        frame(f"public/{category}/-", "subscribed",
              {"success": True, "conn_id": "c-3",
               "data": {"failTopics": [], "successTopics": ["tickers.X"]}, "type": "COMMAND_RESP"})
        frame(f"public/{category}/-", "pong", {"args": [str(T + 123)], "op": "pong"})
    frame("public/option/-", "failed",
          {"success": True, "conn_id": "c-3", "data": {"failTopics": ["tickers.Y"], "successTopics": []},
           "type": "COMMAND_RESP"})
    frame("private/main/-", "authenticated", {"success": True, "ret_msg": "", "op": "auth", "conn_id": "c-4"})
    frame("private/main/-", "not-authenticated",
          {"success": False, "ret_msg": "Params Error", "op": "auth", "conn_id": "c-4"})
    frame("private/main/-", "subscribed",
          {"success": True, "ret_msg": "", "op": "subscribe", "conn_id": "c-4", "req_id": "r9"})
    frame("private/main/-", "pong", {"req_id": "r1", "op": "pong", "args": [str(T + 123)], "conn_id": "c-4"})
    frame("trade/main", "authenticated",
          {"reqId": "a1", "retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c-5"})
    frame("trade/main", "refused",
          {"reqId": "s1-17", "retCode": 110007, "retMsg": "ab not enough for new order", "op": "order.create",
           "header": {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "9", "Timenow": str(T + 101)},
           "connId": "c-5"})
    frame("trade/main", "pong",
          {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [str(T + 123)], "connId": "c-5"})


# --- private --------------------------------------------------------------------------------------------------------

def order_row(**more):
    row = {"category": "linear", "symbol": "BTCUSDT", "orderId": "0b6cf1d2-0000-4000-8000-00000000aa01",
           "orderLinkId": "s1-17", "blockTradeId": "", "side": "Buy", "positionIdx": 0, "orderStatus": "Filled",
           "cancelType": "UNKNOWN", "rejectReason": "EC_NoError", "timeInForce": "PostOnly", "isLeverage": "",
           "price": "64123.30", "qty": "0.010", "avgPrice": "64123.3", "leavesQty": "0.000", "leavesValue": "0",
           "cumExecQty": "0.010", "cumExecValue": "641.233", "cumExecFee": "0.1282466", "orderType": "Limit",
           "stopOrderType": "", "orderIv": "", "triggerPrice": "", "takeProfit": "", "stopLoss": "",
           "triggerBy": "", "tpTriggerBy": "", "slTriggerBy": "", "tpLimitPrice": "", "slLimitPrice": "",
           "triggerDirection": 0, "placeType": "", "lastPriceOnCreated": "64123.50", "closeOnTrigger": False,
           "reduceOnly": False, "smpGroup": 0, "smpType": "None", "smpOrderId": "", "tpslMode": "",
           "createType": "CreateByUser", "closedPnl": "0", "feeCurrency": "",
           "cumFeeDetail": {"USDT": "0.1282466"}, "createdTime": str(T - 100), "updatedTime": str(T + 42)}
    row.update(more)
    return {key: value for key, value in row.items() if value is not None}


def execution_row(**more):
    row = {"category": "linear", "symbol": "BTCUSDT", "orderId": "0b6cf1d2-0000-4000-8000-00000000aa01",
           "orderLinkId": "s1-17", "side": "Buy", "orderPrice": "64123.30", "orderQty": "0.010",
           "leavesQty": "0.000", "createType": "CreateByUser", "orderType": "Limit", "stopOrderType": "UNKNOWN",
           "execId": "5d3c2b1a-0000-5000-8000-000000000001", "execType": "Trade", "execPrice": "64123.30",
           "execQty": "0.010", "execValue": "641.233", "execFee": "0.1282466", "feeRate": "0.0002",
           "feeCurrency": "USDT", "execPnl": "0", "closedSize": "0", "isMaker": True, "isLeverage": "0",
           "markPrice": "64122.18", "indexPrice": "", "underlyingPrice": "", "tradeIv": "", "markIv": "",
           "blockTradeId": "", "extraFees": "", "execTime": str(T + 40), "seq": 900000009}
    row.update(more)
    return {key: value for key, value in row.items() if value is not None}


FUNDING = dict(execType="Funding", execId="f-1", orderId="1767225600-77-1-1", orderLinkId="", orderType="UNKNOWN",
               side="Sell", execPrice="64122.18", execQty="0.040", execValue="2564.8872", execFee="-0.25648872",
               feeRate="0.0001", isMaker=False, closedSize="", orderPrice="0", orderQty="0", createType=None,
               execPnl="", execTime=str(T))


def position_row(**more):
    row = {"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0, "tradeMode": 0, "riskId": 1,
           "riskLimitValue": "2000000", "side": "Buy", "size": "0.010", "entryPrice": "64123.3",
           "sessionAvgPrice": "", "leverage": "10", "breakEvenPrice": "64158.58", "positionValue": "641.233",
           "positionBalance": "0", "markPrice": "64122.18", "positionIM": "64.45", "positionIMByMp": "64.45",
           "positionMM": "3.53", "positionMMByMp": "3.53", "liqPrice": "", "bustPrice": "", "takeProfit": "",
           "stopLoss": "", "trailingStop": "0", "unrealisedPnl": "-0.0112", "curRealisedPnl": "-0.1282466",
           "cumRealisedPnl": "-3.4", "tpslMode": "Full", "positionStatus": "Normal", "adlRankIndicator": 2,
           "autoAddMargin": 0, "isReduceOnly": False, "mmrSysUpdatedTime": "", "leverageSysUpdatedTime": "",
           "createdTime": "1760000000000", "updatedTime": str(T + 43), "openTime": T + 40, "seq": 900000009}
    row.update(more)
    return row


FLAT = dict(symbol="ETHUSDT", side="", size="0", entryPrice="0", positionValue="", unrealisedPnl="", leverage="10",
            markPrice="1923.3", curRealisedPnl="0", cumRealisedPnl="0", adlRankIndicator=0, openTime=0, seq=-1)


def wallet_row():
    return {"accountType": "UNIFIED", "accountIMRate": "0.009", "accountMMRate": "0.0005",
            "totalEquity": "10000.01", "totalWalletBalance": "9999.82", "totalMarginBalance": "9999.83",
            "totalAvailableBalance": "9935.38", "totalPerpUPL": "-0.01", "totalInitialMargin": "64.45",
            "totalMaintenanceMargin": "3.53", "coin": [
                {"coin": "USDT", "equity": "9999.8088", "usdValue": "10000.01", "walletBalance": "9999.82",
                 "locked": "0", "borrowAmount": "0", "spotBorrow": "0", "accruedInterest": "0",
                 "totalOrderIM": "0", "totalPositionIM": "64.45", "totalPositionMM": "3.53",
                 "unrealisedPnl": "-0.0112", "cumRealisedPnl": "-3.4", "bonus": "0", "spotHedgingQty": "0",
                 "collateralSwitch": True, "marginCollateral": True, "availableToWithdraw": "",
                 "availableToBorrow": ""},
                {"coin": "BTC", "equity": "0.5", "usdValue": "0", "walletBalance": "0.500000000000000001",
                 "locked": "", "unrealisedPnl": "", "cumRealisedPnl": ""}]}


def private():
    def push(topic, name, *rows):
        frame(f"private/main/{topic}", name,
              {"topic": topic, "id": f"77-{name}", "creationTime": T + 44, "data": list(rows)})

    push("order", "filled", order_row())
    push("order", "rejected", order_row(
        orderStatus="Rejected", rejectReason="EC_PostOnlyWillTakeLiquidity", avgPrice="", leavesQty="0.000",
        cumExecQty="0.000", cumExecValue="0", cumExecFee="0", cumFeeDetail={}))
    push("order", "spot-market", order_row(
        category="spot", symbol="ETHUSDT", orderId="2290000000099887766", orderType="Market", timeInForce="IOC",
        price="0", orderStatus="PartiallyFilledCanceled", marketUnit="quoteCoin", tpslMode=None, createType=None,
        leavesQty="", avgPrice="1923.28"))
    push("order.linear", "new", order_row(
        orderStatus="New", avgPrice="", leavesQty="0.010", leavesValue="641.233", cumExecQty="0.000",
        cumExecValue="0", cumExecFee="0", cumFeeDetail={}))
    push("execution", "fill-and-funding", execution_row(), execution_row(**FUNDING))
    push("execution.linear", "closing", execution_row(
        execId="x-2", side="Sell", execPnl="1.25", closedSize="0.010", isMaker=False, seq=900000012))
    frame("private/main/execution.fast", "fill",
          {"topic": "execution.fast", "creationTime": T + 43, "data": [
              {"category": "linear", "symbol": "BTCUSDT", "orderId": "0b6c", "orderLinkId": "", "isMaker": True,
               "execId": "x-1", "execPrice": "64123.30", "execQty": "0.010", "side": "Buy",
               "execTime": str(T + 40), "seq": 900000009}]})
    push("position", "long-and-flat", position_row(), position_row(**FLAT))
    push("position.linear", "short", position_row(side="Sell", size="0.030", positionIdx=2))
    push("wallet", "two-coins", wallet_row())
    push("greeks", "one", {"baseCoin": "BTC", "totalDelta": "0.1", "totalGamma": "0", "totalVega": "0",
                           "totalTheta": "0"})


# --- REST -----------------------------------------------------------------------------------------------------------

def contract(symbol, tick, step, most, **more):
    row = {"symbol": symbol, "symbolId": 7, "contractType": "LinearPerpetual", "status": "Trading",
           "baseCoin": symbol[:3], "quoteCoin": "USDT", "launchTime": "1584230400000", "deliveryTime": "0",
           "deliveryFeeRate": "", "priceScale": "2",
           "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
           "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
           "lotSizeFilter": {"maxOrderQty": most, "minOrderQty": step, "qtyStep": step,
                             "postOnlyMaxOrderQty": most, "maxMktOrderQty": most, "minNotionalValue": "5"},
           "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": "USDT", "copyTrading": "both",
           "upperFundingRate": "0.00375", "lowerFundingRate": "-0.00375", "isPreListing": False,
           "preListingInfo": None, "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
           "displayName": "", "symbolType": ""}
    row.update(more)
    return row


def rest():
    info = "/v5/market/instruments-info"
    exchange("GET", "/v5/market/time", "now",
             reply({"timeSecond": str(T // 1000), "timeNano": f"{T}123456"}), account="public")
    exchange("GET", info, "linear", page("linear", [
        contract("BTCUSDT", "0.10", "0.001", "1190.000"),
        contract("NILUSDT", "0.0000000000001", "1", "26000000000000",
                 priceFilter={"minPrice": "0.0000000000001", "maxPrice": "0.01", "tickSize": "0.0000000000001"}),
        contract("ETHUSDT-25DEC26", "0.01", "0.01", "7240.00", contractType="LinearFutures",
                 deliveryTime="1798185600000", fundingInterval=0)], "first%3DETHUSDT-25DEC26"),
        query="category=linear&limit=1000", account="public")
    exchange("GET", info, "spot", page("spot", [
        {"symbolId": 9, "symbol": "ETHUSDT", "baseCoin": "ETH", "quoteCoin": "USDT", "innovation": "0",
         "status": "Trading", "marginTrading": "both", "stTag": "0",
         "lotSizeFilter": {"basePrecision": "0.00001", "quotePrecision": "0.0000001", "minOrderQty": "0.00062",
                           "maxOrderQty": "1229.2336343", "minOrderAmt": "5", "maxOrderAmt": "8000000",
                           "maxLimitOrderQty": "3000", "maxMarketOrderQty": "1500",
                           "postOnlyMaxLimitOrderSize": "6000"},
         "priceFilter": {"tickSize": "0.01"},
         "riskParameters": {"priceLimitRatioX": "0.005", "priceLimitRatioY": "0.01"}, "symbolType": ""}]),
        query="category=spot&limit=1000", account="public")
    exchange("GET", info, "inverse", page("inverse", [
        contract("BTCUSD", "0.50", "1", "25000000", contractType="InversePerpetual", quoteCoin="USD",
                 settleCoin="BTC")]), query="category=inverse&limit=1000", account="public")
    exchange("GET", info, "option", page("option", [
        {"symbol": "BTC-25DEC26-90000-C", "status": "Trading", "baseCoin": "BTC", "quoteCoin": "USD",
         "settleCoin": "USDC", "optionsType": "Call", "launchTime": "1760000000000",
         "deliveryTime": "1798185600000", "deliveryFeeRate": "0.00015",
         "priceFilter": {"minPrice": "5", "maxPrice": "1110000", "tickSize": "5"},
         "lotSizeFilter": {"maxOrderQty": "500", "minOrderQty": "0.01", "qtyStep": "0.01"},
         "displayName": "BTCUSDC-25DEC26-90000-C"}]), query="category=option&limit=1000", account="public")
    exchange("GET", "/v5/market/orderbook", "two-sides",
             reply({"s": "BTCUSDT", "b": [["64123.40", "1.250"]], "a": [["64123.50", "0.300"]], "ts": T + 2,
                    "u": 88001, "seq": 900000010, "cts": T + 1}),
             query="category=linear&symbol=BTCUSDT&limit=200", account="public")

    new = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.010",
           "price": "64123.30", "timeInForce": "PostOnly", "orderLinkId": "s1-17"}
    ids = {"orderId": "0b6cf1d2-0000-4000-8000-00000000aa01", "orderLinkId": "s1-17"}
    exchange("POST", "/v5/order/create", "accepted", reply(ids), request=new)
    exchange("POST", "/v5/order/create", "refused", reply({}, 110007, "ab not enough for new order"), request=new)
    exchange("POST", "/v5/order/create", "timed-out", None, request=new, status=0, outcome="timed-out",
             reason="no answer within 5 s")
    exchange("POST", "/v5/order/create", "not-sent", None, request=new, status=0, outcome="not-sent",
             reason="halted")
    exchange("POST", "/v5/order/amend", "accepted", reply(ids),
             request={"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "s1-17", "price": "64123.20"})
    exchange("POST", "/v5/order/cancel", "too-late",
             reply({}, 110001, "order not exists or too late to cancel"),
             request={"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "s1-17"})
    exchange("POST", "/v5/order/cancel-all", "one", reply({"list": [ids], "success": "1"}),
             request={"category": "linear", "settleCoin": "USDT"})

    def listed(row, **more):
        return {key: value for key, value in {**row, **more}.items() if key != "category"}

    exchange("GET", "/v5/order/realtime", "one-open", page("linear", [
        listed(order_row(orderStatus="PartiallyFilled", leavesQty="0.006", cumExecQty="0.004"),
               triggerPrice="0.00")], "0b6c%3A1767225600000%2C0b6c%3A1767225600000"),
        query="category=linear&settleCoin=USDT&openOnly=0&limit=50")
    exchange("GET", "/v5/order/realtime", "none", page("linear", []),
             query="category=linear&symbol=BTCUSDT&orderLinkId=s1-99")
    exchange("GET", "/v5/order/history", "one-cancelled", page("linear", [
        listed(order_row(orderStatus="Cancelled", cancelType="CancelByUser", rejectReason="EC_PerCancelRequest",
                         leavesQty="0.000", avgPrice="", cumExecQty="0.000"))]),
        query="category=linear&symbol=BTCUSDT&orderLinkId=s1-17")
    fill = listed(execution_row())
    del fill["execPnl"]
    funding = listed(execution_row(**FUNDING))
    del funding["execPnl"]
    exchange("GET", "/v5/execution/list", "fill-and-funding", page("linear", [fill, funding]),
             query=f"category=linear&startTime={T}&limit=100")
    held = listed(position_row(), avgPrice="64123.3")
    del held["entryPrice"]
    exchange("GET", "/v5/position/list", "one", page("linear", [held]),
             query="category=linear&settleCoin=USDT&limit=200")
    exchange("GET", "/v5/account/wallet-balance", "two-coins", reply({"list": [wallet_row()]}),
             query="accountType=UNIFIED")
    exchange("GET", "/v5/account/transaction-log", "funding-and-transfer", reply({
        "nextPageCursor": "21%3A1", "list": [
            {"transSubType": "", "id": "77_BTCUSDT_1", "symbol": "BTCUSDT", "side": "Sell",
             "funding": "0.25648872", "orderLinkId": "", "orderId": "1767225600-77-1-1", "fee": "0.00000000",
             "change": "0.25648872", "cashFlow": "0", "transactionTime": str(T), "type": "SETTLEMENT",
             "feeRate": "-0.0001", "bonusChange": "", "size": "-0.040", "qty": "0.040",
             "cashBalance": "9999.82", "currency": "USDT", "category": "linear", "tradePrice": "64122.18",
             "tradeId": "f-1"},
            {"transSubType": "", "id": "77_transfer", "symbol": "", "side": "None", "funding": "",
             "orderLinkId": "", "orderId": "", "fee": "", "change": "100", "cashFlow": "100",
             "transactionTime": str(T - 5), "type": "TRANSFER_IN", "feeRate": "", "bonusChange": "", "size": "",
             "qty": "", "cashBalance": "9999.56351128", "currency": "USDT", "category": "", "tradePrice": "",
             "tradeId": ""}]}), query=f"accountType=UNIFIED&category=linear&startTime={T}&limit=50")
    exchange("GET", "/v5/position/closed-pnl", "not-spoken", page("linear", []), query="category=linear")


# --- ours -----------------------------------------------------------------------------------------------------------

def ours():
    for name, change, reason, count in (("connected", "connected", "", 0), ("shed", "shed", "queue is full", 12),
                                        ("disconnected", "disconnected", "closed by peer", 0),
                                        ("ready", "ready", "", 0), ("failed", "failed", "no route", 0)):
        frame("link/public/linear", name,
              {"change": change, "socket": "public/linear", "reason": reason, "count": count})
    frame("desk/timer", "fired", {"strategy": "maker", "name": "requote", "due": f"{T}000000"})
    frame("desk/operator", "stop", {"verb": "stop", "reason": "end of day"})
    frame("session/tick", "one", {"monotonic": "1000000000"})
    frame("session/clock", "one", {"wall": f"{T}000000", "monotonic": "1000000000", "offset": ""})
    frame("session/start", "one", {"session": "s1", "run": 1, "program": "0.1.0", "behaviour": 1, "format": 1})
    frame("session/end", "one", {"reason": "SIGTERM"})
    frame("session/channel", "one", {"id": 7, "stream": "public/linear/orderbook.50.BTCUSDT", "slot": 1,
                                     "direction": "in", "origin": "wss://localhost"})


for part in ("public", "private", "trade", "rest", "link", "desk", "session"):
    shutil.rmtree(HERE / part, ignore_errors=True)
public()
answers()
private()
rest()
ours()
print(sum(1 for file in HERE.rglob("*") if file.suffix in (".json", ".record")), "payloads")

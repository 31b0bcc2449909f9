"""A bot with pybit that trades a little and writes down what it says and hears: `with_pybit.py LOG`.

It knows nothing of a proxy: addresses are pybit's own.
"""

import json
import os
import sys
import threading
import time

import pybit._websocket_stream
import requests
import websocket
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

KEY, SECRET = os.environ["BOT_KEY"], os.environ["BOT_SECRET"]
SYMBOL = "BTCUSDT"
log, lock = open(sys.argv[1], "w", encoding="utf-8"), threading.Lock()


def note(what, **entry):
    with lock:
        log.write(json.dumps({"what": what, **entry}) + "\n")
        log.flush()


def watched(owner, name, see):
    original = getattr(owner, name)

    def seen(self, *arguments, **options):
        see(*arguments)
        return original(self, *arguments, **options)

    setattr(owner, name, seen)


watched(pybit._websocket_stream._WebSocketManager, "_on_message", lambda text: note("heard", text=text))
watched(websocket.WebSocketApp, "send", lambda text, *_: note("said", text=text))
watched(
    requests.Session,
    "send",
    lambda request, *_: note("called", method=request.method, sign=request.headers.get("X-BAPI-SIGN", "")),
)


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(what + " did not come")
        time.sleep(0.01)


orders, executions, answers, books = [], [], [], []
http = HTTP(api_key=KEY, api_secret=SECRET, recv_window=20_000)
http.client.cookies.set("sid", os.environ["BOT_COOKIE"])
http.get_server_time()
http.get_instruments_info(category="linear", symbol=SYMBOL)
options = {"api_key": KEY, "api_secret": SECRET, "private_auth_expire": 20}
private = WebSocket(testnet=False, channel_type="private", **options)
private.order_stream(lambda message: orders.extend(message["data"]))
private.execution_stream(lambda message: executions.extend(message["data"]))
private.position_stream(lambda message: None)
private.wallet_stream(lambda message: None)
public = WebSocket(testnet=False, channel_type="linear")
public.orderbook_stream(50, SYMBOL, books.append)
public.trade_stream(SYMBOL, lambda message: None)
trading = WebSocketTrading(testnet=False, **options)
until(lambda: books, "a book")
bid = float(http.get_orderbook(category="linear", symbol=SYMBOL, limit=1)["result"]["b"][0][0])
order = {"category": "linear", "symbol": SYMBOL, "side": "Buy", "orderType": "Limit", "qty": "0.01"}
for number in range(5):
    link = f"pybit-{number}"
    http.place_order(**order, price=f"{bid * 0.97:.1f}", orderLinkId=link)
    http.amend_order(category="linear", symbol=SYMBOL, orderLinkId=link, price=f"{bid * 0.96:.1f}")
    http.cancel_order(category="linear", symbol=SYMBOL, orderLinkId=link)
trading.place_order(answers.append, **order, price=f"{bid * 0.97:.1f}", orderLinkId="pybit-socket")
until(lambda: answers, "an answer on the trade socket")
http.place_order(**{**order, "orderType": "Market"}, orderLinkId="pybit-fill")
until(lambda: any(row["orderLinkId"] == "pybit-fill" for row in executions), "the fill")
until(lambda: sum(row["orderStatus"] == "Cancelled" for row in orders) >= 5, "the cancels")
http.get_positions(category="linear", symbol=SYMBOL)
http.get_executions(category="linear", symbol=SYMBOL)
note("done", position=http.get_wallet_balance(accountType="UNIFIED")["retCode"])
os._exit(0)

"""Market-making bots for `tapedeck test-bot`: `quoting.py KIND [CHANGE]`, by pybit or ccxt.

Each quotes around a grid that the market leaves seldom, so that what it asks depends on what it saw and not on how fast
the machine is. CHANGE is the one line that a test changes.
"""

import asyncio
import os
import sys
import threading
import time
import uuid

KEY, SECRET = os.environ["BOT_KEY"], os.environ["BOT_SECRET"]
KIND, CHANGE = sys.argv[1], "".join(sys.argv[2:3])
SYMBOL = "BTCUSDT"
QUANTITY = "0.02" if CHANGE == "quantity" else "0.01"
GRID = 2_000


def grid(price):
    """Far below the market, on a step of the grid."""
    return int(float(price) * 0.9) // GRID * GRID


def order(link, price, side="Buy"):
    base = {"category": "linear", "symbol": SYMBOL, "side": side, "orderType": "Limit"}
    return {**base, "qty": QUANTITY, "price": str(price), "orderLinkId": link}


def pybit_parts():
    from pybit.unified_trading import HTTP, WebSocket

    keys = {"api_key": KEY, "api_secret": SECRET}
    http = HTTP(recv_window=20_000, **keys)
    public = WebSocket(testnet=False, channel_type="linear")
    private = WebSocket(testnet=False, channel_type="private", private_auth_expire=20, **keys)
    return http, public, private


class State:
    """What the sockets said, for whoever waits for it."""

    def __init__(self):
        self.changed = threading.Condition()
        self.bid, self.rows = None, []

    def book(self, message):
        with self.changed:
            self.bid = message["data"]["b"][0][0] if message["data"]["b"] else self.bid
            self.changed.notify_all()

    def order(self, message):
        with self.changed:
            self.rows += [(row["orderLinkId"], row["orderStatus"]) for row in message["data"]]
            self.changed.notify_all()

    def until(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, 30):
                raise SystemExit("it did not come")


def opened():
    http, public, private = pybit_parts()
    state = State()
    private.order_stream(state.order)
    public.orderbook_stream(1, SYMBOL, state.book)
    state.until(lambda: state.bid)
    return http, state


def place(http, state, link, price):
    http.place_order(**order(link, price))
    state.until(lambda: (link, "New") in state.rows)


def cancel(http, state, link):
    http.cancel_order(category="linear", symbol=SYMBOL, orderLinkId=link)
    state.until(lambda: (link, "Cancelled") in state.rows)


def maker():
    """Quotes, and quotes anew when its order is on the book."""
    http, state = opened()
    for number in range(8):
        place(http, state, f"maker-{number}", grid(state.bid))
        cancel(http, state, f"maker-{number}")


def sleeper():
    """Requotes every quarter of a second."""
    http, state = opened()
    link = ""
    for number in range(12):
        time.sleep(0.25)
        if link:
            http.cancel_order(category="linear", symbol=SYMBOL, orderLinkId=link)
        link = f"sleeper-{number}"
        http.place_order(**order(link, grid(state.bid) - number))


def threads():
    """Three threads with a symbol of their own each."""
    from pybit.unified_trading import HTTP

    def run(symbol, pause):
        http = HTTP(recv_window=20_000, api_key=KEY, api_secret=SECRET)
        book = http.get_orderbook(category="linear", symbol=symbol, limit=1)["result"]
        digits = len(book["b"][0][0].partition(".")[2])
        low = f"{float(book['b'][0][0]) * 0.95:.{digits}f}"
        quantity = float(QUANTITY) * (1 if symbol == SYMBOL else 100)
        for number in range(6):
            time.sleep(pause)
            link = f"{symbol}-{number}"
            http.place_order(**{**order(link, low), "symbol": symbol, "qty": f"{quantity:g}"})
            http.cancel_order(category="linear", symbol=symbol, orderLinkId=link)

    symbols = (("BTCUSDT", 0.11), ("ETHUSDT", 0.13), ("SOLUSDT", 0.17))
    workers = [threading.Thread(target=run, args=work) for work in symbols]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)


def poller():
    """Ids by chance, and a poll of its positions each second beside it."""
    http, state = opened()
    done = threading.Event()

    def poll():
        while not done.wait(1.0):
            http.get_positions(category="linear", symbol=SYMBOL)

    worker = threading.Thread(target=poll)
    worker.start()
    for _ in range(5):
        link = uuid.uuid4().hex
        time.sleep(0.5)
        place(http, state, link, grid(state.bid))
        cancel(http, state, link)
    done.set()
    worker.join(60)


async def ccxt_maker():
    import ccxt.pro

    bot = ccxt.pro.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    symbol = "BTC/USDT:USDT"
    try:
        await bot.load_markets()
        book = await bot.watch_order_book(symbol)
        for number in range(6):
            price = grid(book["bids"][0][0])
            made = await bot.create_order(
                symbol, "limit", "buy", float(QUANTITY), price, {"orderLinkId": f"ccxt-{number}"}
            )
            await asyncio.sleep(0.25)
            await bot.cancel_order(made["id"], symbol)
    finally:
        await bot.close()


if KIND == "ccxt":
    asyncio.run(asyncio.wait_for(ccxt_maker(), 120))
else:
    {"maker": maker, "sleeper": sleeper, "threads": threads, "poller": poller}[KIND]()
os._exit(0)

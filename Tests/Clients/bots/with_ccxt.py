"""A bot with ccxt.pro that trades a little and writes down what it says and hears: `with_ccxt.py LOG`.

It knows nothing of a proxy: addresses are ccxt's own.
"""

import asyncio
import json
import os
import sys

import ccxt.pro
from ccxt.async_support.base.ws.client import Client

SYMBOL = "BTC/USDT:USDT"
log = open(sys.argv[1], "w", encoding="utf-8")


def note(what, **entry):
    log.write(json.dumps({"what": what, **entry}) + "\n")
    log.flush()


class Bot(ccxt.pro.bybit):
    async def fetch(self, url, method="GET", headers=None, body=None):
        note("called", method=method, sign=(headers or {}).get("X-BAPI-SIGN", ""))
        return await super().fetch(url, method, headers, body)


handle = Client.handle_text_or_binary_message


def heard(self, data):
    note("heard", text=data if isinstance(data, str) else bytes(data).decode())
    return handle(self, data)


Client.handle_text_or_binary_message = heard


async def trade():
    bot = Bot({"apiKey": os.environ["BOT_KEY"], "secret": os.environ["BOT_SECRET"], "enableRateLimit": False})
    bot.headers = {"Cookie": "sid=" + os.environ["BOT_COOKIE"]}
    try:
        await bot.load_markets()
        book = await bot.watch_order_book(SYMBOL)
        bid = book["bids"][0][0]
        watching = asyncio.create_task(bot.watch_orders(SYMBOL))
        await asyncio.sleep(1)
        for number in range(5):
            price = bot.price_to_precision(SYMBOL, bid * 0.97)
            order = await bot.create_order(
                SYMBOL, "limit", "buy", 0.01, price, {"orderLinkId": f"ccxt-{number}"}
            )
            await bot.cancel_order(order["id"], SYMBOL)
        await bot.create_order(SYMBOL, "market", "buy", 0.01, None, {"orderLinkId": "ccxt-fill"})
        await asyncio.wait_for(watching, 60)
        while not any(position["contracts"] for position in await bot.fetch_positions([SYMBOL])):
            await asyncio.sleep(0.1)
        await bot.fetch_my_trades(SYMBOL)
        note("done")
    finally:
        await bot.close()


asyncio.run(asyncio.wait_for(trade(), 120))

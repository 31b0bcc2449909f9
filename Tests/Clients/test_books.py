"""The books that pybit and ccxt keep from our pushes, held against the matching engine's after each message.

The clock is virtual and goes on in steps of the fastest push of a depth, so that there is one message a topic and step.
TAPEDECK_BOOK_MESSAGES says how many messages each client gets; the full run is 100000.
"""

import asyncio
import logging
import os
import time
import unittest

import ccxt
import ccxt.pro

import pybit_sessions
from exchange import Exchange, wait_until
from test_ccxt import SPOT, SWAP, pro

logging.getLogger("pybit").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.ERROR)
MESSAGES = int(os.environ.get("TAPEDECK_BOOK_MESSAGES", "3000"))
RECONNECTS = 10
# Category, symbol, depth; ccxt keeps one depth a symbol.
BOOKS = [("linear", "BTCUSDT", 50), ("linear", "ETHUSDT", 200), ("spot", "BTCUSDT", 50), ("spot", "ETHUSDT", 200)]
STEP = 20


def name(book):
    return "/".join(str(part) for part in book)


class Truth:
    """The exchange's own books after each step, and which of them a message told of."""

    def __init__(self, exchange, books):
        self.exchange, self.books = exchange, books
        self.updates = {book: 0 for book in books}
        self.messages = 0
        self.milliseconds = 0

    def step(self, milliseconds=STEP):
        """Books that changed in the eyes of their subscribers; with 0 those that were subscribed to anew."""
        reply = self.exchange.advance(milliseconds, [name(book) for book in self.books])
        self.milliseconds = reply["exchange_milliseconds"]
        changed = []
        for book, own in zip(self.books, reply["books"]):
            if own["u"] != self.updates[book]:
                self.updates[book] = own["u"]
                self.messages += 1
                changed.append((book, own))
        return changed

    def disconnect(self, sockets):
        done = self.exchange.manner("disconnect", path="/v5/public/*")["carried_out"]
        assert done == sockets, f"{done} of {sockets} sockets were there to be dropped"

    def wait_for_topics(self):
        """All books are subscribed to again."""
        wanted = {(f"/v5/public/{c}", f"orderbook.{d}.{s}") for c, s, d in self.books}

        def subscribed():
            return wanted <= {(c["path"], t) for c in self.exchange.status()["clients"] for t in c["topics"]}

        wait_until(subscribed, 30, "the subscriptions after a reconnect")


class PybitBooks(unittest.TestCase):
    def test_pybit_has_the_exchanges_own_book_after_each_message(self):
        with Exchange("--pace", "virtual") as exchange:
            truth = Truth(exchange, BOOKS)
            sockets = {c: pybit_sessions.public(exchange, c, retries=0) for c in ("linear", "spot")}
            for category, symbol, depth in BOOKS:
                sockets[category].orderbook_stream(depth, symbol, lambda message: None)
            truth.wait_for_topics()
            pushed = truth.messages
            for turn in range(RECONNECTS + 1):
                for book, own in truth.step(0):
                    self.check(sockets[book[0]], book, own)
                while truth.messages * (RECONNECTS + 1) < (turn + 1) * MESSAGES:
                    for book, own in truth.step():
                        self.check(sockets[book[0]], book, own)
                if turn < RECONNECTS:
                    truth.disconnect(len(sockets))
                    self.wait_for_reconnect(exchange, sockets)
                    truth.wait_for_topics()
            self.assertGreaterEqual(truth.messages - pushed, MESSAGES)
            self.assertEqual(len(exchange.journal("disconnect")), RECONNECTS * len(sockets))
            print(f"pybit: {truth.messages} messages, {RECONNECTS} reconnects of {len(sockets)} sockets", flush=True)
            for socket in sockets.values():
                socket.exit()

    def wait_for_reconnect(self, exchange, sockets):
        wait_until(lambda: len(exchange.status()["clients"]) == len(sockets), 30, "the sockets after a reconnect")
        wait_until(lambda: all(s.is_connected() for s in sockets.values()), 30, "pybit's reconnect")

    def check(self, socket, book, own):
        topic = f"orderbook.{book[2]}.{book[1]}"
        end = time.monotonic() + 20
        while socket.data.get(topic, {}).get("u") != own["u"]:
            if time.monotonic() > end:
                self.fail(f"pybit did not get u {own['u']} of {name(book)}; it has {socket.data.get(topic, {}).get('u')}")
            time.sleep(0)
        # pybit sets `u` before it applies the levels of the same message.
        bids, asks = sorted_levels(own["b"], True), sorted_levels(own["a"], False)
        while (sorted_levels(socket.data[topic]["b"], True), sorted_levels(socket.data[topic]["a"], False)) != (bids, asks):
            if time.monotonic() > end:
                self.assertEqual(sorted_levels(socket.data[topic]["b"], True), bids, f"bids of {name(book)} at u {own['u']}")
                self.assertEqual(sorted_levels(socket.data[topic]["a"], False), asks, f"asks of {name(book)} at u {own['u']}")
            time.sleep(0)


def sorted_levels(levels, descending):
    return sorted(([float(price), float(size)] for price, size in list(levels)), reverse=descending)


class CcxtBooks(unittest.IsolatedAsyncioTestCase):
    async def test_ccxt_has_the_exchanges_own_book_after_each_message(self):
        asyncio.get_running_loop().set_debug(False)
        with Exchange("--pace", "virtual") as exchange:
            client = pro(exchange)
            await client.load_markets()
            symbols = {book: client.safe_symbol(book[1], None, None, "spot" if book[0] == "spot" else "contract") for book in BOOKS}
            self.assertEqual(symbols[BOOKS[0]], SWAP)
            self.assertEqual(symbols[BOOKS[2]], SPOT)
            truth = Truth(exchange, BOOKS)
            watchers = [asyncio.create_task(self.watch(client, symbol, book[2])) for book, symbol in symbols.items()]
            try:
                await self.until_subscribed(truth)
                for turn in range(RECONNECTS + 1):
                    for book, own in truth.step(0):
                        await self.check(client, symbols[book], own, truth.milliseconds)
                    while truth.messages * (RECONNECTS + 1) < (turn + 1) * MESSAGES:
                        for book, own in truth.step():
                            await self.check(client, symbols[book], own, truth.milliseconds)
                    if turn < RECONNECTS:
                        truth.disconnect(2)
                        await self.until_gone(client)
                        await self.until_subscribed(truth)
                self.assertEqual(len(exchange.journal("disconnect")), 2 * RECONNECTS)
                print(f"ccxt: {truth.messages} messages, {RECONNECTS} reconnects of 2 sockets", flush=True)
            finally:
                for watcher in watchers:
                    watcher.cancel()
                await asyncio.gather(*watchers, return_exceptions=True)
                await client.close()

    async def watch(self, client, symbol, depth):
        while True:
            try:
                await client.watch_order_book(symbol, depth)
            except ccxt.NetworkError:
                # The line broke; the next call opens another and subscribes again.
                await asyncio.sleep(0.01)

    async def until_subscribed(self, truth):
        wait = asyncio.create_task(asyncio.to_thread(truth.wait_for_topics))
        await wait

    async def until_gone(self, client):
        # ccxt notices on its own loop.
        await asyncio.sleep(0.05)

    async def check(self, client, symbol, own, milliseconds):
        end = time.monotonic() + 20
        bids, asks = floats(own["b"]), floats(own["a"])
        while True:
            book = client.orderbooks.get(symbol)
            if book is not None and book["timestamp"] == milliseconds:
                break
            if time.monotonic() > end:
                self.fail(f"ccxt did not get the push of {milliseconds} for {symbol}: {book and book['timestamp']}")
            await asyncio.sleep(0)
        self.assertEqual([list(level) for level in book["bids"]], bids, f"bids of {symbol} at u {own['u']}")
        self.assertEqual([list(level) for level in book["asks"]], asks, f"asks of {symbol} at u {own['u']}")


def floats(levels):
    return [[float(price), float(size)] for price, size in levels]


if __name__ == "__main__":
    unittest.main()

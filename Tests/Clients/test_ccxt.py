"""A session of ccxt and one of ccxt.pro as PyPI has them, plain: what they report themselves is what is asserted."""

import asyncio
import unittest

import ccxt
import ccxt.pro

from exchange import KEY, SECRET, Exchange, wait_until

SWAP, COIN_SWAP, SPOT = "BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USDT"


def point(client, exchange):
    """Every host of the client's table becomes the exchange's."""

    def rewritten(value, base):
        if isinstance(value, dict):
            return {key: rewritten(item, base) for key, item in value.items()}
        return base

    urls = client.urls["api"]
    for key, value in list(urls.items()):
        if key != "ws":
            urls[key] = rewritten(value, exchange.url)
    if "ws" in urls:
        public = {name: f"{exchange.websocket}/v5/public/{name}" for name in ("spot", "inverse", "linear", "option")}
        private = exchange.websocket + "/v5/private"
        urls["ws"] = {
            "public": public,
            "private": {
                "spot": {"unified": private, "nonUnified": private},
                "contract": private,
                "usdc": private,
                "trade": exchange.websocket + "/v5/trade",
            },
        }
    return client


def pro(exchange):
    return point(ccxt.pro.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False}), exchange)


class CcxtSession(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exchange = Exchange("--rate-limits", "off")
        cls.client = point(ccxt.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False}), cls.exchange)
        cls.markets = cls.client.load_markets()

    @classmethod
    def tearDownClass(cls):
        cls.exchange.__exit__()

    def option(self):
        return self.one_of(name for name, market in self.markets.items() if market["option"])

    def one_of(self, names):
        name = next(names, None)
        if name is None:
            self.skipTest("the market lists no options")
        return name

    def needs(self, symbol):
        if symbol not in self.markets:
            self.skipTest(f"the market does not list {symbol}")

    def far(self, symbol, part=0.97):
        self.needs(symbol)
        bid = self.client.fetch_order_book(symbol)["bids"][0][0]
        return float(self.client.price_to_precision(symbol, bid * part))

    def order(self, created, symbol):
        # What ccxt wants said: that the exchange keeps its last 500 orders only.
        return self.client.fetch_order(created["id"], symbol, {"acknowledged": True})

    def quantity(self, symbol, times=2):
        return float(self.client.amount_to_precision(symbol, self.markets[symbol]["limits"]["amount"]["min"] * times))

    def test_markets_of_every_category_are_loaded(self):
        kinds = {(m["type"], m["linear"], m["inverse"]) for m in self.markets.values()}
        for symbol in (SWAP, SPOT):
            self.assertIn(symbol, self.markets)
        self.assertTrue(self.markets[SWAP]["linear"])
        self.assertEqual(self.markets[SWAP]["contractSize"], 1)
        self.needs(COIN_SWAP)
        self.option()
        self.assertIn("option", {kind[0] for kind in kinds})
        self.assertTrue(self.markets[COIN_SWAP]["inverse"])

    def test_market_data_of_every_category(self):
        for symbol in (SWAP, SPOT, COIN_SWAP, "an option"):
            with self.subTest(symbol):
                symbol = self.option() if symbol == "an option" else symbol
                self.needs(symbol)
                ticker = self.client.fetch_ticker(symbol)
                self.assertEqual(ticker["symbol"], symbol)
                self.assertLess(ticker["bid"], ticker["ask"])
                book = self.client.fetch_order_book(symbol, limit=25)
                self.assertLess(book["bids"][0][0], book["asks"][0][0])
                trades = self.client.fetch_trades(symbol)
                self.assertTrue(all(trade["symbol"] == symbol for trade in trades))
        for symbol in (SWAP, SPOT):
            self.assertEqual(len(self.client.fetch_ohlcv(symbol, "1m")[-1]), 6)
        self.assertEqual(self.client.fetch_funding_rate(SWAP)["symbol"], SWAP)
        self.client.fetch_funding_rate_history(SWAP)
        self.client.fetch_leverage_tiers([SWAP])
        # From the start on: ccxt fails on an empty list.
        self.assertGreater(self.client.fetch_open_interest(SWAP, {"interval": "5m"})["openInterestAmount"], 0)
        self.assertTrue(self.client.fetch_open_interest_history(SWAP, "1h"))

    def test_an_order_object_lives_through_place_amend_and_cancel(self):
        for symbol in (SWAP, SPOT, COIN_SWAP):
            with self.subTest(symbol):
                price = self.far(symbol)
                amount = self.quantity(symbol, {SPOT: 20_000, COIN_SWAP: 100}.get(symbol, 4))
                created = self.client.create_order(symbol, "limit", "buy", amount, price, {"postOnly": True})
                order = self.client.fetch_open_order(created["id"], symbol)
                self.assertEqual((order["status"], order["side"], order["type"]), ("open", "buy", "limit"))
                self.assertEqual((order["price"], order["amount"], order["filled"]), (price, amount, 0))
                self.assertEqual((order["symbol"], order["postOnly"]), (symbol, True))
                lower = self.far(symbol, 0.96)
                self.client.edit_order(created["id"], symbol, "limit", "buy", amount, lower)
                self.assertEqual(self.client.fetch_open_order(created["id"], symbol)["price"], lower)
                self.client.cancel_order(created["id"], symbol)
                self.assertEqual(self.order(created, symbol)["status"], "canceled")
                with self.assertRaises(ccxt.OrderNotFound):
                    self.client.cancel_order(created["id"], symbol)

    def test_batches(self):
        wishes = [
            {"symbol": SWAP, "type": "limit", "side": "buy", "amount": self.quantity(SWAP), "price": self.far(SWAP, part)}
            for part in (0.96, 0.961)
        ]
        orders = self.client.create_orders(wishes)
        self.assertEqual(len({order["id"] for order in orders}), 2)
        open_ids = {order["id"] for order in self.client.fetch_open_orders(SWAP)}
        self.assertTrue({order["id"] for order in orders} <= open_ids)
        self.client.cancel_orders([order["id"] for order in orders], SWAP)
        self.assertFalse({order["id"] for order in orders} & {o["id"] for o in self.client.fetch_open_orders(SWAP)})

    def test_a_fill_shows_in_order_trades_position_and_balance(self):
        amount = self.quantity(SWAP, 5)
        before = self.client.fetch_balance()["USDT"]["total"]
        created = self.client.create_order(SWAP, "market", "buy", amount)
        order = wait_until(lambda: self.client.fetch_closed_order(created["id"], SWAP), what="the closed order")
        self.assertEqual((order["status"], order["filled"], order["remaining"]), ("closed", amount, 0))
        trades = self.client.fetch_my_trades(SWAP, params={"orderId": created["id"]})
        self.assertAlmostEqual(sum(trade["amount"] for trade in trades), amount)
        self.assertTrue(all(trade["takerOrMaker"] == "taker" for trade in trades))
        cost = sum(trade["cost"] for trade in trades)
        self.assertAlmostEqual(order["cost"], cost, places=4)
        position = self.client.fetch_position(SWAP)
        self.assertEqual((position["side"], position["contracts"]), ("long", amount))
        self.assertAlmostEqual(position["entryPrice"], cost / amount, places=4)
        fees = sum(trade["fee"]["cost"] for trade in trades)
        self.assertAlmostEqual(self.client.fetch_balance()["USDT"]["total"], before - fees, places=6)
        self.client.create_order(SWAP, "market", "sell", amount, params={"reduceOnly": True})
        wait_until(lambda: not self.client.fetch_position(SWAP)["contracts"], what="a flat position")
        ledger = self.client.fetch_ledger("USDT")
        self.assertTrue(any(entry["type"] == "trade" for entry in ledger))

    def test_conditional_and_attached_exits(self):
        price = self.far(SWAP)
        created = self.client.create_order(
            SWAP, "limit", "buy", self.quantity(SWAP), price,
            {"stopLoss": {"triggerPrice": price * 0.9}, "takeProfit": {"triggerPrice": price * 1.1}},
        )
        order = self.client.fetch_open_order(created["id"], SWAP)
        self.assertAlmostEqual(order["stopLossPrice"], price * 0.9, delta=1)
        self.client.cancel_order(created["id"], SWAP)

    def test_settings(self):
        self.client.set_leverage(9, SWAP)
        self.assertEqual(self.client.fetch_leverage(SWAP)["longLeverage"], 9)
        fee = self.client.fetch_trading_fee(SWAP)
        self.assertGreater(fee["taker"], fee["maker"])

    def test_errors_are_typed(self):
        with self.assertRaises(ccxt.InsufficientFunds):
            self.client.create_order(SWAP, "limit", "buy", 100, self.far(SWAP))
        wrong = point(ccxt.bybit({"apiKey": KEY, "secret": "WRONG"}), self.exchange)
        with self.assertRaises(ccxt.AuthenticationError):
            wrong.fetch_balance()


class CcxtProSession(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.exchange = Exchange("--rate-limits", "off")

    @classmethod
    def tearDownClass(cls):
        cls.exchange.__exit__()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.seen = {"watch_orders": [], "watch_my_trades": [], "watch_positions": [], "watch_balance": []}
        self.client = pro(self.exchange)
        await self.client.load_markets()

    async def asyncTearDown(self):
        await self.client.close()

    def option(self):
        name = next((name for name, market in self.client.markets.items() if market["option"]), None)
        if name is None:
            self.skipTest("the market lists no options")
        return name

    async def test_public_streams_of_every_category(self):
        for symbol in (SWAP, SPOT, COIN_SWAP, "an option"):
            with self.subTest(symbol):
                symbol = self.option() if symbol == "an option" else symbol
                if symbol not in self.client.markets:
                    self.skipTest(f"the market does not list {symbol}")
                book = await asyncio.wait_for(self.client.watch_order_book(symbol), 20)
                self.assertLess(book["bids"][0][0], book["asks"][0][0])
                ticker = await asyncio.wait_for(self.client.watch_ticker(symbol), 20)
                self.assertEqual(ticker["symbol"], symbol)
        for symbol in (SWAP, SPOT):
            trades = await asyncio.wait_for(self.client.watch_trades(symbol), 30)
            self.assertEqual(trades[0]["symbol"], symbol)
            candles = await asyncio.wait_for(self.client.watch_ohlcv(symbol, "1m"), 30)
            self.assertEqual(len(candles[-1]), 6)

    async def test_private_streams_see_an_order_through(self):
        orders = asyncio.create_task(self._collect(self.client.watch_orders))
        trades = asyncio.create_task(self._collect(self.client.watch_my_trades))
        positions = asyncio.create_task(self._collect(self.client.watch_positions))
        balances = asyncio.create_task(self._collect(self.client.watch_balance))
        tasks = (orders, trades, positions, balances)
        try:
            wanted = {"order", "execution", "position", "wallet"}
            await self._until(lambda: wanted <= set(self._topics()), "four private topics")
            created = await self.client.create_order(SWAP, "market", "buy", 0.01)
            await self._until(
                lambda: any(o["id"] == created["id"] and o["status"] == "closed" for o in self.seen["watch_orders"]), "the order's end"
            )
            order = next(o for o in self.seen["watch_orders"] if o["id"] == created["id"] and o["status"] == "closed")
            self.assertEqual((order["symbol"], order["filled"]), (SWAP, 0.01))
            await self._until(
                lambda: sum(t["amount"] for t in self.seen["watch_my_trades"] if t["order"] == created["id"]) >= 0.01 - 1e-9,
                "its trades",
            )
            await self._until(
                lambda: any(p["symbol"] == SWAP and p["contracts"] == 0.01 for p in self.seen["watch_positions"]), "its position"
            )
            await self._until(lambda: self.seen["watch_balance"], "a balance")
            await self.client.create_order(SWAP, "market", "sell", 0.01, params={"reduceOnly": True})
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _collect(self, watch):
        while True:
            value = await watch()
            self.seen[watch.__name__] += value if isinstance(value, list) else [value]

    async def _until(self, condition, what, seconds=20):
        for _ in range(seconds * 100):
            if condition():
                return
            await asyncio.sleep(0.01)
        self.fail(f"{what} did not come within {seconds} s")

    def _topics(self):
        return [t for c in self.exchange.status()["clients"] if c["path"] == "/v5/private" for t in c["topics"]]

    async def test_the_trade_socket_places_amends_and_cancels(self):
        bid = (await self.client.fetch_order_book(SWAP))["bids"][0][0]
        price = float(self.client.price_to_precision(SWAP, bid * 0.97))
        created = await asyncio.wait_for(self.client.create_order_ws(SWAP, "limit", "buy", 0.01, price), 20)
        order = await self.client.fetch_open_order(created["id"], SWAP)
        self.assertEqual((order["status"], order["price"]), ("open", price))
        lower = float(self.client.price_to_precision(SWAP, bid * 0.96))
        await asyncio.wait_for(self.client.edit_order_ws(created["id"], SWAP, "limit", "buy", 0.01, lower), 20)
        self.assertEqual((await self.client.fetch_open_order(created["id"], SWAP))["price"], lower)
        await asyncio.wait_for(self.client.cancel_order_ws(created["id"], SWAP), 20)
        order = await self.client.fetch_order(created["id"], SWAP, {"acknowledged": True})
        self.assertEqual(order["status"], "canceled")


if __name__ == "__main__":
    unittest.main()

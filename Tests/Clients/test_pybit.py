"""A session of pybit as PyPI has it, over TLS: what it reports itself is what is asserted."""

import unittest
from decimal import Decimal

from pybit.exceptions import InvalidRequestError

import pybit_sessions as sessions
from exchange import Exchange, wait_until
from pybit_sessions import Inbox

CATEGORIES = ("linear", "inverse", "spot", "option")


class PybitSession(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exchange = Exchange("--rate-limits", "off", plain=False)
        cls.http = sessions.http(cls.exchange)
        cls.instruments = {
            category: cls.http.get_instruments_info(category=category)["result"]["list"] for category in CATEGORIES
        }

    @classmethod
    def tearDownClass(cls):
        cls.exchange.__exit__()

    def symbol(self, category):
        rows = self.instruments[category]
        if not rows:
            self.skipTest(f"the market lists nothing of {category}")
        wanted = {"linear": "BTCUSDT", "inverse": "BTCUSD", "spot": "BTCUSDT"}.get(category)
        return next((row["symbol"] for row in rows if row["symbol"] == wanted), rows[0]["symbol"])

    def row(self, category):
        return next(r for r in self.instruments[category] if r["symbol"] == self.symbol(category))

    def touch(self, category, symbol=None):
        book = self.http.get_orderbook(category=category, symbol=symbol or self.symbol(category), limit=1)["result"]
        return Decimal(book["b"][0][0]), Decimal(book["a"][0][0])

    def quantity(self, category, times=2):
        filters = self.row(category)["lotSizeFilter"]
        return str(Decimal(filters["minOrderQty"]) * times)

    def far(self, category, part="0.97"):
        """A bid that rests: some percent below the best one, on a tick."""
        tick = Decimal(self.row(category)["priceFilter"]["tickSize"])
        bid, _ = self.touch(category)
        return str((bid * Decimal(part) // tick) * tick)

    def test_the_server_tells_its_time(self):
        reply = self.http.get_server_time()
        self.assertEqual(reply["retCode"], 0)
        self.assertEqual(int(reply["result"]["timeNano"]) // 10**9, int(reply["result"]["timeSecond"]))

    def test_market_data_of_every_category(self):
        for category in CATEGORIES:
            with self.subTest(category):
                symbol = self.symbol(category)
                bid, ask = self.touch(category)
                self.assertLess(bid, ask)
                ticker = self.http.get_tickers(category=category, symbol=symbol)["result"]["list"][0]
                self.assertEqual(ticker["symbol"], symbol)
                self.assertGreater(Decimal(ticker["ask1Price"]), Decimal(ticker["bid1Price"]))
                if category != "option":
                    rows = wait_until(
                        lambda: self.http.get_kline(category=category, symbol=symbol, interval="1")["result"]["list"],
                        what="a candle",
                    )
                    self.assertEqual(len(rows[0]), 7)
                trades = self.http.get_public_trade_history(category=category, symbol=symbol)["result"]["list"]
                self.assertIsInstance(trades, list)

    def test_public_streams_of_every_category(self):
        depths = {"linear": 50, "inverse": 50, "spot": 50, "option": 25}
        for category in CATEGORIES:
            with self.subTest(category):
                symbol = self.symbol(category)
                books, tickers = Inbox(), Inbox()
                socket = sessions.public(self.exchange, category)
                try:
                    socket.orderbook_stream(depths[category], symbol, books)
                    socket.ticker_stream(symbol, tickers)
                    wait_until(lambda: len(books.all()) > 3 and tickers.all(), what=f"books and tickers of {category}")
                    book = books.all()[-1]
                    self.assertEqual(book["topic"], f"orderbook.{depths[category]}.{symbol}")
                    best_bid = max(Decimal(level[0]) for level in book["data"]["b"])
                    best_ask = min(Decimal(level[0]) for level in book["data"]["a"])
                    self.assertLess(best_bid, best_ask)
                    self.assertEqual(tickers.all()[-1]["data"]["symbol"], symbol)
                finally:
                    socket.exit()

    def test_linear_trades_and_candles_come(self):
        trades, candles, liquidations = Inbox(), Inbox(), Inbox()
        socket = sessions.public(self.exchange, "linear")
        try:
            socket.trade_stream("BTCUSDT", trades)
            socket.kline_stream(1, "BTCUSDT", candles)
            socket.all_liquidation_stream("BTCUSDT", liquidations)
            wait_until(lambda: trades.all() and candles.all(), what="trades and candles")
            trade = trades.rows()[0]
            self.assertEqual(trade["s"], "BTCUSDT")
            self.assertIn(trade["S"], ("Buy", "Sell"))
            self.assertEqual(candles.rows()[0]["interval"], "1")
        finally:
            socket.exit()

    def test_an_order_is_placed_amended_and_cancelled(self):
        price, quantity = self.far("linear"), self.quantity("linear")
        placed = self.http.place_order(
            category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty=quantity, price=price,
            timeInForce="PostOnly", orderLinkId="pybit-1",
        )["result"]
        self.assertEqual(placed["orderLinkId"], "pybit-1")
        row = self.http.get_open_orders(category="linear", symbol="BTCUSDT", orderId=placed["orderId"])["result"]["list"][0]
        self.assertEqual(row["orderStatus"], "New")
        self.assertEqual(Decimal(row["price"]), Decimal(price))
        lower = self.far("linear", "0.965")
        amended = self.http.amend_order(category="linear", symbol="BTCUSDT", orderLinkId="pybit-1", price=lower)["result"]
        self.assertEqual(amended["orderId"], placed["orderId"])
        row = self.http.get_open_orders(category="linear", symbol="BTCUSDT", orderId=placed["orderId"])["result"]["list"][0]
        self.assertEqual(Decimal(row["price"]), Decimal(lower))
        self.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=placed["orderId"])
        row = self.http.get_order_history(category="linear", orderId=placed["orderId"])["result"]["list"][0]
        self.assertEqual(row["orderStatus"], "Cancelled")
        with self.assertRaises(InvalidRequestError) as refused:
            self.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=placed["orderId"])
        self.assertEqual(refused.exception.status_code, 110001)

    def test_batches_on_linear(self):
        quantity = self.quantity("linear")
        wishes = [
            {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": quantity,
             "price": self.far("linear", part), "orderLinkId": "pybit-batch-" + part[2:]}
            for part in ("0.96", "0.961", "0.962")
        ]
        wishes.append({"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0", "price": "1"})
        reply = self.http.place_batch_order(category="linear", request=wishes)
        codes = [item["code"] for item in reply["retExtInfo"]["list"]]
        self.assertEqual(codes[:3], [0, 0, 0])
        self.assertNotEqual(codes[3], 0)
        ids = [row["orderId"] for row in reply["result"]["list"][:3]]
        self.http.amend_batch_order(
            category="linear",
            request=[{"symbol": "BTCUSDT", "orderId": order, "price": self.far("linear", "0.955")} for order in ids],
        )
        rows = self.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]
        mine = [row for row in rows if row["orderId"] in ids]
        self.assertEqual(len(mine), 3)
        self.assertEqual(len({row["price"] for row in mine}), 1)
        reply = self.http.cancel_batch_order(
            category="linear", request=[{"symbol": "BTCUSDT", "orderId": order} for order in ids]
        )
        self.assertEqual([item["code"] for item in reply["retExtInfo"]["list"]], [0, 0, 0])

    def test_a_fill_shows_in_every_private_stream_and_endpoint(self):
        orders, executions, positions, wallets = Inbox(), Inbox(), Inbox(), Inbox()
        socket = sessions.private(self.exchange)
        try:
            socket.order_stream(orders)
            socket.execution_stream(executions)
            socket.position_stream(positions)
            socket.wallet_stream(wallets)
            wait_until(lambda: len(self._private_topics()) == 4, what="four private topics")
            before = self._balance("USDT")
            placed = self.http.place_order(
                category="linear", symbol="ETHUSDT", side="Buy", orderType="Market", qty="0.10", orderLinkId="pybit-fill"
            )["result"]
            order = wait_until(
                lambda: next((r for r in orders.rows() if r["orderId"] == placed["orderId"] and r["orderStatus"] == "Filled"), None),
                what="the order's end",
            )
            self.assertEqual(Decimal(order["cumExecQty"]), Decimal("0.10"))
            fills = [r for r in executions.rows() if r["orderId"] == placed["orderId"]]
            self.assertEqual(sum(Decimal(r["execQty"]) for r in fills), Decimal("0.10"))
            fee = sum(Decimal(r["execFee"]) for r in fills)
            self.assertEqual(Decimal(order["cumExecFee"]), fee)
            row = self.http.get_executions(category="linear", orderId=placed["orderId"])["result"]["list"]
            self.assertEqual({r["execId"] for r in row}, {r["execId"] for r in fills})
            position = wait_until(
                lambda: next((r for r in positions.rows() if r["symbol"] == "ETHUSDT" and Decimal(r["size"]) > 0), None),
                what="the position",
            )
            told = self.http.get_positions(category="linear", symbol="ETHUSDT")["result"]["list"][0]
            self.assertEqual((told["side"], Decimal(told["size"])), ("Buy", Decimal(position["size"])))
            self.assertEqual(Decimal(told["avgPrice"]), Decimal(position["entryPrice"]))
            self.assertEqual(self._balance("USDT"), before - fee)
            wait_until(lambda: wallets.all(), what="a wallet")
            self.http.place_order(
                category="linear", symbol="ETHUSDT", side="Sell", orderType="Market", qty="0.10", reduceOnly=True
            )
            wait_until(
                lambda: Decimal(self.http.get_positions(category="linear", symbol="ETHUSDT")["result"]["list"][0]["size"]) == 0,
                what="a flat position",
            )
            pages = self.http.get_transaction_log(accountType="UNIFIED", category="linear", limit=50)["result"]["list"]
            changes = [Decimal(r["change"]) for r in pages if r["symbol"] == "ETHUSDT" and r["type"] == "TRADE"]
            self.assertEqual(self._balance("USDT"), before + sum(changes))
        finally:
            socket.exit()

    def _private_topics(self):
        sockets = [c for c in self.exchange.status()["clients"] if c["path"] == "/v5/private"]
        return sockets[-1]["topics"] if sockets else []

    def _balance(self, coin):
        coins = self.http.get_wallet_balance(accountType="UNIFIED", coin=coin)["result"]["list"][0]["coin"]
        return Decimal(next(row["walletBalance"] for row in coins if row["coin"] == coin))

    def test_spot_orders_hold_and_give_back_coins(self):
        placed = self.http.place_order(
            category="spot", symbol="BTCUSDT", side="Buy", orderType="Market", qty="100", marketUnit="quoteCoin"
        )["result"]
        row = wait_until(
            lambda: next(iter(self.http.get_order_history(category="spot", orderId=placed["orderId"])["result"]["list"]), None),
            what="the spot order",
        )
        self.assertIn(row["orderStatus"], ("Filled", "PartiallyFilledCanceled"))
        self.assertLessEqual(Decimal(row["cumExecValue"]), Decimal(100))
        self.assertGreater(Decimal(row["cumExecValue"]), Decimal(90))

    def test_orders_on_inverse_and_options(self):
        for category in ("inverse", "option"):
            with self.subTest(category):
                symbol = self.symbol(category)
                placed = self.http.place_order(
                    category=category, symbol=symbol, side="Buy", orderType="Limit", qty=self.quantity(category, 100 if category == "inverse" else 1),
                    price=self.far(category, "0.97"), orderLinkId=f"pybit-{category}",
                )["result"]
                row = self.http.get_open_orders(category=category, symbol=symbol, orderId=placed["orderId"])["result"]["list"][0]
                self.assertEqual(row["orderStatus"], "New")
                self.http.cancel_order(category=category, symbol=symbol, orderId=placed["orderId"])

    def test_leverage_and_position_mode(self):
        self.http.set_leverage(category="linear", symbol="BTCUSDT", buyLeverage="7", sellLeverage="7")
        row = self.http.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"][0]
        self.assertEqual(Decimal(row["leverage"]), 7)
        with self.assertRaises(InvalidRequestError) as refused:
            self.http.set_leverage(category="linear", symbol="BTCUSDT", buyLeverage="7", sellLeverage="7")
        self.assertEqual(refused.exception.status_code, 110043)

    def test_a_wrong_secret_is_refused(self):
        with self.assertRaises(InvalidRequestError) as refused:
            sessions.http(self.exchange, secret="WRONG").get_wallet_balance(accountType="UNIFIED")
        self.assertEqual(refused.exception.status_code, 10004)

    def test_the_trade_socket_places_amends_and_cancels(self):
        socket = sessions.trading(self.exchange)
        answers, errors = Inbox(), Inbox()
        try:
            wait_until(lambda: socket.auth, what="the login of the trade socket")
            socket.place_order(
                answers, category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit",
                qty=self.quantity("linear"), price=self.far("linear"), orderLinkId="pybit-ws",
            )
            order = wait_until(lambda: answers.all(), what="the answer to the order")[0]
            self.assertEqual((order["retCode"], order["op"]), (0, "order.create"))
            identity = order["data"]["orderId"]
            socket.amend_order(answers, category="linear", symbol="BTCUSDT", orderId=identity, price=self.far("linear", "0.96"))
            wait_until(lambda: len(answers.all()) == 2, what="the answer to the amendment")
            socket.cancel_order(answers, category="linear", symbol="BTCUSDT", orderId=identity)
            wait_until(lambda: len(answers.all()) == 3, what="the answer to the cancellation")
            socket.cancel_order(answers, errors, category="linear", symbol="BTCUSDT", orderId=identity)
            self.assertEqual(wait_until(lambda: errors.all(), what="the refusal")[0]["retCode"], 110001)
            wishes = [
                {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": self.quantity("linear"),
                 "price": self.far("linear", "0.96")} for _ in range(3)
            ]
            socket.place_batch_order(answers, category="linear", request=wishes)
            batch = wait_until(lambda: answers.all()[3:], what="the answer to the batch")[0]
            self.assertEqual(len(batch["data"]["list"]), 3)
            self.http.cancel_all_orders(category="linear", symbol="BTCUSDT")
        finally:
            socket.exit()

    def test_spread_endpoints_and_stream(self):
        rows = self.http.spread_get_instruments_info()["result"]["list"]
        if not rows:
            self.skipTest("the market lists no combinations")
        symbol, tick = rows[0]["symbol"], Decimal(rows[0]["tickSize"])
        book = self.http.spread_get_orderbook(symbol=symbol, limit=25)["result"]
        bid, ask = Decimal(book["b"][0][0]), Decimal(book["a"][0][0])
        self.assertLess(bid, ask)
        self.assertEqual(self.http.spread_get_tickers(symbol=symbol)["result"]["list"][0]["symbol"], symbol)
        self.http.spread_get_public_trade_history(symbol=symbol)
        sessions.point(self.exchange)
        import pybit.unified_trading as unified

        books = Inbox()
        socket = unified.WebsocketSpreadTrading(testnet=False)
        try:
            socket.orderbook_stream(25, symbol, books)
            wait_until(lambda: len(books.all()) > 2, what="the combination's book")
        finally:
            socket.exit()
        placed = self.http.spread_place_order(
            symbol=symbol, side="Buy", orderType="Limit", qty=rows[0]["minSize"], price=str(bid - 20 * tick),
            orderLinkId="pybit-spread", timeInForce="PostOnly",
        )["result"]
        row = self.http.spread_get_open_orders(symbol=symbol)["result"]["list"][0]
        self.assertEqual(row["orderId"], placed["orderId"])
        self.http.spread_amend_order(symbol=symbol, orderId=placed["orderId"], price=str(bid - 21 * tick))
        self.http.spread_cancel_order(orderId=placed["orderId"])
        self.assertEqual(self.http.spread_get_open_orders(symbol=symbol)["result"]["list"], [])
        history = self.http.spread_get_order_history(symbol=symbol)["result"]["list"]
        self.assertEqual(history[0]["orderId"], placed["orderId"])
        self.http.spread_get_trade_history(symbol=symbol)


if __name__ == "__main__":
    unittest.main()

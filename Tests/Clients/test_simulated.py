"""pybit on `serve RECORDING --simulated`: a recorded market that its orders meet."""

import os
import subprocess
import tempfile
import time
import unittest
from decimal import Decimal

from exchange import Exchange, wait_until
from pybit_sessions import Inbox, http, private, public

SYMBOL = "BTCUSDT"


class RecordedMarket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tapedeck-recorded-")
        cls.recording = os.path.join(cls.folder.name, "demo")
        command = [os.environ["TAPEDECK"], "demo", "--seconds", "12", "--seed", "3", "--out", cls.recording, "--json"]
        subprocess.run(command, check=True, capture_output=True, cwd=cls.folder.name, timeout=120)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_pybit_trades_on_a_recorded_market(self):
        with Exchange("--pace", "real", recording=self.recording) as exchange:
            session = http(exchange)
            account = private(exchange)
            orders, fills, wallets = Inbox(), Inbox(), Inbox()
            account.order_stream(callback=orders)
            account.execution_stream(callback=fills)
            account.wallet_stream(callback=wallets)
            before = self.balance(session)
            self.assertFalse(exchange.status()["begun"], "the market waits for somebody who listens")

            market = public(exchange, "linear")
            books, trades = Inbox(), Inbox()
            market.orderbook_stream(50, SYMBOL, books)
            market.trade_stream(SYMBOL, trades)
            wait_until(lambda: books.all() and books.all()[-1]["data"]["a"], what="a book")
            # The recording's times are the client's present.
            self.assertLess(abs(books.all()[-1]["ts"] - time.time() * 1_000), 5_000)

            ask = Decimal(books.all()[-1]["data"]["a"][0][0])
            reply = session.place_order(
                category="linear", symbol=SYMBOL, side="Buy", orderType="Market", qty="0.002", orderLinkId="taken"
            )
            self.assertEqual(reply["retCode"], 0, reply)
            fill = wait_until(lambda: [row for row in fills.rows() if row["orderLinkId"] == "taken"], what="a fill")[0]
            # The exchange is ahead of what it has told, by the way that its messages took.
            self.assertLess(abs(Decimal(fill["execPrice"]) - ask), 5, f"filled at {fill['execPrice']}, asked {ask}")
            self.assertFalse(fill["isMaker"])

            best = Decimal(books.all()[-1]["data"]["b"][0][0])
            price = str((best * Decimal("0.97")).to_integral_value())
            session.place_order(
                category="linear",
                symbol=SYMBOL,
                side="Buy",
                orderType="Limit",
                qty="0.001",
                price=price,
                timeInForce="PostOnly",
                orderLinkId="resting",
            )
            states = lambda: [row["orderStatus"] for row in orders.rows() if row["orderLinkId"] == "resting"]
            wait_until(lambda: "New" in states(), what="an order that rests")
            session.cancel_order(category="linear", symbol=SYMBOL, orderLinkId="resting")
            wait_until(lambda: "Cancelled" in states(), what="a cancelled order")

            wait_until(lambda: exchange.status()["over"], 60, "the recording's end")
            self.assertTrue(trades.all(), "trades of the tape")
            positions = session.get_positions(category="linear", symbol=SYMBOL)["result"]["list"]
            self.assertEqual(Decimal(positions[0]["size"]), Decimal("0.002"), positions)
            paid = before - self.balance(session)
            self.assertEqual(paid, sum(Decimal(row["execFee"]) for row in fills.rows()), "fees, and nothing else")
            print(f"{len(books.all())} messages, {len(fills.rows())} fills")
            market.exit()
            account.exit()

    def balance(self, session):
        account = session.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        return next(Decimal(coin["walletBalance"]) for coin in account["coin"] if coin["coin"] == "USDT")


if __name__ == "__main__":
    unittest.main()

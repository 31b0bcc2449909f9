"""Each manner of the exchange: ordered at the control endpoint, seen by pybit, and found in the exchange's journal."""

import logging
import threading
import time
import unittest

import requests
from pybit.exceptions import FailedRequestError

import pybit_sessions as sessions
from exchange import Exchange, wait_until
from pybit_sessions import Inbox

logging.getLogger("pybit").setLevel(logging.CRITICAL)
BEST = "orderbook.1.BTCUSDT"


class Manners(unittest.TestCase):
    def setUp(self):
        self.exchange = Exchange("--rate-limits", "off")
        self.http = sessions.http(self.exchange, timeout=2, max_retries=1)
        self.sockets = []

    def tearDown(self):
        for socket in self.sockets:
            socket.exit()
        self.exchange.__exit__()

    # Sockets whose messages pybit hands over as they came.

    def public(self, topics=(BEST,), **options):
        inbox = Inbox()
        socket = sessions.public(self.exchange, "linear", callback_function=inbox, **options)
        self.sockets.append(socket)
        for topic in topics:
            socket.subscribe(topic.replace("BTCUSDT", "{symbol}"), inbox, "BTCUSDT")
        wait_until(lambda: len(self.pushes(inbox)) > 2, what="pushes")
        return socket, inbox

    def private(self):
        inbox = Inbox()
        socket = sessions.private(self.exchange, callback_function=inbox)
        self.sockets.append(socket)
        for topic in ("order", "execution", "position", "wallet"):
            socket.subscribe(topic, inbox)
        wait_until(
            lambda: any(len(c["topics"]) == 4 for c in self.exchange.status()["clients"] if c["path"] == "/v5/private"),
            what="four topics",
        )
        return socket, inbox

    @staticmethod
    def pushes(inbox, topic=None):
        return [m for m in inbox.all() if "topic" in m and (topic is None or m["topic"] == topic)]

    def place(self, link, **changes):
        order = dict(category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price="60000", orderLinkId=link)
        return self.http.place_order(**{**order, **changes})["result"]

    def entries(self, what, count=1):
        entries = wait_until(lambda: self.exchange.journal(what), what=f"{what} in the journal")
        self.assertEqual(len(entries), count)
        self.assertEqual([e for e in self.exchange.journal_from_file() if e["what"] == what], entries)
        return entries

    # On a WebSocket.

    def test_gap(self):
        _, inbox = self.public()
        self.exchange.manner("gap", topic=BEST, after=2, pushes=3)
        wait_until(lambda: self.exchange.journal("gap")[2:], what="the gap")
        told = [entry["u"] for entry in self.entries("gap", 3)]
        wait_until(lambda: self.pushes(inbox)[-1]["data"]["u"] > told[-1], what="a push after the gap")
        seen = {m["data"]["u"] for m in self.pushes(inbox)}
        self.assertEqual([u for u in range(min(seen), max(seen)) if u not in seen], told)

    def test_duplicate(self):
        _, inbox = self.private()
        self.exchange.manner("duplicate", account="main", topic="order")
        self.place("twice")
        wait_until(lambda: len(self.pushes(inbox, "order")) >= 2, what="two order messages")
        messages = self.pushes(inbox, "order")
        self.assertEqual(messages[0], messages[1])
        self.assertEqual(self.entries("duplicate")[0]["id"], messages[0]["id"])

    def test_reorder(self):
        _, inbox = self.private()
        self.exchange.manner("reorder", account="main", topic="execution")
        # So small that one order of the book fills it: executions are not swapped with one another.
        self.place("swapped", orderType="Market", price=None, qty="0.001")
        wait_until(lambda: self.pushes(inbox, "wallet"), what="the wallet")
        topics = [m["topic"] for m in self.pushes(inbox)]
        entry = self.entries("reorder")[0]
        place = topics.index("execution")
        self.assertEqual((entry["topic"], topics[place - 1]), ("execution", entry["after"]))
        self.assertNotEqual(entry["after"], "execution")

    def test_snapshot_out_of_the_blue(self):
        topic = "orderbook.50.BTCUSDT"
        _, inbox = self.public([topic])
        self.assertEqual(self.exchange.manner("snapshot", topic=topic)["carried_out"], 1)

        def snapshots():
            return [m for m in self.pushes(inbox) if m["type"] == "snapshot"]

        wait_until(lambda: len(snapshots()) == 2, what="a second snapshot")
        numbers = [m["data"]["u"] for m in self.pushes(inbox)]
        place = self.pushes(inbox).index(snapshots()[1])
        self.assertEqual(numbers[place], numbers[place - 1])
        self.entries("snapshot")

    def test_restart_of_u(self):
        topic = "orderbook.50.BTCUSDT"
        _, inbox = self.public([topic])
        self.exchange.manner("restart-u", topic=topic)
        wait_until(lambda: any(m["data"]["u"] == 3 for m in self.pushes(inbox)), what="u 3")
        numbers = [m["data"]["u"] for m in self.pushes(inbox)]
        start = numbers.index(1)
        self.assertEqual(numbers[start : start + 3], [1, 2, 3])
        self.assertEqual(self.pushes(inbox)[start]["type"], "snapshot")
        self.entries("restart-u")

    def test_latency(self):
        _, inbox = self.public()
        times = []
        original = inbox.messages

        class Timed(list):
            def append(self, message):
                times.append(time.monotonic())
                super().append(message)

        with inbox.lock:
            inbox.messages = Timed(original)
        # Without one before it a pause is not seen.
        wait_until(lambda: len(times) > 1, what="two pushes")
        self.exchange.manner("latency", topic=BEST, milliseconds=700)
        self.entries("latency")
        wait_until(lambda: any(b - a > 0.6 for a, b in zip(times, times[1:])), what="a pause")
        numbers = [m["data"]["u"] for m in self.pushes(inbox)]
        self.assertEqual(numbers, sorted(numbers))

    def test_disconnect(self):
        socket, inbox = self.public()
        first = self.exchange.status()["clients"][0]["client"]
        self.assertEqual(self.exchange.manner("disconnect", client=first)["carried_out"], 1)
        # pybit comes again by itself, and subscribes again.
        wait_until(
            lambda: any(c["client"] != first and c["topics"] == [BEST] for c in self.exchange.status()["clients"]),
            what="another socket",
        )
        count = len(self.pushes(inbox))
        wait_until(lambda: len(self.pushes(inbox)) > count + 2, what="pushes after the reconnect")
        self.assertEqual(self.entries("disconnect")[0]["client"], first)
        self.assertIn(first, [entry["client"] for entry in self.exchange.journal("closed")])
        self.assertTrue(socket.is_connected())

    def test_half_open(self):
        # pybit finds out by its own ping, two seconds and one after.
        _, inbox = self.public(ping_interval=2, ping_timeout=1)
        first = self.exchange.status()["clients"][0]["client"]
        self.exchange.manner("half-open", client=first)
        time.sleep(0.3)
        count = len(self.pushes(inbox))
        time.sleep(0.5)
        self.assertEqual(len(self.pushes(inbox)), count, "a half-open line brings nothing")
        wait_until(
            lambda: any(c["client"] != first and c["topics"] for c in self.exchange.status()["clients"]), 30, "another socket"
        )
        wait_until(lambda: len(self.pushes(inbox)) > count, what="pushes on the new line")
        self.assertEqual(self.entries("half-open")[0]["client"], first)

    # On a request.

    def test_unanswered(self):
        self.exchange.manner("unanswered", path="/v5/order/create", account="main")
        with self.assertRaises(requests.exceptions.ReadTimeout):
            self.place("silence")
        entry = self.entries("unanswered")[0]
        rows = self.http.get_open_orders(category="linear", symbol="BTCUSDT", orderLinkId="silence")["result"]["list"]
        self.assertEqual(rows[0]["orderStatus"], "New")
        self.assertIn(rows[0]["orderId"], entry["answer"])
        self.assertIn('"silence"', entry["request"])

    def test_unanswered_on_the_trade_socket(self):
        socket = sessions.trading(self.exchange)
        self.sockets.append(socket)
        wait_until(lambda: socket.auth, what="the login")
        self.exchange.manner("unanswered", path="/v5/trade")
        answers = Inbox()
        for link in ("never", "soon"):
            socket.place_order(
                answers, category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price="60000",
                orderLinkId=link,
            )
        wait_until(lambda: answers.all(), what="the second answer")
        self.assertEqual(answers.all()[0]["data"]["orderLinkId"], "soon")
        self.assertEqual(self.entries("unanswered")[0]["answer"]["data"]["orderLinkId"], "never")
        rows = self.http.get_open_orders(category="linear", symbol="BTCUSDT", orderLinkId="never")["result"]["list"]
        self.assertEqual(len(rows), 1)

    def test_a_node_restarts(self):
        first, second = (sessions.trading(self.exchange) for _ in range(2))
        self.sockets += [first, second]
        wait_until(lambda: first.auth and second.auth, what="the logins")
        answers, errors = Inbox(), Inbox()
        sockets = [c["client"] for c in self.exchange.status()["clients"]]
        self.exchange.manner("node-restart", client=min(sockets))
        for socket in (first, second):
            socket.place_order(
                answers, errors, category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price="60000",
                orderLinkId="elsewhere",
            )
            wait_until(lambda: answers.all() or errors.all(), what="an answer")
        wait_until(lambda: answers.all() and errors.all(), what="both answers")
        self.assertEqual(errors.all()[0]["retCode"], 10019)
        self.assertEqual(answers.all()[0]["data"]["orderLinkId"], "elsewhere")
        self.assertEqual(len(self.entries("node-restart", 2)), 2)

    def test_late_answer_and_late_request(self):
        for manner in ("late-answer", "latency"):
            self.exchange.manner(manner, path="/v5/order/create", milliseconds=600)
            start = time.monotonic()
            self.place(manner)
            self.assertGreaterEqual(time.monotonic() - start, 0.6)
            self.entries(manner)

    def test_rate_limit(self):
        # pybit sleeps until the reset that the header tells, and asks again.
        http = sessions.http(self.exchange, max_retries=3)
        self.exchange.manner("rate-limit", path="/v5/order/create", milliseconds=500)
        start = time.monotonic()
        placed = http.place_order(
            category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price="60000", orderLinkId="limited"
        )["result"]
        self.assertEqual(placed["orderLinkId"], "limited")
        self.assertGreaterEqual(time.monotonic() - start, 0.4)
        self.assertEqual(self.entries("rate-limit")[0]["path"], "/v5/order/create")

    def test_forbidden_and_server_errors(self):
        for manner, status, order in (
            ("forbidden", 403, {}), ("overload", 429, {}), ("server-error", 502, {}), ("server-error", 503, {"status": 503}),
        ):
            self.exchange.manner(manner, path="/v5/market/time", **order)
            with self.assertRaises(FailedRequestError) as refused:
                self.http.get_server_time()
            self.assertEqual(refused.exception.status_code, status)
        self.http.get_server_time()
        self.entries("forbidden")
        self.entries("overload")
        self.assertEqual([entry["status"] for entry in self.entries("server-error", 2)], [502, 503])

    def test_a_request_is_cut_off(self):
        self.exchange.manner("disconnect", path="/v5/market/time", after=0)
        with self.assertRaises(requests.exceptions.ConnectionError):
            self.http.get_server_time()
        self.assertEqual(self.entries("disconnect")[0]["path"], "/v5/market/time")

    # On everybody.

    def test_maintenance(self):
        _, inbox = self.public(retries=0)
        self.exchange.manner("maintenance", milliseconds=1_500)
        with self.assertRaises(FailedRequestError) as refused:
            self.http.get_server_time()
        self.assertEqual(refused.exception.status_code, 503)
        count = len(self.pushes(inbox))
        wait_until(lambda: len(self.pushes(inbox)) > count + 3, 30, "pushes after the maintenance")
        self.http.get_server_time()
        entries = self.exchange.journal("maintenance")
        self.assertEqual(entries[0]["sockets"], 1)
        self.assertTrue(any(entry.get("path") == "/v5/public/linear" for entry in entries), "a refused handshake")

    def test_clock_offset(self):
        self.exchange.manner("clock-offset", milliseconds=-4_000)
        told = int(self.http.get_server_time()["result"]["timeNano"]) / 1e9
        self.assertAlmostEqual(told, time.time() - 4, delta=2)
        # Its time is before that of the request, which Bybit refuses; pybit tries once here.
        http = sessions.http(self.exchange, max_retries=1, retry_delay=0)
        with self.assertRaises(FailedRequestError):
            http.get_wallet_balance(accountType="UNIFIED")
        self.exchange.manner("clock-offset", milliseconds=0)
        self.http.get_wallet_balance(accountType="UNIFIED")
        self.assertEqual([entry["milliseconds"] for entry in self.entries("clock-offset", 2)], [-4_000, 0])


class Chaos(unittest.TestCase):
    def test_what_pybit_missed_is_what_the_journal_says(self):
        """A client under chaos, its record held against the exchange's: every gap, repeat and restart is accounted for."""
        with Exchange("--chaos", "5", "--pace", "x20", "--rate-limits", "off") as exchange:
            kinds = ("orderbook.1", "orderbook.50", "orderbook.200", "publicTrade", "tickers")
            topics = [f"{kind}.{symbol}" for symbol in ("BTCUSDT", "ETHUSDT") for kind in kinds]
            books = [topic for topic in topics if topic.startswith("orderbook.")]
            records, lock = [], threading.Lock()

            def keep(message):
                with lock:
                    records.append(message)

            socket = sessions.public(exchange, "linear", callback_function=keep, retries=0, ping_interval=3, ping_timeout=1)
            for topic in topics:
                kind, symbol = topic.rsplit(".", 1)
                socket.subscribe(kind + ".{symbol}", keep, symbol)

            def enough():
                # A gap of a book, whose numbers tell.
                done = {e["what"] for e in exchange.journal() if "push" in e and (e["what"] != "gap" or "u" in e)}
                return {"gap", "reorder", "snapshot", "latency"} <= done

            wait_until(enough, 240, "four manners of chaos")
            time.sleep(1)
            socket.exit()
            with lock:
                record = list(records)
            journal = [entry for entry in exchange.journal() if entry.get("topic") in topics]
            missed = {(e["topic"], e["u"]) for e in journal if e["what"] == "gap" and "u" in e}
            for topic in books:
                found = self.holes([m for m in record if m.get("topic") == topic])
                named = {u for name, u in missed if name == topic}
                self.assertTrue(found <= named, f"{topic}: {sorted(found - named)} are missing and in no entry of the journal")
            self.assertTrue(all(entry["cause"] == "chaos" for entry in journal))
            snapshots = [e for e in journal if e["what"] == "snapshot"]
            print(f"chaos: {len(record)} messages, {len(journal)} manners, {len(missed)} gaps, {len(snapshots)} snapshots", flush=True)

    @staticmethod
    def holes(messages):
        """Numbers left out between two messages of one line; a snapshot begins anew."""
        holes, last = set(), None
        for message in messages:
            number = message["data"]["u"]
            if last is not None and message["type"] == "delta" and number > last + 1:
                holes |= set(range(last + 1, number))
            last = number
        return holes


if __name__ == "__main__":
    unittest.main()

"""Bots of pybit and ccxt, recorded through `tapedeck proxy`, then held against their recordings by `test-bot`.

TAPEDECK_BOT_RUNS is how often each is held against its recording; 10 is the full run.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

from exchange import Exchange
from test_proxy import PACKAGE, Proxy

FOLDER = pathlib.Path(__file__).resolve().parent
BOT = str(FOLDER / "bots" / "quoting.py")
RUNS = int(os.environ.get("TAPEDECK_BOT_RUNS", "1"))


class RecordedBots(unittest.TestCase):
    def command(self, kind, change=""):
        return [sys.executable, "-m", "tapedeck", "run", BOT, kind] + ([change] if change else [])

    def recorded(self, kind, folder):
        proxy = Proxy(folder)
        try:
            run = subprocess.run(
                self.command(kind), capture_output=True, text=True, timeout=120, env=proxy.environment()
            )
        finally:
            proxy.end()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return proxy

    def judged(self, proxy, kind, pace, change="", *options):
        environment = proxy.environment()
        for name in ("TAPEDECK_REST_URL", "TAPEDECK_WS_URL"):
            del environment[name]
        began = time.monotonic()
        run = subprocess.run(
            [os.environ["TAPEDECK"], "test-bot", proxy.recording, "--json", "--pace", pace, *options]
            + ["--", *self.command(kind, change)],
            capture_output=True,
            text=True,
            timeout=180,
            env=environment,
        )
        self.assertTrue(run.stdout, run.stderr)
        return run.returncode, json.loads(run.stdout.splitlines()[-1]), run.stderr, time.monotonic() - began

    def hold(self, kind, paces, *options):
        with Exchange("--rate-limits", "off") as exchange:
            proxy = self.recorded(kind, exchange)
            for number in range(RUNS):
                for pace in paces:
                    status, report, words, took = self.judged(proxy, kind, pace, "", *options)
                    where = f"{kind} {pace} run {number}: {report} {words}"
                    self.assertEqual((status, report["result"]), (0, "same"), where)
                    self.assertEqual(report["same"], report["requests"], where)
                    self.assertGreater(report["requests"], 5, where)
                    self.assertTrue(report["virtual_clock"], where)
                    print(f"{kind} {pace}: {report['same']} messages, the same in {took:.1f} s")
            status, report, words, _ = self.judged(proxy, kind, paces[-1], "quantity", *options)
            self.assertEqual((status, report["result"]), (1, "differs"), words)
            departure = report["departure"]
            self.assertEqual(departure["kind"], "other", departure)
            self.assertGreater(departure["record"], 0)
            # ccxt writes quantities as it likes.
            self.assertIn("qty: expected \"", departure["difference"])
            self.assertIn("order/create", departure["expected"])
            self.assertIn("order/create", departure["seen"])

    def test_a_market_maker_of_pybit(self):
        self.hold("maker", ["real", "x20"])

    def test_a_market_maker_of_ccxt(self):
        self.hold("ccxt", ["real", "x20"])

    def test_one_that_sleeps(self):
        self.hold("sleeper", ["real", "x20"])

    def test_three_threads(self):
        self.hold("threads", ["real", "x20"])

    def test_ids_by_chance_and_a_poll(self):
        self.hold("poller", ["real", "x20"], "--ignore", "GET /v5/position/list")


if __name__ == "__main__":
    unittest.main()

"""Bots of pybit and ccxt, unchanged, through `tapedeck proxy`: what they wrote down is what was recorded."""

import base64
import collections
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.parse

from exchange import KEY, SECRET, Exchange

FOLDER = pathlib.Path(__file__).resolve().parent
PACKAGE = FOLDER.parents[1] / "Tools" / "python" / "src"
COOKIE = "c00kie-0f-the-b0t/with=signs"


class Proxy:
    def __init__(self, exchange):
        self.folder = exchange.folder.name
        self.recording = os.path.join(self.folder, "recording")
        self.errors = open(os.path.join(self.folder, "proxy.log"), "wb+")
        command = [os.environ["TAPEDECK"], "proxy", "--endpoint", exchange.url, "--listen", "127.0.0.1:0"]
        command += ["--json", "--out", self.recording]
        if exchange.authority:
            command += ["--ca-file", exchange.authority]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, cwd=self.folder)
        self.facts = json.loads(self.process.stdout.readline())

    def environment(self):
        urls = {"TAPEDECK_REST_URL": self.facts["rest"], "TAPEDECK_WS_URL": self.facts["websocket"]}
        bot = {"BOT_KEY": KEY, "BOT_SECRET": SECRET, "BOT_COOKIE": COOKIE}
        return {**os.environ, **urls, **bot, "PYTHONPATH": str(PACKAGE)}

    def end(self):
        self.process.terminate()
        self.output = self.process.stdout.read()
        self.process.stdout.close()
        status = self.process.wait(60)
        self.errors.seek(0)
        self.words = self.errors.read()
        self.errors.close()
        assert status == 0, self.words
        return json.loads(self.output.splitlines()[-1])


def program(*arguments):
    return subprocess.run([os.environ["TAPEDECK"], *arguments], capture_output=True, timeout=120)


def forms(word):
    """Raw, hexadecimal, Base64, as in a URL and as in JSON."""
    raw = word.encode()
    texts = [word, raw.hex(), raw.hex().upper(), urllib.parse.quote(word, safe="")]
    texts += [json.dumps(word)[1:-1], word.replace("/", "\\/"), urllib.parse.quote_plus(word)]
    return {text.encode() for text in texts} | {base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")}


class ProxySession(unittest.TestCase):
    def session(self, script, prefix):
        with Exchange("--rate-limits", "off", plain=False) as exchange:
            proxy = Proxy(exchange)
            log = os.path.join(exchange.folder.name, "bot.jsonl")
            try:
                run = subprocess.run(
                    [sys.executable, "-m", "tapedeck", "run", str(FOLDER / "bots" / script), log],
                    capture_output=True,
                    text=True,
                    timeout=180,
                    env=proxy.environment(),
                    cwd=exchange.folder.name,
                )
            finally:
                end = proxy.end()
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            with open(log, encoding="utf-8") as lines:
                entries = [json.loads(line) for line in lines]
            self.assertEqual(entries[-1]["what"], "done")
            self.check(proxy, end, entries, prefix)

    def payloads(self, proxy, streams):
        result = program("cat", proxy.recording, "--stream", streams, "--raw")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode().splitlines()

    def check(self, proxy, end, entries, prefix):
        self.assertEqual((end["lost"], end["refused"], end["keys"]), (0, 0, 1))
        # Every call, and no other.
        calls = [entry for entry in entries if entry["what"] == "called"]
        ended = [line for line in self.payloads(proxy, "rest/*") if '"by":"bot"' in line]
        self.assertEqual(len(ended), len(calls))
        self.assertGreater(len(calls), 10)
        self.assertTrue(all('"outcome":"answered"' in line for line in ended), ended)
        # Every frame that came to the bot.
        heard = collections.Counter(entry["text"] for entry in entries if entry["what"] == "heard")
        recorded = collections.Counter()
        for streams in ("public/*", "private/*", "trade/*"):
            recorded.update(self.payloads(proxy, streams))
        self.assertGreater(sum(heard.values()), 20)
        self.assertEqual(heard - recorded, collections.Counter())
        # And every one that it sent; of an authentication only that it was one.
        said = collections.Counter(entry["text"] for entry in entries if entry["what"] == "said")
        auths = sum(count for text, count in said.items() if '"auth"' in text)
        for text in [text for text in said if '"auth"' in text]:
            del said[text]
        sent = collections.Counter(self.payloads(proxy, "sent/*"))
        self.assertEqual(said - sent, collections.Counter())
        if auths:
            self.assertEqual(sum(n for text, n in sent.items() if text.startswith('{"op":"auth"')), auths)
        self.judge(proxy, prefix)
        signs = {entry["sign"] for entry in calls if entry["sign"]}
        self.assertTrue(signs)
        self.search(proxy, [KEY, SECRET, COOKIE, *signs])
        print(f"{prefix}: {sum(heard.values())} messages, {len(calls)} calls, {sum(recorded.values())} recorded")

    def judge(self, proxy, prefix):
        self.assertEqual(program("verify", proxy.recording).returncode, 0)
        replay = json.loads(program("replay", proxy.recording, "--json").stdout)
        self.assertEqual(replay["result"], "nothing-to-judge", replay)
        state = program("state", proxy.recording, "--json").stdout.decode()
        self.assertIn("BTCUSDT", state)
        gains = program("pnl", proxy.recording, "--json").stdout.decode()
        self.assertIn("BTCUSDT", gains)
        rows = self.payloads(proxy, "private/*/order*")
        self.assertTrue(any(f"{prefix}-fill" in row for row in rows), rows[:3])

    def search(self, proxy, words):
        """Nothing secret in any byte of the recording, packed or not, nor in what the program said."""
        texts = {"log": proxy.words + proxy.output}
        for folder, _, names in os.walk(proxy.recording):
            for name in names:
                texts[name] = pathlib.Path(folder, name).read_bytes()
        for options in ((), ("--json",), ("--raw",)):
            texts["cat" + "".join(options)] = program("cat", proxy.recording, *options).stdout
        for word in words:
            for form in forms(word):
                for name, text in texts.items():
                    self.assertNotIn(form, text, f"{word[:6]}… in {name}")
        self.assertIn(b"BTCUSDT", texts["cat--raw"])

    def test_pybit(self):
        self.session("with_pybit.py", "pybit")

    def test_ccxt(self):
        self.session("with_ccxt.py", "ccxt")

    def test_the_package_moves_classes_and_objects(self):
        sys.path.insert(0, str(PACKAGE))
        import ccxt

        from tapedeck import connect

        with Exchange("--rate-limits", "off") as exchange:
            proxy = Proxy(exchange)
            try:
                rest, websocket = proxy.facts["rest"], proxy.facts["websocket"]
                bybit = connect.pybit(rest, websocket)
                self.assertEqual(bybit.HTTP().get_server_time()["retCode"], 0)
                heard = []
                socket = bybit.WebSocket(testnet=True, channel_type="linear")
                socket.trade_stream("BTCUSDT", heard.append)
                client = connect.ccxt(ccxt.bybit(), rest, websocket)
                client.set_sandbox_mode(True)
                self.assertGreater(client.fetch_time(), 0)
                self.assertTrue(all(url == rest for url in client.urls["test"].values()))
                socket.exit()
            finally:
                end = proxy.end()
            self.assertGreaterEqual(end["requests"], 2)
            self.assertGreaterEqual(end["frames_sent"], 1)

    def test_wrong_words_are_told(self):
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        for arguments, status in (([], 64), (["run"], 64), (["run", "nowhere.py"], 66)):
            run = subprocess.run([sys.executable, "-m", "tapedeck", *arguments], capture_output=True, env=environment)
            self.assertEqual(run.returncode, status, run.stderr)
        environment["TAPEDECK_REST_URL"] = "127.0.0.1:1"
        run = subprocess.run([sys.executable, "-m", "tapedeck", "run", "x.py"], capture_output=True, env=environment)
        self.assertEqual(run.returncode, 64)
        self.assertNotIn(b"Traceback", run.stderr)


if __name__ == "__main__":
    unittest.main()

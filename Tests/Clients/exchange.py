"""The program `tapedeck serve` as a test sees it: its addresses, its keys, its control endpoint."""

import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

KEY, SECRET = "CLIENTKEY00000001", "CLIENTSECRET0000000000000000000000001"
OTHER_KEY, OTHER_SECRET = "CLIENTKEY00000002", "CLIENTSECRET0000000000000000000000002"


class Exchange:
    """Starts the program; `with Exchange(...) as exchange:` ends it."""

    def __init__(self, *options, plain=True, seed=7, recording=None):
        self.folder = tempfile.TemporaryDirectory(prefix="tapedeck-clients-")
        self.journal_file = os.path.join(self.folder.name, "journal.jsonl")
        authority = os.path.join(self.folder.name, "ca.pem")
        market = [recording, "--simulated"] if recording else ["--synthetic", "--seed", str(seed), "--symbols", "4"]
        command = [os.environ["TAPEDECK"], "serve", *market, "--json"]
        command += ["--account", f"{KEY}:{SECRET}", "--account", f"{OTHER_KEY}:{OTHER_SECRET}"]
        command += ["--journal", self.journal_file, "--ca-out", authority, "--for", "30m", *options]
        if plain:
            command.append("--plain")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self.folder.name)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the exchange did not start: status {self.process.wait()}")
        self.facts = json.loads(line)
        self.url, self.websocket = self.facts["endpoint"], self.facts["websocket"]
        self.authority = self.facts["ca_file"] or None
        if self.authority:
            # Where websocket-client looks for authorities.
            os.environ["WEBSOCKET_CLIENT_CA_BUNDLE"] = self.authority
        self.states = []
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        for line in self.process.stdout:
            self.states.append(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait(20)
        self.process.stdout.close()
        self.folder.cleanup()
        os.environ.pop("WEBSOCKET_CLIENT_CA_BUNDLE", None)
        assert status == 0, f"the exchange ended with {status}"

    # The control endpoint.

    def control(self, method, name, body=None, **query):
        url = f"{self.url}/tapedeck/{name}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        with urllib.request.urlopen(request, timeout=60, context=self._context()) as reply:
            return json.load(reply)

    def _context(self):
        import ssl

        return ssl.create_default_context(cafile=self.authority) if self.authority else None

    def status(self):
        return self.control("GET", "status")

    def manner(self, manner, **order):
        return self.control("POST", "manners", {"manner": manner, **order})

    def advance(self, milliseconds, books=()):
        return self.control("POST", "advance", {"milliseconds": milliseconds, "books": list(books)})

    def book(self, category, symbol, depth):
        return self.control("GET", "book", category=category, symbol=symbol, depth=depth)

    def journal(self, what=None):
        """Every entry, asked page by page; only those of one manner where it is named."""
        entries, start = [], 1
        while True:
            page = self.control("GET", "journal", **{"from": start, "limit": 10_000})
            if not page["entries"]:
                return [entry for entry in entries if what is None or entry["what"] == what]
            entries += page["entries"]
            start = page["next"]

    def journal_from_file(self):
        with open(self.journal_file, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def wait_until(condition, seconds=20, what="it did not come"):
    """The first true value of `condition`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} within {seconds} s")

#!/usr/bin/env python3
"""From the exchange's send to a strategy's callback, and to the bytes of an order. Started by `latency`.

A tap between desk and exchange (latency-tap.c) notes when each frame of the exchange was about to be written and when each
request of the desk was on the socket, by the machine's one clock. The strategy notes when it was called, by record; the recording
says which frame a record is, when it came, and which record an order was caused by. latency-floor.c goes the same way and
decides nothing: what an order's way takes at the least. Ten books that change together for the
callbacks, one book for orders; then orders once more beside that client alone, with one book and with as many as a desk has
usually. Exchange, tap and desk share the machine: what each takes of a core is said. Only the standard library.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import time
import zlib


DAY = 86_400 * 10**9
TICK = os.sysconf("SC_CLK_TCK")


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def time_of(record):
    """Nanoseconds of the day: enough for differences."""
    hours, minutes, seconds, rest = re.search(r"T(\d+):(\d+):(\d+)\.(\d+)", record["time"]).groups()
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10**9 + int(rest.ljust(9, "0"))


def micro(values, share):
    return quantile(values, share) / 1000


def processor_seconds(process):
    """Of a process that has not been waited for."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def shares(processes, seconds):
    """Of one core, percent, by the names of the processes; waits while they run."""
    time.sleep(min(4, seconds / 4))
    began, before = time.monotonic(), {name: processor_seconds(one) for name, one in processes.items()}
    time.sleep(max(1, seconds - 8))
    wall = time.monotonic() - began
    return {name: (processor_seconds(one) - before[name]) / wall * 100 for name, one in processes.items()}


class Session:
    """One desk on an exchange of its own, through a tap, for some seconds; with `desk=False` the client of `floor` alone."""

    def __init__(
        self, options, name, settings, places=True, stall=None, probe=False, floor=False, cuts=False, books=1, desk=True
    ):
        folder = os.path.join(options.work, name)
        os.makedirs(folder)
        at = lambda file: os.path.join(folder, file)
        serve = subprocess.Popen(
            [options.desk, "serve", "--synthetic", "--seed", "7", "--symbols", "20", "--plain", "--json"]
            + ["--account", "KEY:SECRET", "--rate-limits", "off"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        port = json.loads(serve.stdout.readline())["port"]
        tap_port = 18500 + os.getpid() % 400 + len(os.listdir(options.work))
        tap = subprocess.Popen([options.tap, str(tap_port), str(port), at("tap")], stdout=subprocess.PIPE, text=True)
        tap.stdout.readline()
        listed = subprocess.run(
            ["curl", "-s", f"http://127.0.0.1:{port}/v5/market/instruments-info?category=linear&limit=1000"],
            capture_output=True, text=True, check=True,
        ).stdout
        symbols = [
            row["symbol"] for row in json.loads(listed)["result"]["list"]
            if row["contractType"] == "LinearPerpetual" and row["settleCoin"] == "USDT"
        ][:books]
        topics = [f"orderbook.50.{symbol}" for symbol in symbols]
        with open(at("credentials"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write("[main]\nkey = KEY\nsecret = SECRET\nenvironment = loopback\n")
        with open(at("session.yaml"), "w") as file:
            file.write(f"endpoint: http://127.0.0.1:{tap_port}\ncredentials: main\ncredentials_file: credentials\n")
            file.write("public:\n" + "".join(f"  - linear:{topic}\n" for topic in topics))
            file.write(f"strategies:\n  probe:\n    kind: probe\n    places: {'true' if places else 'false'}\n")
            file.write(f"    symbol: {symbols[0]}\n")
            file.write("orders:\n  entry: socket\n" + settings)
        environment = dict(os.environ, LATENCY_STAMPS=at("stamps"), SYNC_NOTES=at("syncs"), LD_PRELOAD=options.sync)
        if stall:
            environment["SYNC_STALL"] = str(stall)
        desk_started = desk and subprocess.Popen(
            [options.desk, "trade", "session.yaml", "--out", "recording", "--for", f"{options.seconds}s"],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=open(at("errors"), "w"),
        )
        client = None
        if floor:
            client = subprocess.Popen(
                [options.floor, str(tap_port), at("journal"), at("floor"), str(options.seconds - 2)] + topics
            )
        if probe:
            client = subprocess.Popen(
                [options.probe, str(tap_port), str(options.seconds - 2), at("probe")] + topics
            )
        running = {"exchange": serve, "tap": tap, "desk": desk_started, "client": client}
        self.shares = {} if cuts else shares({name: one for name, one in running.items() if one}, options.seconds)
        while cuts and desk_started.poll() is None:
            time.sleep(4)
            # The lines break, without a close frame.
            for path in ["/v5/public/linear", "/v5/private", "/v5/trade"]:
                order = json.dumps({"manner": "disconnect", "path": path})
                url = f"http://127.0.0.1:{port}/tapedeck/manners"
                subprocess.run(["curl", "-s", "-o", "/dev/null", "-d", order, url], check=False)
        if desk_started and desk_started.wait() != 0:
            raise SystemExit(open(at("errors")).read() + f"\nthe desk ended with {desk_started.returncode}")
        if client:
            client.wait()
        tap.send_signal(signal.SIGTERM)
        tap.wait()
        serve.terminate()
        serve.wait()
        self.folder, self.options, self.at, self.topics = folder, options, at, topics
        self.read_tap()

    def read_tap(self):
        # A frame that came twice with the same bytes (two subscribers have two) is known by its first time for each.
        self.sent, self.requests, times = {}, {}, []
        for line in open(self.at("tap")):
            words = line.split()
            if words[0] == "s":
                self.sent.setdefault(int(words[2]), []).append(int(words[1]))
                times.append(int(words[1]))
            else:
                self.requests.setdefault((words[3], words[4]), int(words[1]))
        # Frames a second between the first and the last.
        self.rate = len(times) / max(1e-9, (times[-1] - times[0]) / 1e9) if times else 0

    def records(self, stream):
        out = subprocess.run(
            [self.options.desk, "cat", self.at("recording"), "--stream", stream, "--json"],
            capture_output=True, text=True, check=True,
        ).stdout
        return [json.loads(line) for line in out.splitlines()]

    def first_send(self, payload, before):
        times = [t for t in self.sent.get(zlib.crc32(payload.encode()), []) if t <= before]
        return max(times) if times else None

    def callbacks(self):
        """Nanoseconds from the send of a book's frame to the strategy's callback."""
        stamps = {}
        for line in open(self.at("stamps")):
            record, at = line.split()
            stamps.setdefault(int(record), int(at))
        result = []
        for record in self.records("public/linear/orderbook.50.*"):
            at = stamps.get(int(record["sequence"]))
            sent = at and self.first_send(record["payload"], at)
            if sent:
                result.append(at - sent)
        return result

    def probed(self):
        result = []
        for line in open(self.at("probe")):
            crc, at = (int(word) for word in line.split())
            times = [t for t in self.sent.get(crc, []) if t <= at]
            if times:
                result.append(at - max(times))
        return result

    def least(self):
        """Nanoseconds from a frame's arrival at the client that decides nothing to its request on the socket."""
        result = []
        for line in open(self.at("floor")):
            number, at = line.split()
            if ("create", number) in self.requests:
                result.append(self.requests["create", number] - int(at))
        return result

    def requests_after_events(self, kind):
        """Of the frame that an order or a cancel was caused by: nanoseconds from its arrival, and from its send, to their bytes."""
        events = {}
        for stream in ["public/linear/orderbook.50.*", "private/main/*", "trade/main"]:
            for record in self.records(stream):
                events[int(record["sequence"])] = record
        begin = json.loads(self.records("session/start")[0]["payload"])
        wall, monotonic = (int(begin["clock"][name]) for name in ["wall", "monotonic"])
        action = {"create": "place", "cancel": "cancel"}[kind]
        arrivals, sends = [], []
        for record in self.records("desk/command"):
            command = json.loads(record["payload"])
            if command.get("action") != action:
                continue
            event = events.get(int(command["cause"]))
            came = self.requests.get((kind, command["order_link_id"]))
            sent = event and came and self.first_send(event["payload"], came)
            if sent:
                sends.append(came - sent)
                arrivals.append(came - (time_of(event) - wall % DAY + monotonic))
        return arrivals, sends

    def links(self):
        """Nanoseconds: from a connection that stands to all its topics confirmed, and from its loss to a whole book."""
        connected, ready, back = {}, [], []
        waiting = {}
        for record in self.records("*"):
            stream, at = record["stream"], time_of(record)
            if stream.startswith("link/"):
                change, socket = json.loads(record["payload"])["change"], stream[5:]
                if change == "connected":
                    connected[socket] = at
                elif change == "ready" and socket in connected:
                    ready.append(at - connected.pop(socket))
                elif change == "disconnected" and socket == "public/linear":
                    waiting = dict.fromkeys(self.topics, at)
            elif stream[14:] in waiting and '"type":"snapshot"' in record["payload"]:
                back.append(at - waiting.pop(stream[14:]))
        return ready, back

    def syncs(self):
        return [int(line) for line in open(self.at("syncs"))]

    def said_shares(self):
        return ", ".join(f"{name} {share:.0f} %" for name, share in self.shares.items())


def loads(options):
    """Orders on a desk that is otherwise idle and on one with its usual stream, beside a client that decides nothing and is alone."""
    print()
    print("| Event to an order's bytes, *written*; µs, p50 and p99 | frames/s to each | a C client, alone | a desk | ratio | a cancel's | shares of a core |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for books in [1, 20]:
        alone = Session(options, f"alone-{books}", "", floor=True, books=books, desk=False)
        desk = Session(options, f"desk-{books}", "durability:\n  orders: written\n", books=books)
        least, ours, cancels = alone.least(), desk.requests_after_events("create")[0], desk.requests_after_events("cancel")[0]
        both = lambda values: f"{micro(values, 0.5):,.0f}, {micro(values, 0.99):,.0f}"
        ratios = [micro(ours, share) / micro(least, share) for share in (0.5, 0.99)]
        print(
            f"| {len(desk.topics)} book{'s' if len(desk.topics) > 1 else ''} of depth 50 | {alone.rate:,.0f}, {desk.rate:,.0f} "
            f"| {both(least)} ({len(least):,}) | {both(ours)} ({len(ours):,}) | {ratios[0]:.1f}, {ratios[1]:.1f} "
            f"| {both(cancels)} | {alone.said_shares()}; {desk.said_shares()} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser()
    for name in ["desk", "probe", "floor", "tap", "sync", "work"]:
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", choices=["loads"], help="nothing but the last table")
    options = parser.parse_args()
    if options.only:
        return loads(options)
    print("| | samples | p50 µs | p99 µs | bar (p99) |")
    print("| --- | ---: | ---: | ---: | --- |")

    def row(what, values, bar=""):
        print(f"| {what} | {len(values):,} | {micro(values, 0.5):,.0f} | {micro(values, 0.99):,.0f} | {bar} |", flush=True)

    def rows(session, kind, what, bar):
        arrivals, sends = session.requests_after_events(kind)
        row(f"event to {what}", arrivals, bar)
        row("… from the exchange's send", sends)

    quiet = Session(options, "callbacks", "", places=False, probe=True, books=10)
    probed, callbacks = quiet.probed(), quiet.callbacks()
    row("exchange's send to the callback of a SwiftNIO client", probed)
    row("exchange's send to the callback of a strategy", callbacks, f"< {2 * micro(probed, 0.99) + 50:,.0f}")
    least = Session(options, "least", "", places=False, floor=True).least()
    row("event to a request's bytes, a C client that decides nothing, one `pwrite` by a second thread", least)
    written = Session(options, "written", "durability:\n  orders: written\n")
    rows(written, "create", "an order's bytes, *written*", "< 150")
    rows(written, "cancel", "a cancel's bytes, *written*", "< 150")
    durable = Session(options, "durable", "durability:\n  orders: durable\n")
    syncs = durable.syncs()
    row("`fdatasync` in the run with *durable*", syncs)
    rows(durable, "create", "an order's bytes, *durable*", f"< {1.2 * micro(syncs, 0.99):,.0f}")
    rows(durable, "cancel", "a cancel's bytes, *durable*", "< 150")
    for name in ["written", "durable"]:
        stalled = Session(options, "stalled-" + name, f"durability:\n  orders: {name}\n", stall=5)
        rows(stalled, "cancel", f"a cancel's bytes, *{name}*, the disk stands still for 5 s", "< 150")
    ready, back = Session(options, "cuts", "", places=False, cuts=True, books=10).links()
    print()
    print("| A connection that the exchange ends each 4 s | samples | median ms | longest ms | bar |")
    print("| --- | ---: | ---: | ---: | --- |")
    for what, values, bar in [
        ("connected, authenticated, all topics confirmed", ready, "< 100"),
        ("from the loss to a whole book", back, "< 1,000 (median)"),
    ]:
        print(f"| {what} | {len(values)} | {micro(values, 0.5) / 1000:,.1f} | {max(values, default=0) / 1e6:,.1f} | {bar} |")
    loads(options)


if __name__ == "__main__":
    main()

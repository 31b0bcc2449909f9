#!/usr/bin/env python3
"""A recording to Parquet (trades, and books of 10 levels each 100 ms), beside a plain reader on mcap and orjson.

    parquet.py --program PATH [--messages /tmp/bench/m.txt] [--recording DIR] [--repetitions 3] [--plain 100000]

The recording is made from the benchmark kit's messages by `tapedeck import`, once. Both readers run in processes of their own,
in turn, from the start of Python to the end; --plain lets the slow one read the first messages only. Where it reads all, both
must have found the same trades and books. Needs tapedeck-reader, mcap and orjson.
"""

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def make(program, messages, recording):
    """The kit's messages as a recording: lines of `<ns> <P|V|R> <json>`."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as out:
        with open(messages) as lines:
            for number, line in enumerate(lines, 1):
                ns, kind, payload = line.rstrip("\n").split(" ", 2)
                stream = "rest/public/GET/v5/market/orderbook"
                if kind in "PV":
                    at = payload.find('"topic":"')
                    topic = payload[at + 9 : payload.index('"', at + 9)] if at >= 0 else "-"
                    stream = ("public/linear/" if kind == "P" else "private/main/") + topic
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(ns) // 10**9))
                out.write(
                    '{"schema":"tapedeck.export/1","sequence":%d,"time":"%s.%09dZ","stream":%s,"payload":%s}\n'
                    % (number, stamp, int(ns) % 10**9, json.dumps(stream), json.dumps(payload, ensure_ascii=False))
                )
        out.flush()
        subprocess.run(
            [program, "import", out.name, "--format", "jsonl", "-o", recording],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def plain(recording, limit, out):
    """What one writes by hand: mcap's stream reader, orjson, dictionaries, floats."""
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as parquet
    from mcap.records import Channel, Message
    from mcap.stream_reader import StreamReader

    trades, rows, books, topics, due, instant, count = [], [], {}, {}, set(), 0, 0
    step = 10**8

    def flush():
        for topic in due:
            bids, asks = books[topic]
            best = sorted(bids.items(), reverse=True)[:10], sorted(asks.items())[:10]
            flat = ([v for level in side for v in level] for side in best)
            rows.append((instant, topic, *[v for side in flat for v in (side + [None] * 20)[:20]]))
        due.clear()

    for name in sorted(f for f in os.listdir(recording) if f.endswith(".mcap")):
        with open(os.path.join(recording, name), "rb") as file:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Channel):
                    topics[record.id] = record.topic
                if not isinstance(record, Message):
                    continue
                count += 1
                if count > limit:
                    break
                topic = topics[record.channel_id]
                if topic.startswith("public/linear/publicTrade."):
                    for t in orjson.loads(record.data)["data"]:
                        trades.append((record.log_time, t["T"], t["s"], t["S"], float(t["p"]), float(t["v"]), t["i"]))
                elif topic.startswith("public/linear/orderbook."):
                    push = orjson.loads(record.data)
                    now = -(-record.log_time // step) * step
                    if now > instant:
                        flush()
                        instant = now
                    if push["type"] == "snapshot":
                        books[topic] = ({}, {})
                    for side, levels in zip(books[topic], (push["data"]["b"], push["data"]["a"])):
                        for price, size in levels:
                            if size == "0":
                                side.pop(float(price), None)
                            else:
                                side[float(price)] = float(size)
                    due.add(topic)
    flush()
    os.makedirs(out, exist_ok=True)
    for name, table in (("trades", trades), ("book", rows)):
        columns = [pa.array(c) for c in zip(*table)]
        names = [f"c{i}" for i in range(len(columns))]
        parquet.write_table(pa.table(columns, names=names), os.path.join(out, name + ".parquet"), compression="zstd")
    return min(count, limit)


def child(arguments):
    """Runs this file in a process of its own; wall, CPU seconds and MiB at the most, with what it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    wall = time.monotonic() - begun
    if done.returncode:
        sys.exit(f"{arguments[1]} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, json.loads(done.stdout)["kib"] / 1024


def check(ours, theirs, end):
    """Both readers must have found the same: every price and quantity, up to the rounding of a float."""
    import pyarrow.parquet as parquet

    trades, plain_trades = (parquet.read_table(os.path.join(d, "trades.parquet")) for d in (ours, theirs))
    books, plain_books = (parquet.read_table(os.path.join(d, "book.parquet")) for d in (ours, theirs))
    # Without an end of the recording the plain one cannot know that its last instant lies behind it.
    plain_books = plain_books.filter([x <= end for x in plain_books["c0"].to_pylist()])
    # Rows of one instant have an order here, and none there.
    books = books.sort_by([("time", "ascending"), ("stream", "ascending")])
    plain_books = plain_books.sort_by([("c0", "ascending"), ("c1", "ascending")])
    levels = [n for n in books.schema.names if n.startswith(("bid_", "ask_"))]
    for mine, names, other, first in (
        (trades, ["price", "quantity"], plain_trades, 4),
        (books, levels, plain_books, 2),
    ):
        if mine.num_rows != other.num_rows:
            sys.exit(f"{mine.num_rows} rows, the plain reader has {other.num_rows}")
        for place, name in enumerate(names):
            for a, b in zip(mine[name].to_pylist(), other[f"c{first + place}"].to_pylist()):
                if not (a is b is None or math.isclose(a, b, rel_tol=1e-15)):
                    sys.exit(f"{name}: {a}, the plain reader has {b}")


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--program", default=os.environ.get("TAPEDECK") or shutil.which("tapedeck"))
    words.add_argument("--messages", default="/tmp/bench/m.txt")
    words.add_argument("--recording", default="/tmp/bench/store/tapedeck-parquet")
    words.add_argument("--repetitions", type=int, default=3)
    words.add_argument("--plain", type=int, default=1 << 60)
    words.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.run:
        mode, out = given.run
        if mode == "ours":
            import tapedeck

            reader = tapedeck.open(given.recording, program=given.program)
            reader.to_parquet(out, tables=["trades", "book"], depth=10, every="100ms", overwrite=True)
        else:
            plain(given.recording, given.plain, out)
        own, started = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        # What ran at the same time counts together.
        print(json.dumps({"kib": own + started}))
        return
    if not os.path.isdir(given.recording):
        if not os.path.exists(given.messages):
            sys.exit(f"{given.messages} is not there: the benchmark kit makes it")
        make(given.program, given.messages, given.recording)
    with open(os.path.join(given.recording, "manifest.json")) as file:
        manifest = json.load(file)
        all_messages = int(manifest["last"])
    common = ["--program", given.program, "--recording", given.recording, "--plain", str(given.plain)]
    lines = {"ours": [], "plain": []}
    with tempfile.TemporaryDirectory() as out:
        for _ in range(given.repetitions):
            for mode, count in (("ours", all_messages), ("plain", min(given.plain, all_messages))):
                wall, cpu, memory = child(["--run", mode, os.path.join(out, mode), *common])
                lines[mode].append((count / wall, count / cpu, memory))
        if given.plain >= all_messages:
            check(os.path.join(out, "ours"), os.path.join(out, "plain"), int(manifest["ended_ns"]))
    print("| Reader | messages/s | messages/CPU s | MiB, all processes |\n| --- | ---: | ---: | ---: |")
    for mode, name in (("ours", "tapedeck-reader, decimals"), ("plain", "mcap and orjson, floats")):
        cells = (
            f"{statistics.median(c):,.0f} ({min(c):,.0f} to {max(c):,.0f})" for c in zip(*lines[mode])
        )
        print(f"| {name} | {' | '.join(cells)} |")
    for place, name in ((0, "wall"), (1, "CPU")):
        ratios = [a[place] / b[place] for a, b in zip(lines["ours"], lines["plain"])]
        print(f"Ratio ({name}): {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")
    print(f"Load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {given.repetitions} repetitions.")


if __name__ == "__main__":
    main()

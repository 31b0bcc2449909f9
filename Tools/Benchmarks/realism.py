#!/usr/bin/env python3
"""Compares the synthetic market in its calm regime with a recorded session, topic by topic.

    tapedeck-bench calm /tmp/bench/calm.jsonl 120
    Tools/Benchmarks/realism.py /tmp/bench/calm.jsonl SESSION_DIRECTORY

Both sides go through the same code. Of ours each figure is the median over the windows, which are as long as the session.
The last column says whether the figures lie within a factor of 1.5 of each other. Without the session it says so and
ends with 0; with it, and a figure outside, with 1 under --strict.
"""
import argparse
import collections
import ctypes
import ctypes.util
import json
import os
import statistics
import sys

TICKS = {"BTCUSDT": "0.1", "DOGEUSDT": "0.00001", "ETHUSDT": "0.01"}
FACTOR = 1.5


def zstd_ratio(frames):
    """Raw bytes over those of one zstd frame of level 3 with all messages, one a line."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_compressBound.restype = ctypes.c_size_t
    library.ZSTD_compress.restype = ctypes.c_size_t
    raw = "\n".join(frames).encode()
    bound = library.ZSTD_compressBound(ctypes.c_size_t(len(raw)))
    buffer = ctypes.create_string_buffer(bound)
    size = library.ZSTD_compress(buffer, ctypes.c_size_t(bound), raw, ctypes.c_size_t(len(raw)), 3)
    return len(raw) / size


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def book_figures(messages, tick):
    book = ({}, {})
    levels, deletes, changes, distances, spreads = [], 0, 0, [], []
    for message in messages:
        data = message["data"]
        is_snapshot = message["type"] == "snapshot"
        if is_snapshot:
            book = ({}, {})
        touch = (max(book[0], default=None), min(book[1], default=None))
        count = 0
        for side, key in ((0, "b"), (1, "a")):
            for price, size in data[key]:
                price = round(float(price) / tick)
                count += 1
                if not is_snapshot:
                    changes += 1
                    deletes += float(size) == 0
                    distances.append(abs(price - touch[side]))
                if float(size) == 0:
                    book[side].pop(price, None)
                else:
                    book[side][price] = size
        if not is_snapshot:
            levels.append(count)
        if book[0] and book[1]:
            spreads.append(min(book[1]) - max(book[0]))
    return {
        "levels per delta": statistics.mean(levels),
        "levels per delta, p50": quantile(levels, 0.5),
        "levels per delta, p90": quantile(levels, 0.9),
        "share of deletes": deletes / changes,
        "ticks from the touch, p50": quantile(distances, 0.5),
        "ticks from the touch, p90": quantile(distances, 0.9),
        "spread in ticks": statistics.mean(spreads),
    }


def figures(frames, seconds):
    """Of the frames of one topic, in order."""
    messages = [json.loads(frame) for frame in frames]
    topic = messages[0]["topic"]
    times = [message["ts"] for message in messages]
    gaps = [after - before for before, after in zip(times, times[1:])]
    # The first push of a book or ticker is a snapshot, which is no part of the flow.
    has_snapshot = topic.startswith(("orderbook", "tickers"))
    flow = frames[1:] if has_snapshot else frames
    found = {
        "messages/s": len(flow) / seconds,
        "bytes": statistics.mean(len(frame) for frame in flow) if flow else 0,
    }
    if gaps:
        found["ms between messages, p50"] = quantile(gaps, 0.5)
        found["ms between messages, p99"] = quantile(gaps, 0.99)
    if topic.startswith("orderbook"):
        found.update(book_figures(messages, float(TICKS[topic.split(".")[-1]])))
    if topic.startswith("publicTrade"):
        found["trades per message"] = statistics.mean(len(m["data"]) for m in messages)
    found["zstd-3 ratio"] = zstd_ratio(frames)
    return found


def recorded(directory):
    topics = collections.defaultdict(list)
    for name in ("linear", "spot"):
        with open(os.path.join(directory, name + ".jsonl"), encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["t"] != "recv" or '"topic"' not in row["data"]:
                    continue
                topics[(name, json.loads(row["data"])["topic"])].append(row["data"])
    return {key: figures(frames, 43) for key, frames in topics.items()}


def synthetic(path):
    windows = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            topic = json.loads(row["data"])["topic"]
            windows[(row["category"], topic)][row["window"]].append(row["data"])
    result = {}
    for key, frames in windows.items():
        collected = collections.defaultdict(list)
        for window in frames.values():
            if len(window) < 2:
                continue
            for name, value in figures(window, 43).items():
                collected[name].append(value)
        result[key] = {name: statistics.median(values) for name, values in collected.items()}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calm", help="what `tapedeck-bench calm` wrote")
    parser.add_argument("session", help="directory with linear.jsonl and spot.jsonl")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a figure is outside")
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.session, "linear.jsonl")):
        print(f"no recorded session at {options.session}: nothing to compare with")
        return 0
    real, ours = recorded(options.session), synthetic(options.calm)
    outside = 0
    print("| Topic | Figure | Session | Synthetic | Ratio | Within 1.5 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for key in sorted(real):
        for name, value in real[key].items():
            other = ours.get(key, {}).get(name)
            if other is None:
                ratio, fits = "", False
            elif value == other:
                ratio, fits = "1.00", True
            elif value == 0 or other == 0:
                ratio, fits = "", False
            else:
                ratio = f"{other / value:.2f}"
                fits = 1 / FACTOR <= other / value <= FACTOR
            outside += not fits
            shown = "" if other is None else f"{other:.4g}"
            word = "yes" if fits else "**no**"
            print(f"| {key[0]} {key[1]} | {name} | {value:.4g} | {shown} | {ratio} | {word} |")
    print(f"\n{outside} figures are outside.")
    return 1 if outside and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())

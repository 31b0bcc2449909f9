#!/usr/bin/env python3
"""Processor time and memory of a recorder at 10,000 messages a second. Started by `steady`.

The recorder and the client that drops everything run in turn beside the same sender. A recorder's processor time is what the
system says of it (all its threads) from its first status with messages to the last; memory is its resident set each second.
Only the standard library.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import capture

RATE = 10_000
TICK = os.sysconf("SC_CLK_TCK")


def usage(pid):
    """Seconds of processor time so far, and MiB resident now."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/statm") as file:
        pages = int(file.read().split()[1])
    return (int(fields[11]) + int(fields[12])) / TICK, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def recorder(options, folder):
    """Share of one core in percent, and the resident set by the second."""
    with capture.Sender(options, 1 + options.seconds * RATE // 1_000_000) as sender:
        path = os.path.join(folder, "recording")
        words = [options.program, "record", "--endpoint", f"http://127.0.0.1:{sender.port}", "--public", options.topics]
        words += ["--out", path, "--json", "--for", f"{options.seconds + 60}s"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        seen, first = [], None
        for line in process.stdout:
            status = json.loads(line)
            if status.get("frames", 0) < RATE:
                continue
            now = time.monotonic()
            first = first or (now, *usage(process.pid), status["frames"])
            seen.append((now, *usage(process.pid), status["frames"]))
            if now - first[0] >= options.seconds:
                break
        process.terminate()
        process.wait()
        if process.returncode != 0 or len(seen) < 2:
            sys.exit(f"record ended with {process.returncode} after {len(seen)} seconds of messages")
        shutil.rmtree(path, ignore_errors=True)
        wall = seen[-1][0] - first[0]
        rate = (seen[-1][3] - first[3]) / wall
        if abs(rate / RATE - 1) > 0.02:
            print(f"note: {rate:,.0f} messages/s came instead of {RATE:,}", file=sys.stderr)
        return (seen[-1][1] - first[1]) / wall * 100, [one[2] for one in seen]


def dropper(options):
    """Share of one core in percent of the client that receives and drops."""
    # It keeps nothing, so that a second costs what any other does: two minutes say it.
    seconds = min(options.seconds, 120)
    with capture.Sender(options, 1 + seconds * RATE // 1_000_000) as sender:
        words = [options.peer, str(sender.port), str(seconds * RATE)]
        result = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        return result["cpu"] / result["wall"] * 100


def main():
    parser = argparse.ArgumentParser()
    for name in ["program", "sender", "messages", "peer"]:
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    options.topics = capture.topics(options.messages)
    print(f"| {RATE:,} messages/s for {options.seconds} s | `tapedeck record` | SwiftNIO client that drops | ratio | bar |")
    print("| --- | ---: | ---: | ---: | --- |")
    memory = []
    with tempfile.TemporaryDirectory(dir="/tmp/bench") as folder:
        for burst, name in [(1, "evenly spaced"), (10, "in bursts of 10")]:
            os.environ["PACE"] = f"{RATE}/{burst}"
            theirs = dropper(options)
            mine, sizes = recorder(options, folder)
            memory.append((name, sizes))
            print(f"| {name}, CPU of one core | {mine:.1f} % | {theirs:.1f} % | {mine / theirs:.2f} | ≤ 2.5 |", flush=True)
    for name, sizes in memory:
        third = max(1, len(sizes) // 3)
        early, late = statistics.median(sizes[third : 2 * third] or sizes), statistics.median(sizes[-third:])
        print(f"| {name}, resident: middle third, last third, longest | {early:.1f}, {late:.1f}, {max(sizes):.1f} MiB | | | < 50 MiB, flat |")


if __name__ == "__main__":
    main()

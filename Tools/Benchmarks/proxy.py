"""What `tapedeck proxy` adds to a push and to an order on loopback: see proxy-ping.c."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True)
parser.add_argument("--ping", required=True)
parser.add_argument("--seconds", default="10")
parser.add_argument("--rate", default="2000", help="pushes a second, half of them through the proxy")
options = parser.parse_args()

with tempfile.TemporaryDirectory(prefix="tapedeck-proxy-") as folder:
    ping = subprocess.Popen(
        [options.ping, options.seconds, options.rate], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    port = ping.stdout.readline().strip()
    recording = os.path.join(folder, "recording")
    proxy = subprocess.Popen(
        [options.program, "proxy", "--endpoint", f"http://127.0.0.1:{port}", "--listen", "127.0.0.1:0", "--json"]
        + ["--out", recording],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        rest = json.loads(proxy.stdout.readline())["rest"]
        output, _ = ping.communicate(rest.rsplit(":", 1)[1] + "\n", timeout=float(options.seconds) * 2 + 60)
    finally:
        proxy.terminate()
        last = proxy.stdout.read().splitlines()[-1]
        proxy.wait(60)
    end = json.loads(last)
    print("| What | | p50 | p99 | largest |")
    print("| --- | --- | --- | --- | --- |")
    is_met = True
    names = {"push": "push, exchange to bot", "ask": "order, bot to exchange", "answer": "answer, exchange to bot"}
    names["call"] = "order, there and back"
    for line in output.splitlines():
        name, *numbers = line.split()
        direct, through = [[int(number) / 1_000 for number in numbers[start : start + 4]] for start in (0, 4)]
        for word, row in (("direct", direct), ("through", through)):
            print(f"| {names[name]} | {word}, {row[0] * 1_000:.0f} | " + " | ".join(f"{n:.0f} µs" for n in row[1:]) + " |")
        added = [through[place] - direct[place] for place in (1, 2)]
        print(f"| {names[name]} | added | {added[0]:.0f} µs | {added[1]:.0f} µs | |")
        # The bar is for a message; there and back are two.
        is_met = is_met and (name == "call" or added[1] < 200)
    print()
    print(f"Recorded: {end['frames_received']} frames and {end['requests']} requests, {end['lost']} lost; bar: added p99 of a message < 200 µs.")
    sys.exit(0 if is_met and end["lost"] == 0 else 1)

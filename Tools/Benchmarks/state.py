"""How long `tapedeck state --at POSITION` takes in a large recording, process and all."""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

KEY = "STATEBENCH:STATEBENCHSECRET0123456789abcdef01"


def say(words):
    print(words, file=sys.stderr, flush=True)


def info(tapedeck, path):
    done = subprocess.run([tapedeck, "state", path, "--json", "--depth", "0"], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def make(tapedeck, path, records):
    """A session of the maker, on an exchange whose clock goes as fast as its client reads."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    server = subprocess.Popen(
        [tapedeck, "serve", "--synthetic", "--plain", "--json", "--pace", "fast", "--account", KEY],
        stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(server.stdout.readline())["endpoint"]
        key, secret = KEY.split(":")
        credentials = os.path.join(folder, "credentials")
        with open(os.open(credentials, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"[main]\nkey = {key}\nsecret = {secret}\nenvironment = loopback\n")
        session = os.path.join(folder, "session.yaml")
        with open(session, "w") as file:
            file.write(f"endpoint: {url}\ncredentials: main\ncredentials_file: credentials\n"
                       "strategies:\n  maker:\n    kind: maker\n")
        trader = subprocess.Popen([tapedeck, "trade", session, "--out", path, "--json"],
                                  stdout=subprocess.PIPE, text=True, cwd=folder)
        seen = 0
        for line in trader.stdout:
            row = json.loads(line)
            seen = max(seen, int(row.get("written") or row.get("records") or row.get("last") or 0))
            if seen >= records:
                break
        trader.send_signal(signal.SIGTERM)
        trader.communicate(timeout=120)
    finally:
        server.kill()
        server.wait()


def ask(tapedeck, path, position):
    begin = time.perf_counter()
    done = subprocess.run([tapedeck, "state", path, "--at", str(position), "--json"], capture_output=True)
    taken = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return taken, json.loads(done.stdout)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--tapedeck", required=True)
    words.add_argument("--records", type=int, default=10_000_000)
    words.add_argument("--positions", type=int, default=200)
    words.add_argument("--recording")
    words.add_argument("--seed", type=int, default=7)
    options = words.parse_args()
    path = options.recording or f"/tmp/bench/state/session-{options.records}"
    if not os.path.isdir(path):
        say(f"Recording {options.records:,} records ...")
        make(options.tapedeck, path, options.records)
    shutil.rmtree(os.path.join(path, "derived", "checkpoints"), ignore_errors=True)
    say("Reading it once ...")
    begin = time.perf_counter()
    end = info(options.tapedeck, path)
    whole = time.perf_counter() - begin
    if end is None:
        sys.exit(f"{path}: no state")
    kept = os.path.join(path, "derived", "checkpoints")
    files = [os.path.getsize(os.path.join(kept, name)) for name in os.listdir(kept) if name.endswith(".state")]
    chance = random.Random(options.seed)
    last = end["sequence"]
    ask(options.tapedeck, path, last)
    times = sorted(ask(options.tapedeck, path, chance.randint(1, last))[0] for _ in range(options.positions))
    place = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1000
    print("| records | first read | kept states | each | `state --at` p50 | p99 | most |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    each = sum(files) / max(1, len(files)) / 1024
    print(f"| {last:,} | {whole:.1f} s | {len(files)} | {each:.0f} KiB | {place(0.5):.0f} ms | {place(0.99):.0f} ms"
          f" | {times[-1] * 1000:.0f} ms |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Messages a second from a socket to the durable journal, beside clients that receive and drop. Started by `capture`.

Each client runs alone beside the sender, in turn, all on loopback and on the same cores. Tapedeck's rate is the slope of
`durable` in its own status lines, from the first after the messages began to the last before they ended; those of the others
are what they say of themselves.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def topics(messages):
    """Every topic among the first messages, as a session names them."""
    found = set()
    with open(messages) as lines:
        for number, line in enumerate(lines):
            if number > 100_000:
                break
            topic = re.search('"topic":"([^"]*)"', line) if line[20] == "P" else None
            if topic:
                found.add("linear:" + topic.group(1))
    return ",".join(sorted(found))


class Sender:
    """The sender on a port of its own, for one client."""

    port = 18200

    def __init__(self, options, rounds, certificate=None):
        Sender.port += 1
        words = [options.sender, str(Sender.port), options.messages, str(rounds)]
        self.process = subprocess.Popen(
            words + list(certificate or []), stdout=subprocess.PIPE, text=True
        )
        self.messages = json.loads(self.process.stdout.readline())["messages"] * rounds
        self.port = Sender.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def ours(options, rounds, folder, certificate=None):
    with Sender(options, rounds, certificate) as sender:
        path = os.path.join(folder, "recording")
        shutil.rmtree(path, ignore_errors=True)
        scheme = "https" if certificate else "http"
        words = [options.program, "record", "--endpoint", f"{scheme}://127.0.0.1:{sender.port}"]
        if certificate:
            words += ["--ca-file", certificate[0]]
        words += ["--public", options.topics, "--out", path, "--json", "--for", "120s"]
        recorder = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        seen = []
        for line in recorder.stdout:
            status = json.loads(line)
            if status.get("frames", 0) > 0:
                seen.append((time.monotonic(), status["frames"], status["durable"]))
            if status.get("frames", 0) >= sender.messages and status["durable"] >= sender.messages:
                break
        recorder.terminate()
        recorder.wait()
        if recorder.returncode not in (0, -15, 143):
            sys.exit(f"record ended with {recorder.returncode}")
        inner = [one for one in seen if one[1] < sender.messages]
        if len(inner) < 2:
            sys.exit("too few messages for this machine: the status comes once a second")
        shutil.rmtree(path, ignore_errors=True)
        (begin, _, first), (end, _, last) = inner[0], inner[-1]
        return (last - first) / (end - begin)


def peer(options, name):
    with Sender(options, 1) as sender:
        words = [sys.executable, os.path.join(options.peers, "wsclient.py"), name]
        count = sender.messages if not options.quick else sender.messages // 4
        out = subprocess.run(words + [str(sender.port), str(count)], capture_output=True, text=True, check=True)
        return json.loads(out.stdout)["msg_s"]


def handler(options):
    """cryptofeed's own handler, fed from memory: no socket, which is in its favour."""
    words = [options.cryptofeed, os.path.join(options.peers, "cryptofeed_decode.py"), options.messages, "50000"]
    out = subprocess.run(words, capture_output=True, text=True, check=False)
    return json.loads(out.stdout)["per_s_wall"] if out.returncode == 0 else None


def words(values):
    values = [value for value in values if value]
    if not values:
        return "not run"
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def main():
    parser = argparse.ArgumentParser()
    for name in ["program", "sender", "messages", "peers", "cryptofeed"]:
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.topics = topics(options.messages)
    repetitions, rounds = (1, 2) if options.quick else (options.repetitions, 3)
    results = {name: [] for name in ["plain", "tls", "aiohttp", "websockets", "cryptofeed"]}
    with tempfile.TemporaryDirectory(dir="/tmp/bench") as folder:
        certificate = [os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            + ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
            + ["-out", certificate[0], "-keyout", certificate[1]],
            check=True,
            capture_output=True,
        )
        for repetition in range(repetitions):
            print(f"Repetition {repetition + 1} of {repetitions}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
            results["plain"].append(ours(options, rounds, folder))
            results["aiohttp"].append(peer(options, "aiohttp"))
            results["websockets"].append(peer(options, "websockets"))
            results["cryptofeed"].append(handler(options))
            results["tls"].append(ours(options, rounds, folder, certificate))
    plain = results["plain"]
    print("| Socket to durable journal, sender on the same cores | messages/s | Tapedeck against it | bar |")
    print("| --- | ---: | ---: | ---: |")
    print(f"| `tapedeck record`, plain | {words(plain)} | | ≥ 300,000 |")
    print(f"| `tapedeck record`, TLS | {words(results['tls'])} | | |")
    for name, label, bar in [
        ("aiohttp", "aiohttp, receiving and dropping", 0.5),
        ("websockets", "websockets (asyncio), receiving and dropping", 1.5),
        ("cryptofeed", "cryptofeed's handler, from memory", 5),
    ]:
        ratios = [mine / theirs for mine, theirs in zip(plain, results[name]) if theirs]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
        print(f"| {label} | {words(results[name])} | {ratio} | ≥ {bar} |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Starts every mutant that mutate.py made, and says which of them the fixture set catches. See README.md."""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


def payloads(target):
    """A line for each payload of Fixtures/payloads: its stream and its path."""
    base = ROOT / "Fixtures/payloads"
    rows = []
    for path in sorted(base.rglob("*")):
        if path.suffix in (".json", ".record"):
            rows.append(f"{path.parent.relative_to(base)}\t{path}")
    listing = target / "payloads.txt"
    listing.write_text("\n".join(rows) + "\n")
    return listing


def start(program, number, listing, recordings, seconds):
    try:
        run = subprocess.run([program, str(number), str(listing), *recordings], capture_output=True, text=True,
                             timeout=seconds, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
    except subprocess.TimeoutExpired:
        return ["does not end"]
    return run.stdout.splitlines() + ([f"ended with {run.returncode}"] if run.returncode else [])


def judge(truth, lines):
    """How a mutant shows: the first fixture that says something else, and what."""
    replays = [line for line in lines if not line.startswith("payload ")]
    expected = [line for line in truth if not line.startswith("payload ")]
    if replays != expected:
        if not lines or lines[-1].startswith(("ended with", "does not end")):
            return "replay", lines[-1] if lines else "nothing"
        other = next((b for a, b in zip(expected, replays) if a != b), "fewer lines")
        return "replay", other
    if lines != truth:
        return "payloads", next((b for a, b in zip(truth, lines) if a != b), "fewer lines")
    return None, ""


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("target", type=pathlib.Path)
    arguments.add_argument("--configuration", default="debug")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--recordings", nargs="*", help="other recordings than those of Fixtures/replays")
    options = arguments.parse_args()
    program = str(options.target / ".build" / options.configuration / "replayer")
    recordings = options.recordings or [
        str(path) for path in sorted((ROOT / "Fixtures/replays").iterdir()) if path.is_dir()]
    listing = payloads(options.target)
    truth = start(program, -1, listing, recordings, 600)
    if truth != start(program, -1, listing, recordings, 600):
        sys.exit("the program itself is not the same twice")
    rows = json.loads((options.target / "mutants.json").read_text())
    equivalent = {}
    for line in (HERE / "equivalent.txt").read_text().splitlines() if (HERE / "equivalent.txt").exists() else []:
        if line.strip() and not line.startswith("#"):
            place, what, why = line.split(" | ")
            equivalent[place.strip(), what.strip()] = why.strip()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda row: judge(truth, start(program, row["number"], listing, recordings, 120)), rows))
    table = collections.defaultdict(collections.Counter)
    missed = []
    for row, (how, shows) in zip(rows, results):
        row["caught"], row["shows"] = how, shows
        key = (row["file"], row["what"])
        if how is None and key in equivalent:
            how = "equivalent"
            row["why"] = equivalent[key]
        table[row["part"]][how or "missed"] += 1
        if how is None:
            missed.append(row)
    (options.target / "results.json").write_text(json.dumps(rows, indent=1))
    print("| Part | mutants | caught by replay | by payloads alone | equivalent | missed |\n| --- | --- | --- | --- | --- | --- |")
    for part in sorted(table):
        row = table[part]
        print(f"| {part} | {sum(row.values())} | {row['replay']} | {row['payloads']} | {row['equivalent']} | {row['missed']} |")
    total = sum(table.values(), collections.Counter())
    judged = sum(total.values()) - total["equivalent"]
    print(f"| all | {sum(total.values())} | {total['replay']} | {total['payloads']} | {total['equivalent']} | {total['missed']} |")
    print(f"\ncaught: {100 * (total['replay'] + total['payloads']) / max(1, judged):.1f} % of {judged}\n")
    for row in missed:
        print(f"missed: {row['file']}:{row['line']}: {row['what']}")


if __name__ == "__main__":
    main()

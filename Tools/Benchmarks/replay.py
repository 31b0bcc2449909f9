"""The runs and the table of Tools/Benchmarks/replay: BENCH DECODE MESSAGES COUNT REPETITIONS ROUNDS ONLY."""
import json
import statistics
import subprocess
import sys

bench, decode, messages, count, repetitions, rounds, only = sys.argv[1:8]


def run(*words):
    out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return json.loads(out.splitlines()[-1])


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def replays():
    subprocess.run([bench, "record", messages, count], check=True, stdout=subprocess.DEVNULL)
    rows = {"replay": [], "ahead": [], "replay_ond": []}
    for repetition in range(int(repetitions)):
        order = list(rows)
        order = order[repetition % 3:] + order[:repetition % 3]
        for mode in order:
            program = decode if mode == "replay_ond" else bench
            words = (program, mode, messages, count)
            rows[mode].append(run(*words))
    assert len({row["state"] for row in rows["replay"] + rows["ahead"]}) == 1, "two cores came to another state"
    cpu = [o["cpu"] / r["cpu"] for r, o in zip(rows["replay"], rows["replay_ond"])]
    wall = [o["wall"] / r["wall"] for r, o in zip(rows["ahead"], rows["replay_ond"])]
    both = [o["cpu"] / r["cpu"] for r, o in zip(rows["ahead"], rows["replay_ond"])]
    print("| | messages a second | of `replay_ond` | resident |\n| --- | ---: | ---: | ---: |")
    print(f"| `replay_ond`, per CPU second | {rate(rows['replay_ond'], 'cpu')} | 1 | |")
    print(f"| one core, per CPU second | {rate(rows['replay'], 'cpu')} | {spread(cpu)} | {memory(rows['replay'])} |")
    print(f"| decoding ahead, on the wall | {rate(rows['ahead'], 'wall')} | {spread(wall)} of its wall | {memory(rows['ahead'])} |")
    print(f"| decoding ahead, per CPU second | {rate(rows['ahead'], 'cpu')} | {spread(both)} | |")


def rate(rows, key):
    return f"{int(count) / statistics.median(row[key] for row in rows):,.0f}"


def memory(rows):
    return f"{max(row['rss_mb'] for row in rows)} MB"


def search():
    subprocess.run([bench, "plant", messages, rounds], check=True, stdout=subprocess.DEVNULL)
    whole, found = run(bench, "whole", messages, "1"), run(bench, "bisect", messages, "1")
    assert whole["result"] == "identical", whole
    print(f"\n| {int(found['n']):,} records | records read | probes | CPU s | wall s |\n| --- | ---: | ---: | ---: | ---: |")
    print(f"| whole replay | {int(found['n']):,} | | {whole['cpu']:.1f} | {whole['wall']:.1f} |")
    print(f"| `bisect`, found record {found['found']} | {int(found['read']):,} | {found['probes']} | {found['cpu']:.1f} "
          f"({found['cpu'] / whole['cpu']:.2f}) | {found['wall']:.1f} ({found['wall'] / whole['wall']:.2f}) |")


if "replay" in only.split(","):
    replays()
if "bisect" in only.split(","):
    search()

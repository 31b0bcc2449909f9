"""The runs and the table of Tools/Benchmarks/peers: BENCH KIT SCRIPTS MESSAGES REPETITIONS ONLY.

Every rate is messages of the market per CPU second of the whole process: what a peer does beside (its own preparation, where
a row leaves it out) is not counted, what we do beside (timers, ticks, our own orders) is, though it is no message."""
import json
import statistics
import subprocess
import sys

bench, kit, scripts, messages, repetitions, only = sys.argv[1:7]
market = f"{kit}/btc.txt"
# nautilus_trader keeps an object for every level: the kit gives it this many messages.
nautilus_messages = 60_000


def run(*words):
    """The lines of JSON that a program prints, by their mode."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    rows = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return {row["mode"]: row for row in rows}


def record(count):
    subprocess.run([bench, "record", market, str(count)], check=True, stdout=subprocess.DEVNULL)


def ours(mode, count):
    made = run(bench, mode, "x", str(count))[mode]
    return made["n"] / made["cpu"]


def spread(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def row(title, own, peer, theirs, bar):
    ratios = [a / b for a, b in zip(own, theirs)]
    print(f"| {title} | {spread(own, 0)} | {peer} | {spread(theirs, 0)} | {spread(ratios, 2)} | {bar} |")


def in_turn(repetition, *parts):
    """Each part's figure, in an order that alternates."""
    figures = {}
    for place in sorted(range(len(parts)), reverse=repetition % 2 == 1):
        figures[place] = parts[place]()
    return [figures[place] for place in range(len(parts))]


def nautilus():
    record(nautilus_messages)
    figures = [in_turn(
        repetition,
        lambda: ours("replay", nautilus_messages),
        lambda: nautilus_messages / run(
            f"{kit}/venv2/bin/python", f"{scripts}/naut.py", "batched", messages, str(nautilus_messages)
        )["naut_batched_run"]["cpu"],
    ) for repetition in range(int(repetitions))]
    row("verbatim replay", [a for a, _ in figures], "nautilus_trader's `BacktestEngine` alone, batched deltas",
        [b for _, b in figures], "5")


def hftbacktest():
    with open(market, "rb") as file:
        count = sum(1 for _ in file)
    record(count)
    python, script = f"{kit}/venv/bin/python", f"{scripts}/hft.py"

    def peer():
        prepared = run(python, script, "prep", messages)["hft_prep"]["cpu"]
        fastest = min(each["cpu"] for mode, each in run(python, script, "run", messages).items() if mode.endswith("_quote"))
        return count / (prepared + fastest), count / fastest

    def book():
        levels = run(f"{kit}/decode", "book_flat", market, str(count))["book_flat"]
        return count / levels["cpu"]

    figures = [in_turn(
        repetition, lambda: ours("simulate", count), peer, book, lambda: ours("keep", count), lambda: ours("replay", count),
        lambda: ours("sweep", count), lambda: ours("resweep", count),
    ) for repetition in range(int(repetitions))]
    simulated, peers, flat, kept, replayed, swept, again = zip(*figures)
    whole, alone = zip(*peers)
    row("`simulate`, the recording read and decoded each time", simulated, "hftbacktest, its preparation and a run",
        whole, "20")
    row("`sweep`, runs from the cache of decoded events", swept, "hftbacktest's fastest run alone", alone, "1")
    row("the same", swept, "`book_flat`, levels decoded before", flat, "0.5")
    row("the same", swept, "`resweep`, the recording read and decoded each time", again, "")
    row("`keep`, the cache made", kept, "`replay`", replayed, "0.7")


print("| ours | messages per CPU second | the peer | its messages per CPU second | ratio | bar |")
print("| --- | ---: | --- | ---: | ---: | ---: |")
for name in only.split(","):
    {"nautilus": nautilus, "hftbacktest": hftbacktest}[name]()

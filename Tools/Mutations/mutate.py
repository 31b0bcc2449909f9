#!/usr/bin/env python3
"""Makes one copy of the core in which hundreds of mutants sleep, each behind a number.

One build serves all: `mutant(17)` is true in the process that was started as mutant 17. See README.md.
"""
import argparse
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent

# What is mutated: strategy, risk, decoding, ledger.
PARTS = {
    "strategy": ["Trading/Strategies/*.swift"],
    "risk": ["Trading/Risk/*.swift"],
    "ledger": ["Trading/Ledger/*.swift"],
    "decode": ["Bybit/MessageDecoder*.swift", "Bybit/Messages/*.swift", "Bybit/Rows/*.swift",
               "Bybit/Wire/Row*.swift", "Bybit/Wire/Fields.swift", "Bybit/Wire/WireBuffer.swift"],
}
TARGETS = ["Market", "JSON", "CSimdjson", "Bybit", "Trading", "CZstd", "CDeflate", "CCrypto", "CBarrier",
           "Journal", "Runtime"]
# Modules that have no part in a replay, and files of the targets that need them.
NOT_THERE = ["Projections", "Simulation"]
# Files that need those files.
LEFT_OUT = ["Runtime/Simulated", "Runtime/Projection"]
# A mutated expression that takes the type checker longer than this counts as one that does not compile; seconds.
PATIENCE = 5

# What the recordings of the tests' own sessions need.
STRATEGIES = ["DeskStrategies/Lifer.swift", "RuntimeTests/Days/DayTrader.swift"]

OPERAND = r"(?:[A-Za-z_$.][\w.$]*(?:\([^()\s,]*\))?(?:\[[^\[\]\s]*\])?(?:\.[\w]+)*|\d[\d_]*)"
COMPARE = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&+": "&-", "&-": "&+"}
LOGIC = {"&&": "||", "||": "&&"}
KEYWORDS = ("let ", "var ", "return", "if ", "guard ", "for ", "while ", "switch ", "case ", "default", "func ",
            "throw", "break", "continue", "struct ", "enum ", "extension ", "import ", "public ", "private ",
            "static ", "mutating ", "defer", "do ", "else", "self.init", "super", "repeat", "@", "#", "}", "init",
            "fallthrough", "where ", "in ", "try self.init", "fileprivate ", "internal ", "typealias", "subscript", "get",
            "set", "class ", "final ", "protocol ", "associatedtype", "indirect", "precondition", "assert", "lazy ",
            "override", "convenience", "nonisolated", "actor")


def code(line):
    """The line without its comment; None where it holds text or is a comment."""
    if '"' in line:
        return None
    cut = line.find("//")
    return line if cut < 0 else line[:cut].rstrip() + "\n"


def split_conditions(text):
    depth, start, parts = 0, 0, []
    for place, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append((start, place))
            start = place + 1
    parts.append((start, len(text)))
    return parts


def balanced(text):
    depth = 0
    for character in text:
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        if depth < 0:
            return False
    return depth == 0


def sites(line):
    """Every way to mutate a line: (kind, what, function of the mutant's number to the new line)."""
    found = []
    text = code(line)
    if text is None or not text.strip() or "@inlinable" in text or "case " in text.strip()[:6]:
        return found
    body = text.rstrip("\n")
    # Conditions: negated, which swaps the branches.
    match = re.match(r"^(\s*(?:\} else )?(?:if|guard|while) )(.*?)( else \{| else|\s\{)(.*)$", body)
    if match and match.group(4).strip() in ("", "return }", "return nil }", "continue }") or (
            match and match.group(3).startswith(" else")):
        head, conditions = match.group(1), match.group(2)
        tail = match.group(3) + match.group(4)
        for start, end in split_conditions(conditions):
            part = conditions[start:end]
            plain = part.strip()
            if not plain or re.match(r"^(let|var|case|try|#|await)\b", plain) or not balanced(plain) or "{" in plain:
                continue
            def change(number, start=start, end=end, plain=plain):
                gap = conditions[start:end]
                lead = gap[:len(gap) - len(gap.lstrip())]
                return (head + conditions[:start] + lead + f"(mutant({number}) ? !({plain}) : ({plain}))"
                        + conditions[end:] + tail + "\n")
            found.append(("branch", f"!({plain})", change))
    for table, kind in ((COMPARE, "operator"), (ARITHMETIC, "operator"), (LOGIC, "operator")):
        for operator, other in table.items():
            for match in re.finditer(rf"(?<![\w.$)\]?!])({OPERAND}) {re.escape(operator)} ({OPERAND})(?![\w(\[.])", body):
                before = body[:match.start()].rstrip()
                after = body[match.end():].lstrip()
                # Only where nothing that binds tighter stands beside it.
                if re.search(r"[-+*/%<>=!&|?]$|\b(case|let|var|is|as|try)$", before) and not re.search(
                        r"(^|[^=<>!])=$|&&$|\|\|$|\?$", before):
                    continue
                if re.match(r"[-+*/%.<>=!]|\?\?|as\b|is\b", after) and not re.match(r"[<>=!]=|&&|\|\||[<>] ", after):
                    continue
                if operator in ("+", "-") and re.match(r"[*/%]", after):
                    continue
                left, right = match.group(1), match.group(2)
                if left in ("return", "in", "where", "else"):
                    continue
                def change(number, match=match, operator=operator, other=other, left=left, right=right):
                    return (body[:match.start()]
                            + f"(mutant({number}) ? ({left} {other} {right}) : ({left} {operator} {right}))"
                            + body[match.end():] + "\n")
                found.append((kind, f"{left} {operator} {right} → {other}", change))
    # Constants.
    for match in re.finditer(r"(?<![\w.\"$])(\d[\d_]*)(?![\w.\"])", body):
        before = body[:match.start()]
        if re.search(r"(\.\.\.|\.\.<)$", before.rstrip()) or before.rstrip().endswith("\\("):
            continue
        if body[match.end():].lstrip().startswith(("...", "..<")):
            continue
        if "static let" in before or re.match(r"^\s*(public |private |internal )*(let|var) \w+: ", body):
            continue
        def change(number, match=match):
            return (body[:match.start()] + f"(mutant({number}) ? {match.group(1)} + 1 : {match.group(1)})"
                    + body[match.end():] + "\n")
        found.append(("constant", f"{match.group(1)} → +1", change))
    for word, other in (("true", "false"), ("false", "true")):
        for match in re.finditer(rf"(= |return )({word})$", body):
            if re.match(r"^\s*(public |private |static )*(let|var) ", body):
                continue
            def change(number, match=match, word=word, other=other):
                return body[:match.start(2)] + f"(mutant({number}) ? {other} : {word})\n"
            found.append(("constant", f"{word} → {other}", change))
    # Statements that are dropped.
    stripped = body.strip()
    statement = re.match(r"^(try )?[a-z_][\w.]*(\[[^\]]*\])?(\.[\w]+)*(\([^{}]*\)| [-+*/&]*= [^{}]+)$", stripped)
    if statement and not stripped.startswith(KEYWORDS) and balanced(stripped) and "," not in stripped[-1:]:
        indent = body[:len(body) - len(body.lstrip())]
        def change(number):
            return f"{indent}if !mutant({number}) {{ {stripped} }}\n"
        found.append(("statement", f"dropped: {stripped}", change))
    return found


def collect():
    result = []
    for part, patterns in PARTS.items():
        for pattern in patterns:
            for path in sorted((ROOT / "Sources").glob(pattern)):
                lines = path.read_text().splitlines(keepends=True)
                inside = False
                previous = ""
                for number, line in enumerate(lines):
                    if '"""' in line:
                        inside ^= line.count('"""') % 2 == 1
                        continue
                    # A statement of several lines cannot be dropped by one of them.
                    continues = previous.rstrip().endswith(("(", "[", ",", "=", "?", ":", "&&", "||", "+", "{ (", "->"))
                    nextline = lines[number + 1].strip() if number + 1 < len(lines) else ""
                    goes_on = nextline.startswith((".", "+", "-", "*", "&&", "||", "?", ":", "==", "??", "="))
                    if not inside:
                        for kind, what, change in sites(line):
                            if kind == "statement" and (continues or goes_on or "in" == previous.strip()[-2:]):
                                continue
                            result.append((part, str(path.relative_to(ROOT)), number + 1, kind, what, change))
                    if line.strip() and not line.strip().startswith("//"):
                        previous = line
    return result


def choose(all_sites, count, seed):
    """By part in the share of its lines, one mutant a line."""
    dice = random.Random(seed)
    order = list(all_sites)
    dice.shuffle(order)
    used, chosen = set(), []
    for site in order:
        if (site[1], site[2]) in used:
            continue
        used.add((site[1], site[2]))
        chosen.append(site)
        if len(chosen) == count:
            break
    return sorted(chosen, key=lambda site: (site[1], site[2]))


def lay_out(target):
    (target / "Sources").mkdir(parents=True, exist_ok=True)
    for name in TARGETS:
        # What is the same keeps its time, so that it is not built again.
        source, copy = ROOT / "Sources" / name, target / "Sources" / name
        there = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
        for path in [path for path in copy.rglob("*") if path.is_file() and path.relative_to(copy) not in there]:
            path.unlink()
        for path in there:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            if not (copy / path).exists() or (copy / path).read_bytes() != (source / path).read_bytes():
                shutil.copyfile(source / path, copy / path)
    for name in TARGETS:
        for path in (target / "Sources" / name).rglob("*.swift"):
            place = str(path.relative_to(target / "Sources"))
            if place.startswith(tuple(LEFT_OUT)) or re.search(
                    rf"^(public )?import ({'|'.join(NOT_THERE)})$", path.read_text(), re.MULTILINE):
                path.unlink()
    (target / "Sources" / "replayer").mkdir(exist_ok=True)
    shutil.copy(HERE / "Replayer.swift.txt", target / "Sources" / "replayer" / "Replayer.swift")
    for name in STRATEGIES:
        shutil.copy(ROOT / "Tests" / name, target / "Sources" / "replayer")
    shutil.copy(HERE / "Package.swift.txt", target / "Package.swift")
    (target / "Sources/Market/ActiveMutant.swift").write_text(
        "/// The one that this process is; none is -1.\n"
        "public enum ActiveMutant { nonisolated(unsafe) public static var number = -1 }\n")
    for name in ("Bybit", "Trading"):
        (target / f"Sources/{name}/Mutant.swift").write_text(
            "import Market\n\n@inline(__always)\n"
            "func mutant(_ number: Int) -> Bool { ActiveMutant.number == number }\n")


def apply(target, mutants):
    by_file = {}
    for number, site in mutants.items():
        by_file.setdefault(site[1], []).append((number, site))
    for path, items in by_file.items():
        lines = (ROOT / path).read_text().splitlines(keepends=True)
        for number, (_, _, line, _, _, change) in items:
            lines[line - 1] = change(number)
        out = target / path
        text = "".join(lines)
        if out.read_text() != text:
            out.write_text(text)


def build(target, configuration):
    run = subprocess.run(
        ["swift", "build", "-c", configuration, "--product", "replayer", "-j", "2",
         "-Xswiftc", "-Xfrontend", "-Xswiftc", f"-solver-expression-time-threshold={PATIENCE}"],
        cwd=target, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("target", type=pathlib.Path)
    arguments.add_argument("--count", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=8)
    arguments.add_argument("--configuration", default="debug")
    options = arguments.parse_args()
    everything = collect()
    print(f"{len(everything)} places to mutate", file=sys.stderr)
    # Some do not compile; the seed's order says which take their place.
    chosen = choose(everything, options.count + options.count // 3, options.seed)
    mutants = dict(enumerate(chosen))
    options.target.mkdir(parents=True, exist_ok=True)
    lay_out(options.target)
    dropped = []
    while True:
        apply(options.target, mutants)
        began = time.monotonic()
        status, output = build(options.target, options.configuration)
        print(f"built for {time.monotonic() - began:.0f} s: {'done' if status == 0 else 'not done'}", file=sys.stderr)
        if status == 0:
            break
        bad = set()
        for path, line in re.findall(r"(Sources/[\w/+.]+\.swift):(\d+):\d+: error", output):
            near = [number for number, site in mutants.items()
                    if site[1] == path and abs(site[2] - int(line)) <= 0]
            # What is missing shows behind the line that was to give it.
            for reach in (3, 20, 60, 10_000):
                near = near or [number for number, site in mutants.items()
                                if site[1] == path and abs(site[2] - int(line)) <= reach]
            bad.update(near)
        if not bad:
            print(output[-6000:], file=sys.stderr)
            sys.exit("the mutated copy does not build, and no mutant is to blame")
        print(f"{len(bad)} mutants do not compile", file=sys.stderr)
        for number in bad:
            dropped.append(mutants.pop(number))
            path = dropped[-1][1]
            (options.target / path).write_text((ROOT / path).read_text())
    dice = random.Random(options.seed)
    numbers = sorted(mutants)
    kept = sorted(dice.sample(numbers, min(options.count, len(numbers))))
    rows = [{"number": number, "part": mutants[number][0], "file": mutants[number][1], "line": mutants[number][2],
             "kind": mutants[number][3], "what": mutants[number][4]} for number in kept]
    (options.target / "mutants.json").write_text(json.dumps(rows, indent=1))
    print(f"{len(rows)} mutants in {options.target}, {len(dropped)} did not compile", file=sys.stderr)


if __name__ == "__main__":
    main()

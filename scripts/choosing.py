#!/usr/bin/env python3
"""Writes the tables and the plot of docs/choosing.md from what `ridgeline replay` says.

Usage: scripts/choosing.py DATA [--seeds N] [--jobs N] [--only WORD] [--doc FILE.md] [--plot FILE.svg]
                                [--program FILE] [--work FOLDER]

DATA is a folder with the public sets: hat/*.csv, edgetran/dataset.json. Each of the eight with at least 60 rows is
replayed with every rule: learning curves of the error of held-out rows, the areas below them, and how they compare
with choosing at random. The tables go between the marks of FILE.md, or to stdout. Answers are kept like those of
scripts/accuracy.py, so that an interrupted run goes on where it stopped. The plot needs matplotlib.
"""
import argparse
import bisect
import json
import math
import pathlib
import statistics
import sys

from accuracy import EDGETRAN, HAT, ROOT, Tool, mean, question

RULES = ["active", "random", "protran"]
SHOWN = [5, 8, 12, 20, 40, 80, 200]
BEGIN, END = "<!-- scripts/choosing.py writes from here -->", "<!-- to here -->"


class Replayed:
    """One set: runs by rule, seed by seed."""

    def __init__(self, name, device, answer):
        self.title = f"{name}, {device}"
        self.rows, self.held_out = answer["pool"] + answer["held_out"], answer["held_out"]
        self.runs = {rule: [run for run in answer["runs"] if run["rule"] == rule] for rule in RULES}
        self.sizes = [point["rows"] for point in answer["runs"][0]["points"]]

    def excess(self, rule, i):
        """Percentage points by which the error at the i-th size exceeds that of all rows, seed by seed."""
        return [100 * (run["points"][i]["error"] - run["all"]["error"]) for run in self.runs[rule]]

    def all_rows(self):
        return 100 * mean(run["all"]["error"] for run in self.runs["random"])

    def areas(self, rule, axis):
        """∫ excess d(axis), seed by seed."""
        return [self.area(i, rule, axis) for i in range(len(self.runs[rule]))]

    def area(self, seed, rule, axis):
        points, final = self.runs[rule][seed]["points"], self.runs[rule][seed]["all"]["error"]
        if axis != "seconds":
            at = [math.log(p["rows"]) if axis == "ln rows" else p["rows"] for p in points]
            return sum(0.5 * (a["error"] + b["error"] - 2 * final) * (y - x)
                       for a, b, x, y in zip(points, points[1:], at, at[1:]))
        # From when every rule has its first fit to when the first of them has its last: at each moment the error is
        # that of the latest fit.
        others = [self.runs[r][seed]["points"] for r in RULES]
        first, last = max(o[0]["seconds"] for o in others), min(o[-1]["seconds"] for o in others)
        times = [p["seconds"] for p in points]
        changes = [first] + [t for t in times if first < t < last] + [last]
        return sum((points[bisect.bisect_right(times, t) - 1]["error"] - final) * math.log(until / t)
                   for t, until in zip(changes, changes[1:]))

    def ratio(self, rule, axis):
        """Area over that of random choice, means over seeds, and the standard error of the ratio by the jackknife."""
        own, chance = self.areas(rule, axis), self.areas("random", axis)
        whole, n = sum(own) / sum(chance), len(own)
        left_out = [(sum(own) - a) / (sum(chance) - b) for a, b in zip(own, chance)]
        return whole, math.sqrt((n - 1) / n * sum((r - mean(left_out)) ** 2 for r in left_out)) if n > 1 else math.nan


def print_curves(sets, out):
    print("| set | rule | " + " | ".join(f"{n} rows" for n in SHOWN) + " | all |", file=out)
    print("|---|---|" + "---|" * (len(SHOWN) + 1), file=out)
    for one in sets:
        for rule in RULES:
            cells = [f"{mean(one.excess(rule, one.sizes.index(n))):.2f}" if n in one.sizes else "—" for n in SHOWN]
            final = f"{one.all_rows():.2f}" if rule == RULES[0] else ""
            print(f"| {one.title if rule == RULES[0] else ''} | {rule} | {' | '.join(cells)} | {final} |", file=out)


def print_areas(sets, out):
    axes = ["ln rows", "rows", "seconds"]
    rules = [rule for rule in RULES if rule != "random"]
    heads = [f"{rule}, over {'ln ' if axis == 'seconds' else ''}{axis}" for rule in rules for axis in axes]
    print("\n| set | rows, held out | " + " | ".join(heads) + " |", file=out)
    print("|---|---|" + "---|" * len(heads), file=out)
    for one in sets:
        cells = []
        for rule in rules:
            cells += ["{:.2f} ± {:.2f}".format(*one.ratio(rule, axis)) for axis in axes]
        print(f"| {one.title} | {one.rows}, {one.held_out} | {' | '.join(cells)} |", file=out)
    ratios = [[one.ratio(rule, axis)[0] for one in sets] for rule in rules for axis in axes]
    print("| mean of the ratios | | " + " | ".join(f"**{mean(r):.2f}**" for r in ratios) + " |", file=out)
    print("| highest | | " + " | ".join(f"{max(r):.2f}" for r in ratios) + " |", file=out)


def plot(sets, file):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "ridgeline"
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(2, math.ceil(len(sets) / 2), figsize=(13, 6), squeeze=False)
    marks = {"active": "o-", "random": "s--", "protran": "^:"}
    for axis, one in zip(axes.flat, sets):
        for rule in RULES:
            curves = [one.excess(rule, i) for i in range(len(one.sizes))]
            means = [mean(c) for c in curves]
            errors = [statistics.stdev(c) / math.sqrt(len(c)) if len(c) > 1 else 0 for c in curves]
            (line,) = axis.plot(one.sizes, means, marks[rule], label=rule, markersize=4)
            axis.fill_between(one.sizes, [m - e for m, e in zip(means, errors)],
                              [m + e for m, e in zip(means, errors)], color=line.get_color(), alpha=0.2)
        axis.axhline(0, color="grey", linewidth=0.8)
        axis.set(xscale="log", title=one.title, xlabel="rows fitted")
    for row in axes:
        row[0].set_ylabel("error less that of all rows (points)")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


class Tables:
    """What is printed, to go between the marks of a document or to stdout."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def put(self, document):
        if document is None:
            sys.stdout.write(self.text)
            return
        before, rest = document.read_text(encoding="utf-8").split(BEGIN)
        document.write_text(before + BEGIN + "\n" + self.text + END + rest.split(END)[1], encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "ridgeline")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/choosing")
    parser.add_argument("--seeds", type=int, default=20, help="draws of what is held out (default 20)")
    parser.add_argument("--jobs", type=int, default=1, help="commands at a time (default 1)")
    parser.add_argument("--only", default="", help="edgetran or hat")
    parser.add_argument("--doc", type=pathlib.Path, help="put the tables between its marks instead of stdout")
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    tool = Tool(arguments.program, arguments.work, "replay")
    words = ["--rule", ",".join(RULES), "--seeds", arguments.seeds]
    asked = []
    for device in EDGETRAN if "edgetran".startswith(arguments.only) else []:
        asked.append(question("edgetran", device, [arguments.data / "edgetran/dataset.json"], words))
    for device, file in HAT.items() if "hat".startswith(arguments.only) else []:
        asked.append(question("hat", device, [arguments.data / "hat" / file], words))
    tool.ask_all(asked, arguments.jobs)
    answers = [(q, tool.ask(q)) for q in asked]
    sets = [Replayed(q[0], q[1], json.loads(answer)) for q, answer in answers if answer]
    tables = Tables()
    print_curves(sets, tables)
    print_areas(sets, tables)
    tables.put(arguments.doc)
    if arguments.plot:
        plot(sets, arguments.plot)


if __name__ == "__main__":
    main()

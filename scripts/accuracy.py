#!/usr/bin/env python3
"""Writes the tables and the plot of docs/accuracy.md from what `ridgeline validate` says.

Usage: scripts/accuracy.py DATA [--seeds N] [--jobs N] [--only WORD] [--out FILE.md] [--plot FILE.svg]
                                [--program FILE] [--work FOLDER]

DATA is a folder with the public sets: hat/*.csv, edgetran/dataset.json, neusight/label/*/*.json. Every figure is of rows
that the fit never saw; lessons of other devices exclude the device's own and its file's. Says on stderr what it runs
and how long that took. Answers are kept in a folder of the program's own hash below FOLDER, one file a command, and not
asked for again: an interrupted run goes on where it stopped, a rebuilt program starts anew. Prints Markdown. With
--seeds 2 it takes some 20 minutes on one core. The plot needs matplotlib.
"""
import argparse
import concurrent.futures
import csv
import hashlib
import io
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EDGETRAN = ["a100-sxm-40gb", "m1-pro-cpu", "m1-pro-gpu", "raspberry-pi-4", "jetson-nano-cpu"]
FEW = ["ncs2", "jetson-nano-gpu"]  # 16 rows each
HAT = {"raspberry-pi-4": "wmt14ende_cpu_raspberrypi_all.csv", "xeon-e5-2640": "wmt14ende_cpu_xeon_all.csv",
       "titan-xp": "wmt14ende_gpu_titanxp_all.csv"}
NEUSIGHT = {"a100-pcie-40gb": "NVIDIA_A100-PCIE-40GB", "p100": "Tesla_P100-PCIE-16GB", "p4": "Tesla_P4", "t4": "Tesla_T4",
            "v100-pcie-32gb": "Tesla_V100-PCIE-32GB"}
METRICS = ["latency", "energy", "peak_power"]
ALL = 0.8  # of the rows, the others are scored
FEWEST_FOR_RESIDUAL = 30  # calib/train.hpp: with fewer rows nothing is trained
MOST_LEFT_OUT = 200  # draws until each of 16 rows was left out
# No output of a command: the best of AdaBoost, random forest and gradient boosting on 80 % of the rows (EdgeTran), a
# 3x400 network and gradient boosting on 1,600 rows (HAT), by scikit-learn 1.2 on the same sets, in percent.
LEARNED = {("edgetran", "a100-sxm-40gb"): (11.7, 11.3, 19.4), ("edgetran", "m1-pro-cpu"): (14.5, 17.7, 5.5),
           ("edgetran", "m1-pro-gpu"): (14.2, 19.2, 13.9), ("edgetran", "raspberry-pi-4"): (45.5, 57.0, 9.9),
           ("edgetran", "jetson-nano-cpu"): (32.4, 32.2, 13.8), ("edgetran", "ncs2"): (34.8, 33.1, 2.4),
           ("edgetran", "jetson-nano-gpu"): (31.4, 36.6, 13.2), ("hat", "raspberry-pi-4"): (4.2,),
           ("hat", "xeon-e5-2640"): (5.2,), ("hat", "titan-xp"): (5.7,)}


class Tool:
    """Asks one command of the program, and keeps what it answered."""

    def __init__(self, program, work, command="validate"):
        self.program, self.command = program, command
        subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)  # the launcher builds it
        built = ROOT / "build/release/app/ridgeline"
        binary = built if program == ROOT / "ridgeline" else program
        digest = hashlib.sha256(binary.read_bytes())
        digest.update((ROOT / "data/calibrations/generic.h5").read_bytes())
        self.work = work / digest.hexdigest()[:12]
        self.work.mkdir(parents=True, exist_ok=True)

    def kept(self, question):
        name, device, _, words, form = question
        return self.work / (re.sub(r"[^\w.-]+", "_", "_".join([name, device, *words])) + "." + form)

    def ask(self, question):
        """The text of an answer, from the folder where it is there already; None where the command fails."""
        _, device, files, words, form = question
        kept = self.kept(question)
        if kept.exists():
            return kept.read_text()
        command = [self.program, self.command, "--device", device, f"--{form}", *words, "--data", *files]
        one_thread = dict(os.environ, OMP_NUM_THREADS="1")
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, env=one_thread)
        if run.returncode != 0:
            print("failed:", " ".join(str(word) for word in command[:14]), run.stderr, file=sys.stderr)
            return None
        part = kept.with_suffix(".part")
        part.write_text(run.stdout)
        part.replace(kept)
        return run.stdout

    def ask_all(self, questions, jobs):
        """Answers everything that is not kept yet and says how far it is."""
        missing = [q for q in dict.fromkeys(questions) if not self.kept(q).exists()]
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            running = {pool.submit(self.ask, q): q for q in missing}
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                name, device, _, words, _ = running[future]
                spent = time.monotonic() - begin
                print(f"[{done}/{len(missing)}] {spent:5.0f} s, about {spent / done * (len(missing) - done):.0f} s to go: "
                      f"{name}, {device}, {' '.join(words)}", file=sys.stderr, flush=True)


def question(name, device, files, words, form="json"):
    return name, device, tuple(files), tuple(str(word) for word in words), form


class Line:
    """A line of the tables: a set, a number of rows and a predictor, over several draws."""

    def __init__(self, name, device, files, rows, predictor, seeds):
        self.name, self.device, self.rows, self.predictor = name, device, rows, predictor
        words = ["--calibrate-on", rows, "--predictor", predictor]
        self.questions = [question(name, device, files, [*words, "--seed", seed]) for seed in range(seeds if rows else 1)]
        self.results = []

    def read(self, tool):
        answers = [tool.ask(q) for q in self.questions]
        self.results = [json.loads(a) for a in answers if a is not None]

    def mean(self, metric, key):
        values = [r[metric][key] for r in self.results if r.get(metric) and r[metric].get(key) is not None]
        return sum(values) / len(values) if values else None

    def ratios(self):
        """Errors divided by those of the best learned predictor, by metric."""
        learned = LEARNED.get((self.name, self.device), ()) if self.rows else ()  # nothing says how long a start-up takes
        found = {}
        for metric, best in zip(METRICS, learned):
            error = self.mean(metric, "mape")
            if error is not None:
                found[metric] = 100 * error / best
        return found

    def markdown(self):
        texts, ratios = [], self.ratios()
        for metric in METRICS:
            error, coverage = self.mean(metric, "mape"), self.mean(metric, "coverage")
            text = "—" if error is None else f"{100 * error:.1f}"
            if coverage is not None:
                text += f" ({100 * coverage:.0f})"
            if metric in ratios:
                text += f", {ratios[metric]:.2f}"
            texts.append(text)
        unsettled = sum(r.get("converged") is False for r in self.results)
        note = f"{unsettled} of {len(self.results)} not converged" if unsettled else ""
        rows = {0: "none", ALL: "80 %"}.get(self.rows, self.rows)
        return (f"| {self.name}, {self.device} | {rows} | {self.predictor} | {self.results[0]['rows']} × {len(self.results)} | "
                + " | ".join(texts) + f" | {note} |")


def lines_of(name, device, files, numbers, seeds):
    yield Line(name, device, files, 0, "datasheet", 1)
    for rows in numbers:
        yield Line(name, device, files, rows, "analytic", seeds)
        if rows == ALL or rows >= FEWEST_FOR_RESIDUAL:
            yield Line(name, device, files, rows, "residual", seeds)


def leave_one_out(tool, device, files, rows, jobs):
    """Errors of every row by the fit to all others: draws of one row until each was left out."""
    errors = {}
    for first in range(0, MOST_LEFT_OUT, 2 * rows):
        drawn = [question("edgetran", device, files, ["--calibrate-on", rows - 1, "--predictor", "analytic", "--seed", s], "csv")
                 for s in range(first, first + 2 * rows)]
        tool.ask_all(drawn, jobs)
        for answer in filter(None, map(tool.ask, drawn)):
            for row in csv.DictReader(io.StringIO(answer)):
                errors.setdefault(row["id"], {m: abs(float(row[f"{m}{u}"]) / float(row[f"{m}{u}_measured"]) - 1)
                                              for m, u in zip(METRICS, ["_s", "_J", "_W"]) if row[f"{m}{u}"] and row[f"{m}{u}_measured"]})
        if len(errors) == rows:
            break
    return errors


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def geometric_mean(values):
    return math.exp(mean(math.log(v) for v in values))


def print_summary(lines):
    """What the tables come to."""
    print("\n| what | found |\n|---|---|")
    for rows, predictor, said in [(ALL, "residual", "80 %"), (20, "analytic", "20 rows")]:
        ratios = {(line.device, m): r for line in lines if (line.name, line.rows, line.predictor) == ("edgetran", rows, predictor)
                  for m, r in line.ratios().items()}
        if ratios:
            worst = max(ratios, key=ratios.get)
            print(f"| EdgeTran, {said} fitted, ÷ best learned predictor on 80 %: geometric mean of {len(ratios)} cells, worst | "
                  f"{geometric_mean(ratios.values()):.3f}, {ratios[worst]:.2f} ({worst[0]}, {worst[1]}) |")
    left_out = [line.results[0]["latency"] for line in lines if line.name == "neusight"]
    if left_out:
        rows = sum(r["rows"] for r in left_out)
        error = sum(r["rows"] * r["mape"] for r in left_out) / rows
        print(f"| NeuSight, GPUs of which only the data sheet is known, inference and training, {rows} rows | {100 * error:.1f} % |")
    by_key = {(line.name, line.device, line.rows, line.predictor): line for line in lines}
    for (name, device, rows, predictor), line in by_key.items():
        before = by_key.get((name, device, rows, "analytic"))
        if predictor != "residual" or rows != ALL or before is None:
            continue
        changes = [f"{m.replace('_', ' ')} {100 * (line.mean(m, 'mape') / before.mean(m, 'mape') - 1):+.1f} %"
                   for m in METRICS if line.mean(m, "mape") is not None]
        print(f"| the residual's change of the error, {name}, {device}, 80 % | {', '.join(changes)} |")
    scores = {}
    for line in lines:
        for m in METRICS:
            own, constant = line.mean(m, "interval_score"), line.mean(m, "constant_score")
            if own and constant:
                scores.setdefault((line.name, line.rows, line.predictor), []).append(own / constant)
    for (name, rows, predictor), ratios in scores.items():
        print(f"| interval score ÷ that of a constant relative width, {name}, {'80 %' if rows == ALL else rows}, {predictor}: "
              f"geometric mean, best and worst of {len(ratios)} | {geometric_mean(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f} |")
    outside, all_cells = [], 0
    for line in lines:
        for m in METRICS:
            coverage = line.mean(m, "coverage")
            if coverage is None:
                continue
            held_out = line.results[0][m]["rows"]
            all_cells += 1
            if abs(100 * coverage - 90) > max(5, 260 * math.sqrt(0.09 / held_out)):
                outside.append(f"{line.name}, {line.device}, {'80 %' if line.rows == ALL else line.rows}, {line.predictor}, "
                               f"{m.replace('_', ' ')}: {100 * coverage:.0f} %")
    if all_cells:
        print(f"| mean coverage further from 90 % than max(5, 260·√(0.09/n)) points, n rows scored: {len(outside)} of "
              f"{all_cells} cells | {'; '.join(outside) or 'none'} |")


def plot(lines, file):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    sets = list(dict.fromkeys((line.name, line.device) for line in lines if line.name != "neusight"))
    figure, axes = pyplot.subplots(2, math.ceil(len(sets) / 2), figsize=(13, 6), sharey=True, squeeze=False)
    for axis, (name, device) in zip(axes.flat, sets):
        for predictor, mark in [("datasheet", "s"), ("analytic", "o-"), ("residual", "^--")]:
            points = []
            for line in lines:
                if (line.name, line.device, line.predictor) == (name, device, predictor):
                    r = line.results[0]
                    points.append((max(1, r["calibrated_on"] or 0), 100 * line.mean("latency", "mape")))
            points.sort()
            axis.plot([n for n, _ in points], [e for _, e in points], mark, label=predictor)
        if LEARNED.get((name, device)):
            axis.axhline(LEARNED[name, device][0], color="grey", linestyle=":", label="learned, 80 %")
        axis.set(xscale="log", yscale="log", title=f"{name}, {device}", xlabel="rows fitted (1: none)")
    axes[0][0].set_ylabel("latency, MAPE of held-out rows (%)")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "ridgeline")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/accuracy")
    parser.add_argument("--seeds", type=int, default=5, help="draws of rows a line (default 5)")
    parser.add_argument("--jobs", type=int, default=1, help="commands at a time (default 1)")
    parser.add_argument("--only", default="", help="edgetran, hat or neusight")
    parser.add_argument("--out", type=pathlib.Path, help="write the Markdown there instead of stdout")
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    tool, data, seeds = Tool(arguments.program, arguments.work), arguments.data, arguments.seeds
    chosen = [s for s in ["edgetran", "hat", "neusight"] if s.startswith(arguments.only)]

    lines, campaigns, edgetran = [], [], [data / "edgetran/dataset.json"]
    if "neusight" in chosen:
        for device, folder in NEUSIGHT.items():
            files = sorted(f for f in (data / "neusight/label" / folder).glob("*.json") if "fusion" not in f.name)
            lines.append(Line("neusight", device, files, 0, "datasheet", 1))
    if "edgetran" in chosen:
        for device in EDGETRAN:
            lines += lines_of("edgetran", device, edgetran, [10, 20, 50, ALL], seeds)
            if device in ("a100-sxm-40gb", "jetson-nano-cpu"):  # enough rows to know the state of the board from
                campaigns.append(("edgetran", device, question("edgetran", device, edgetran, ["--within-campaign"])))
        lines += [Line("edgetran", device, edgetran, 0, "datasheet", 1) for device in FEW]
    if "hat" in chosen:
        for device, file in HAT.items():
            lines += lines_of("hat", device, [data / "hat" / file], [10, 20, 50, 200, ALL], seeds)
            campaigns.append(("hat", device, question("hat", device, [data / "hat" / file], ["--within-campaign"])))
    tool.ask_all([q for line in lines for q in line.questions] + [q for *_, q in campaigns], arguments.jobs)
    for line in lines:
        line.read(tool)
    lines = [line for line in lines if line.results]
    left_out = {device: leave_one_out(tool, device, edgetran, 16, arguments.jobs) for device in FEW if "edgetran" in chosen}

    if arguments.out:
        sys.stdout = open(arguments.out, "w", encoding="utf-8")
    print(f"# All figures of accuracy\n\nWhat `scripts/accuracy.py DATA --seeds {seeds} --out docs/accuracy_tables.md "
          "--plot docs/accuracy.svg` printed; [accuracy.md](accuracy.md) says what they mean. Draws are seeds 0 to "
          f"{seeds - 1} of `ridgeline validate --calibrate-on`.\n")
    print("MAPE in percent (coverage of 90 % intervals), ratio to the best learned predictor where there is one\n")
    print("| set | rows fitted | predictor | held-out rows × draws | latency | energy | peak power | |")
    print("|---|---|---|---|---|---|---|---|")
    for line in lines:
        print(line.markdown())
    for device, errors in left_out.items():
        cells = [f"{100 * mean(e[m] for e in errors.values() if m in e):.1f}" if any(m in e for e in errors.values()) else "—"
                 for m in METRICS]
        print(f"| edgetran, {device} | all but one | analytic | {len(errors)} × 1 | {' | '.join(cells)} | each row left out once |")
    for name, device, asked in campaigns:
        answer = tool.ask(asked)
        if answer:
            result = json.loads(answer)
            print(f"| {name}, {device} | four fifths | within campaign | {result['rows']} × 1 | "
                  f"{100 * result['latency']['mape']:.2f} | — | — | neighbours' state known |")
    print_summary(lines)
    if arguments.plot:
        plot(lines, arguments.plot)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the tables and the plot of docs/accuracy.md from what `ridgeline validate` says.

Usage: scripts/accuracy.py DATA [--program FILE] [--work FOLDER] [--seeds N] [--only WORD] [--plot FILE.svg]

DATA is a folder with the public sets: hat/*.csv, edgetran/dataset.json, neusight/label/*/*.json. Every figure is of rows
that the fit never saw; lessons of other devices exclude the device's own and its file's. Answers are kept in FOLDER, one
JSON file a command, and not asked for again: an interrupted run goes on where it stopped, and a folder of another
version is removed by hand. Prints Markdown. The plot needs matplotlib.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EDGETRAN = ["a100-sxm-40gb", "m1-pro-cpu", "m1-pro-gpu", "raspberry-pi-4", "jetson-nano-cpu"]
FEW = ["ncs2", "jetson-nano-gpu"]
HAT = {"raspberry-pi-4": "wmt14ende_cpu_raspberrypi_all.csv", "xeon-e5-2640": "wmt14ende_cpu_xeon_all.csv",
       "titan-xp": "wmt14ende_gpu_titanxp_all.csv"}
NEUSIGHT = {"a100-pcie-40gb": "NVIDIA_A100-PCIE-40GB", "p100": "Tesla_P100-PCIE-16GB", "p4": "Tesla_P4", "t4": "Tesla_T4",
            "v100-pcie-32gb": "Tesla_V100-PCIE-32GB"}
METRICS = ["latency", "energy", "peak_power"]
# The best of three learned predictors on 80 % of the rows (EdgeTran), a 3x400 network on 1,600 rows (HAT), in percent.
LEARNED = {("edgetran", "a100-sxm-40gb"): (11.7, 11.3, 19.4), ("edgetran", "m1-pro-cpu"): (14.5, 17.7, 5.5),
           ("edgetran", "m1-pro-gpu"): (14.2, 19.2, 13.9), ("edgetran", "raspberry-pi-4"): (45.5, 57.0, 9.9),
           ("edgetran", "jetson-nano-cpu"): (32.4, 32.2, 13.8), ("hat", "raspberry-pi-4"): (4.9,),
           ("hat", "xeon-e5-2640"): (5.6,), ("hat", "titan-xp"): (6.9,)}


class Tool:
    def __init__(self, program, work):
        self.program, self.work = program, work
        work.mkdir(parents=True, exist_ok=True)

    def validate(self, name, device, files, *words):
        """What `validate` says, from the folder where it is there already; None where it fails."""
        words = [str(word) for word in words]
        kept = self.work / (re.sub(r"[^\w.-]+", "_", "_".join([name, device, *words])) + ".json")
        if not kept.exists():
            command = [self.program, "validate", "--device", device, "--json", *words, "--data", *files]
            run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
            if run.returncode != 0:
                print("failed:", " ".join(str(word) for word in command[:12]), run.stderr, file=sys.stderr)
                return None
            part = kept.with_suffix(".part")
            part.write_text(run.stdout)
            part.replace(kept)
        return json.loads(kept.read_text())


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else None


def cells(results):
    """By metric: MAPE in percent, and the share of rows inside their intervals."""
    for metric in METRICS:
        scores = [r[metric] for r in results if r.get(metric)]
        error, coverage = mean([s["mape"] for s in scores]), mean([s.get("coverage") for s in scores])
        yield None if error is None else 100 * error, None if coverage is None else 100 * coverage


def rows_of(tool, name, device, files, settings, seeds):
    for rows, predictor in settings:
        words = ["--calibrate-on", rows, "--predictor", predictor]
        results = [tool.validate(name, device, files, *words, "--seed", seed) for seed in range(seeds if rows else 1)]
        results = [r for r in results if r is not None]
        if results:
            yield rows, predictor, results


def print_table(tool, name, device, files, settings, seeds, points):
    learned = LEARNED.get((name, device), ())
    for rows, predictor, results in rows_of(tool, name, device, files, settings, seeds):
        texts = []
        for m, (error, coverage) in enumerate(cells(results)):
            text = "—" if error is None else f"{error:.1f}"
            if coverage is not None:
                text += f" ({coverage:.0f})"
            if error is not None and m < len(learned):
                text += f", {error / learned[m]:.2f}"
            texts.append(text)
            if error is not None:
                points.append((f"{name}, {device}, {METRICS[m]}", rows, predictor, error))
        unsettled = sum(r.get("converged") is False for r in results)
        note = f"{unsettled} of {len(results)} not converged" if unsettled else ""
        print(f"| {name}, {device} | {rows or 'none'} | {predictor} | {results[0]['rows']} × {len(results)} | "
              + " | ".join(texts) + f" | {note} |", flush=True)


def plot(points, file):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    names = sorted({p[0] for p in points if p[0].endswith("latency") and not p[0].startswith("neusight")})
    figure, axes = pyplot.subplots(2, 4, figsize=(13, 6), sharey=True)
    for axis, name in zip(axes.flat, names):
        for predictor, mark in [("datasheet", "s"), ("analytic", "o-"), ("residual", "^--")]:
            line = sorted((rows, error) for n, rows, p, error in points if n == name and p == predictor)
            axis.plot([max(1, r) if r == 0 or r >= 1 else 100 for r, _ in line], [e for _, e in line], mark, label=predictor)
        axis.set(xscale="log", yscale="log", title=name.rsplit(",", 1)[0], xlabel="rows fitted")
    axes[0][0].set_ylabel("latency, MAPE of held-out rows (%)")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "ridgeline")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/accuracy")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    tool, data, seeds, points = Tool(arguments.program, arguments.work), arguments.data, arguments.seeds, []
    print("MAPE in percent (coverage of 90 % intervals), ratio to the learned predictor where there is one\n")
    print("| set | rows fitted | predictor | held-out rows × draws | latency | energy | peak power | |")
    print("|---|---|---|---|---|---|---|---|")
    if "neusight".startswith(arguments.only):
        for device, folder in NEUSIGHT.items():
            files = sorted(f for f in (data / "neusight/label" / folder).glob("*.json") if "fusion" not in f.name)
            print_table(tool, "neusight", device, files, [(0, "datasheet")], 1, points)
    if "edgetran".startswith(arguments.only):
        settings = [(0, "datasheet"), (10, "analytic"), (20, "analytic"), (50, "analytic"), (50, "residual"),
                    (0.8, "analytic"), (0.8, "residual")]
        for device in EDGETRAN:
            print_table(tool, "edgetran", device, [data / "edgetran/dataset.json"], settings, seeds, points)
        for device in FEW:
            print_table(tool, "edgetran", device, [data / "edgetran/dataset.json"],
                        [(0, "datasheet"), (10, "analytic"), (15, "analytic")], 16, points)
    if "hat".startswith(arguments.only):
        settings = [(0, "datasheet"), (10, "analytic"), (20, "analytic"), (50, "analytic"), (200, "analytic"),
                    (200, "residual"), (0.8, "analytic")]
        for device, file in HAT.items():
            print_table(tool, "hat", device, [data / "hat" / file], settings, seeds, points)
        for device, file in HAT.items():
            result = tool.validate("hat", device, [data / "hat" / file], "--within-campaign")
            if result:
                print(f"| hat, {device} | all other folds | within campaign | {result['rows']} | "
                      f"{100 * result['latency']['mape']:.2f} | — | — | |", flush=True)
    if arguments.plot:
        plot(points, arguments.plot)


if __name__ == "__main__":
    main()

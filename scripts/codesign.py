#!/usr/bin/env python3
"""Writes the tables of docs/edgetran.md and docs/hat.md from what the programs say.

Usage: scripts/codesign.py edgetran|hat DATA [--program FILE] [--seeds N] [--seconds S] [--random N] [--keep FILE]
                          [--ridgeline FILE]

DATA is a folder with the public sets (edgetran/, hat/). FILE is ridgeline_codesign, built by `cmake --preset profile`;
with --keep its JSON is kept there and used again. Prints Markdown.
"""
import argparse
import json
import math
import pathlib
import random
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
A100, M1 = "a100-sxm-40gb", "m1-pro-gpu"


def output(words):
    run = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {run.stderr}")
    return run.stdout


def study(arguments, *more):
    if arguments.keep and arguments.keep.exists():
        return json.loads(arguments.keep.read_text())
    text = output([arguments.program, arguments.study, arguments.data, arguments.seeds, arguments.seconds, *more])
    if arguments.keep:
        arguments.keep.write_text(text)
    return json.loads(text)


def estimate(arguments, model, device, *words):
    return json.loads(output([arguments.ridgeline, "estimate", model, "--device", device, *words, "--json"]))


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def millions(value):
    return f"{value / 1e6:.1f}"


def spread(values, form="{:.5f}"):
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"


# --- EdgeTran


def ratio(draws, digits=2):
    """A figure of the whole sample and the 5th and 95th percentile of resamples."""
    whole, resampled = draws[0], sorted(draws[1:])
    low, high = resampled[len(resampled) // 20], resampled[-len(resampled) // 20]
    return f"{whole:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def measured_ratios(measured):
    """A100 ÷ M1 Pro GPU: of equal models, and of models of BERT-Base's size to those of the paper's."""
    rows = {device: {r["model"]: r for r in measured if r["device"] == device} for device in [A100, M1]}
    both = sorted(rows[A100].keys() & rows[M1].keys())
    large = [r for r in rows[A100].values() if abs(math.log(r["parameters"] / 109.5e6)) < 0.15]
    small = [r for r in rows[M1].values() if abs(math.log(r["parameters"] / (109.5e6 / 2.8))) < 0.15]
    draw = random.Random(1)
    equal, sized = [len(both)], [f"{len(large)} and {len(small)}"]
    for metric in ["latency_s", "energy_J", "peak_power_W"]:
        logs = [math.log(rows[A100][m][metric] / rows[M1][m][metric]) for m in both]
        again = [logs] + [draw.choices(logs, k=len(logs)) for _ in range(5000)]
        equal.append(ratio([math.exp(statistics.fmean(sample)) for sample in again]))
        a, m = [r[metric] for r in large], [r[metric] for r in small]
        pairs = [(a, m)] + [(draw.choices(a, k=len(a)), draw.choices(m, k=len(m))) for _ in range(5000)]
        sized.append(ratio([statistics.median(x) / statistics.median(y) for x, y in pairs]))
    table(["A100 ÷ M1 Pro GPU", "models", "latency", "energy", "peak power"],
          [["the same model on both", *equal], ["109.5 million ÷ 39.1 million parameters, both within 15 %", *sized]])


def interval(figure, scale, digits):
    return (f"{figure['value'] * scale:.{digits}f}" +
            (f" ({figure['low'] * scale:.{digits}f} to {figure['high'] * scale:.{digits}f})"
             if figure.get("low") is not None else ""))


def figures(name, e):
    latency, startup = e["latency_per_sequence"], e["startup"] if "startup" in e else None
    return [name, millions(e["model"]["parameters"]), interval(latency, 1e3, 2),
            interval(startup, 1e3, 2) if startup and startup.get("value") is not None else "—",
            interval(e["energy_per_sequence"], 1e3, 0), interval(e["peak_power"], 1, 1)]


def edgetran(arguments):
    result = study(arguments, arguments.random)
    seeds, published = result["seeds"], result["published"]
    print(f"GLUE: {result['accuracy']['verdict']}. Slope of the law of parameters: "
          f"{100 * result['accuracy']['slope_per_ln_parameters']:.2f} points for each factor of e.\n")
    print("At the same size:\n")
    rows = []
    for i, rival in enumerate(published):
        ours = [s["least_hardware_at_published"][i] for s in seeds]
        rows.append([rival["name"], rival["device"], millions(rival["parameters"]), f"{rival['hardware']:.5f}",
                     f"{result['random']['least_hardware_at_published'][i]:.5f}", spread(ours)])
    table(["published by", "device", "million parameters", "its hardware cost",
           f"best of {result['random']['evaluations']:,} random designs", f"ours, {len(seeds)} seeds"], rows)
    table(["seed", "designs evaluated", "CPU s", "published designs beaten", "initial pairs beaten",
           "random front reached or beaten"],
          [[s["seed"], f"{s['evaluations']:,}", f"{s['cpu_seconds']:.1f}", f"{s['beats_published']} of {len(published)}",
            f"{s['beats_initial']} of {result['initial']['pairs']}",
            f"{s['covers_random_front']} of {s['random_front']}"] for s in seeds])
    print("Under the whole objective, with GLUE by the law of parameters:\n")
    rivals = [(r["name"], r) for r in published]
    rivals.append((f"best of {result['initial']['pairs']} initial pairs", result["initial"]["best"]))
    rivals.append((f"best of {result['random']['evaluations']:,} random designs", result["random"]["best"]))
    rows = [[name, r["device"], millions(r["parameters"]), f"{r['objective']:.5f}"] for name, r in rivals]
    best = [s["best"] for s in seeds]
    rows.append([f"ours, {len(seeds)} seeds", ", ".join(sorted({b["device"] for b in best})),
                 spread([b["parameters"] / 1e6 for b in best], "{:.1f}"), spread([b["objective"] for b in best])])
    table(["design", "device", "million parameters", "y"], rows)
    print("Pairs of at least 39.1 million parameters:\n")
    table(["seed", "device", "million parameters", "hardware cost", "latency, ms", "energy, mJ", "peak power, W"],
          [[s["seed"], s["pair"]["device"], millions(s["pair"]["parameters"]), f"{s['pair']['hardware']:.5f}",
            f"{1e3 * s['pair']['latency_s']:.1f}", f"{1e3 * s['pair']['energy_J']:.1f}",
            f"{s['pair']['peak_power_W']:.1f}"] for s in seeds])
    print("Measured (geometric means and ratios of medians, with 90 % bootstrap intervals):\n")
    measured_ratios(result["measured"])
    print("Estimates with 90 % intervals:\n")
    a100 = ("--batch", "128", "--length", "128")
    m1 = ("--batch", "32", "--length", "128", "--runtime", "tensorflow")
    pair = min((s["pair"] for s in seeds), key=lambda p: p["hardware"])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "pair.yaml"
        file.write_text(pair["yaml"])
        rows = [figures("BERT-Base, A100", estimate(arguments, "bert-base", "a100-sxm-40gb", *a100)),
                figures("BERT-Base, M1 Pro GPU", estimate(arguments, "bert-base", "m1-pro-gpu", *m1)),
                figures("the pair's model, A100", estimate(arguments, file, "a100-sxm-40gb", *a100)),
                figures("the pair's model, M1 Pro GPU", estimate(arguments, file, "m1-pro-gpu", *m1))]
    table(["model, device", "million parameters", "latency, ms a sequence", "start-up, ms a sequence",
           "energy, mJ a sequence", "peak power, W"], rows)
    print("Design:", pair["design"])


# --- HAT


def published_latencies(designs):
    rows, errors = [], {}
    for design in designs:
        name = re.search(r"@([\d.]+)(m?s)_bleu@([\d.]+)$", design["name"])
        measured = float(name[1]) * (1e-3 if name[2] == "ms" else 1)
        error = design["latency_s"] / measured - 1
        errors.setdefault(design["device"], []).append(abs(error))
        rows.append([design["device"], name[3], f"{measured:.4g}", f"{design['latency_s']:.4g}", f"{100 * error:+.1f}"])
    table(["device", "BLEU", "published, s", "predicted, s", "error, %"], rows)
    table(["device", "designs", "mean absolute error, %"],
          [[device, len(e), f"{100 * statistics.fmean(e):.1f}"] for device, e in errors.items()])


def hat(arguments):
    result = study(arguments)
    print(f"BLEU: {result['accuracy']['verdict']}. Root mean square: {100 * result['margin']:.2f} points.\n")
    for any_width in [False, True]:
        seeds = [s for s in result["seeds"] if s["any_width"] == any_width]
        print(f"Widths {'512 and 640' if any_width else '512 alone'}, {len(seeds)} seeds, "
              f"{spread([s['evaluations'] for s in seeds], '{:,}')} designs each:\n")
        rows = []
        for i, level in enumerate(seeds[0]["levels"]):
            cells = []
            for key in ["ours", "ours_with_margin"]:
                found = [s["levels"][i][key] for s in seeds]
                cells.append("—" if None in found else spread([f["latency_s"] for f in found], "{:.2f}"))
            rows.append([f"{100 * level['bleu']:.1f}", f"{100 * level['predicted_bleu']:.1f}", f"{level['latency_s']:.2f}",
                         *cells])
        table(["published BLEU", "predicted of HAT's design", "HAT's design, s", "ours at that BLEU, s",
               "ours a root mean square above, s"], rows)
    published_latencies(result["published"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=["edgetran", "hat"])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/profile/bench/ridgeline_codesign")
    parser.add_argument("--ridgeline", type=pathlib.Path, default=ROOT / "ridgeline")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--random", type=int, default=10_000_000)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    edgetran(arguments) if arguments.study == "edgetran" else hat(arguments)


if __name__ == "__main__":
    main()

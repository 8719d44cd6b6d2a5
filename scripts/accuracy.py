#!/usr/bin/env python3
"""Writes the tables of docs/accuracy.md from what `ridgeline validate` says.

Usage: scripts/accuracy.py DATA [--seeds N] [--only PREFIX]

DATA is a folder with the public sets: hat/*.csv, edgetran/dataset.json, neusight/label/*/*.json. Every figure is of rows
that the fit never saw; lessons of other devices exclude the device's own and its file's. Prints Markdown.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EDGETRAN = ["a100-sxm-40gb", "m1-pro-cpu", "m1-pro-gpu", "raspberry-pi-4", "jetson-nano-cpu", "ncs2", "jetson-nano-gpu"]
HAT = {"raspberry-pi-4": "wmt14ende_cpu_raspberrypi_all.csv", "xeon-e5-2640": "wmt14ende_cpu_xeon_all.csv",
       "titan-xp": "wmt14ende_gpu_titanxp_all.csv"}
NEUSIGHT = {"a100-pcie-40gb": "NVIDIA_A100-PCIE-40GB", "p100": "Tesla_P100-PCIE-16GB", "p4": "Tesla_P4", "t4": "Tesla_T4",
            "v100-pcie-32gb": "Tesla_V100-PCIE-32GB"}
METRICS = ["latency", "energy", "peak_power"]


def validate(device, files, rows, seed, predictor, extra=()):
    command = [ROOT / "ridgeline", "validate", "--device", device, "--predictor", predictor, "--json", "--data", *files]
    command += ["--calibrate-on", str(rows), "--seed", str(seed), *extra]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print("failed:", " ".join(str(word) for word in command), run.stderr, file=sys.stderr)
        return None
    return json.loads(run.stdout)


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else None


def table(name, device, files, settings, seeds):
    for rows, predictor in settings:
        results = [validate(device, files, rows, seed, predictor) for seed in range(seeds if rows else 1)]
        results = [r for r in results if r is not None]
        cells = []
        for metric in METRICS:
            scores = [r[metric] for r in results if r.get(metric)]
            error = mean([s["mape"] for s in scores])
            coverage = mean([s.get("coverage") for s in scores])
            cells.append("—" if error is None else f"{100 * error:.1f}" + (f" ({100 * coverage:.0f})" if coverage else ""))
        held_out = results[0]["rows"] if results else 0
        print(f"| {name} | {rows} | {predictor} | {held_out} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    data, seeds = arguments.data, arguments.seeds
    print("| set | rows fitted | predictor | held-out rows | latency | energy | peak power |")
    print("|---|---|---|---|---|---|---|")
    if "neusight".startswith(arguments.only):
        for device, folder in NEUSIGHT.items():
            files = sorted(f for f in (data / "neusight/label" / folder).glob("*.json") if "fusion" not in f.name)
            table(f"NeuSight, {device}", device, files, [(0, "datasheet")], 1)
    if "hat".startswith(arguments.only):
        for device, file in HAT.items():
            settings = [(0, "datasheet"), (20, "analytic"), (200, "analytic")]
            table(f"HAT, {device}", device, [data / "hat" / file], settings, seeds)
    if "edgetran".startswith(arguments.only):
        for device in EDGETRAN[:5]:
            settings = [(20, "analytic"), (0.8, "analytic"), (0.8, "residual")]
            table(f"EdgeTran, {device}", device, [data / "edgetran/dataset.json"], settings, seeds)


if __name__ == "__main__":
    main()

"""Calibrate a board from a table of measurements, and see what the calibration changes.

    ./ridgeline python python/examples/calibrate_from_csv.py [MEASUREMENTS.csv]

Without a file of your own it writes one with invented figures: BERT-Tiny on a Raspberry Pi 4, 2 ms and 0.06 ms a token.
docs/data.md says what a table may hold.
"""

import pathlib
import sys

import pandas

import ridgeline

if len(sys.argv) > 1:
    table = pathlib.Path(sys.argv[1])
else:
    table = pathlib.Path("measurements.csv")
    lines = [f"bert-tiny,raspberry-pi-4,pytorch-eager,{n},{2 + 0.06 * n:.2f}" for n in range(8, 129, 8)]
    table.write_text("\n".join(["model,device,runtime,length,latency [ms]", *lines]) + "\n", encoding="utf-8")

(measured,) = ridgeline.read_measurements(table)
print(measured, end="\n\n")

calibration = ridgeline.calibrate(measured.device, table, out="board.h5")
errors = calibration.held_out_mape["latency"]
print(f"held-out error of latency: {errors['analytic']:.1%}, of the data sheet {errors['datasheet']:.1%}", end="\n\n")

parameters = pandas.DataFrame(calibration.parameters)
learnt = parameters[parameters["determined"]][["parameter", "unit", "data_sheet", "value"]]
print(learnt.to_string(index=False, float_format="{:.3g}".format), end="\n\n")

for basis in ("none", "board.h5"):
    print(basis, ridgeline.estimate(measured.model(0), measured.device, length=100, calibration=basis).latency)

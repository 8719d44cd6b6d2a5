"""What transformers take on devices: latency, energy, peak power and memory, without the device.

    import ridgeline
    print(ridgeline.estimate("bert-base", "raspberry-pi-4"))

Numbers are SI without prefixes; names of columns and properties end in their unit. Wrong input raises InputError,
everything else that stops a call its base Error, both with the texts of the command line: an option `--new-tokens` in
them is the keyword `new_tokens` here. docs/python.md describes the module.
"""

import os as _os
import pathlib as _pathlib

from . import _ridgeline
from ._batch import NO_BLOCK, Estimator, Front, Space, SpaceEstimator, estimate_batch, search
from ._estimates import (Description, Device, Estimate, Model, Program, Runtime, compare, device, devices, estimate,
                         lower, model, models, probe, runtime, runtimes, table)
from ._figures import Figure
from ._measured import (Calibration, Group, MeasurementSet, Store, Validation, calibrate, read_measurements,
                        read_store, rows, validate, write_measurements, write_store)
from ._ridgeline import Error, InputError, __version__, space_names
from ._search import Designs, search_designs

__all__ = ["Calibration", "Description", "Designs", "Device", "Error", "Estimate", "Estimator", "Figure", "Front", "Group", "InputError",
           "MeasurementSet", "Model", "NO_BLOCK", "Program", "Runtime", "Space", "SpaceEstimator", "Store", "Validation", "__version__",
           "calibrate", "compare", "device", "devices", "estimate", "estimate_batch", "lower", "model", "models",
           "probe", "read_measurements", "read_store", "rows", "runtime", "runtimes", "search", "search_designs", "space_names", "table", "validate",
           "write_measurements", "write_store"]


def _find_trainer() -> None:
    """In a build folder, the program that trains residual surrogates stands in app/ beside python/."""
    folder = _pathlib.Path(_ridgeline.__file__).parent.parent.parent / "app"
    if (folder / "ridgeline-train").exists():
        known = _os.environ.get("RIDGELINE_LIBEXEC")
        _os.environ["RIDGELINE_LIBEXEC"] = f"{known}:{folder}" if known else str(folder)


_find_trainer()

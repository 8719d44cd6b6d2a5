"""Measurements, calibrations, validations and stores."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from typing import Any, Iterable, Sequence

import numpy as np

from . import _ridgeline
from ._estimates import Device, device_word, records, run
from ._ridgeline import MeasurementSet

Path = str | os.PathLike


def paths(files: Path | Iterable[Path]) -> list[str]:
    """One file or several as words."""
    return [os.fspath(files)] if isinstance(files, (str, os.PathLike)) else [os.fspath(file) for file in files]


def read_measurements(files: Path | Iterable[Path], format: str = "") -> list[MeasurementSet]:
    """The measurement sets in files of any form that Ridgeline reads (docs/data.md): its own CSV and JSON, EdgeTran,
    HAT, NeuSight, and stores. A `format` forces one."""
    return _ridgeline.read_measurements(paths(files), format)


def write_measurements(file: Path, sets: Sequence[MeasurementSet]) -> None:
    """Writes sets to an HDF5 store, all of it or nothing."""
    _ridgeline.write_measurements(os.fspath(file), list(sets))


def rows(measured: MeasurementSet) -> np.ndarray:
    """The rows of a set as records: id, model, task, batch, length (tokens), order, latency_s and energy_J of a
    sequence, peak_power_W; NaN where not measured."""
    return records(measured.columns())


class Document:
    """A result of the command line: `document` has its JSON (docs/json.md)."""

    def __init__(self, document: dict):
        self.document = document


def percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f} %"


class Calibration(Document):
    """What a calibration came to."""

    @property
    def parameters(self) -> np.ndarray:
        """Of every parameter its unit, the data sheet's value, where the fit began (`generic`), the fitted value, the
        deviation of its logarithm, and whether the rows determine it."""
        found = self.document["parameters"]
        columns = {key: [p[key] for p in found] for key in ("parameter", "unit")}
        numbers = {key: np.array([np.nan if p[key] is None else p[key] for p in found], float)
                   for key in ("data_sheet", "generic", "value", "log_deviation")}
        return records({**columns, **numbers, "determined": np.array([p["determined"] for p in found], bool)})

    @property
    def held_out_mape(self) -> dict:
        """Mean absolute relative error on rows that the fit had not seen, as a fraction, by figure and predictor."""
        return self.document["held_out_mape"]

    def __repr__(self) -> str:
        c = self.document["calibration"]
        errors = self.held_out_mape["latency"]
        return (f"<ridgeline.Calibration of {c['device']}, {c['runtime']}, {c['precision']}: {c['rows']} rows; held-out "
                f"latency error {percent(errors['analytic'])}, data sheet {percent(errors['datasheet'])}>")


def calibrate(device: str | os.PathLike | Device, data: Path | Iterable[Path], *, out: Path | None = None,
              rows: float | None = None, seed: int = 0, predictor: str | None = None, runtime: str | None = None,
              precision: str | None = None, power_mode: str | None = None, set_name: str | None = None) -> Calibration:
    """Fits the device's parameters to measurements and, with `out`, writes the calibration to that store, which
    estimate(..., calibration=out) takes.

    `rows`: how many are drawn at random to be fitted, or a share below 1; `predictor`: 'analytic' for parameters
    alone, 'residual' (default) also what physics leaves over; the others choose among the sets of the files.
    """
    keywords = dict(device=device_word(device), data=paths(data), rows=rows, seed=seed, predictor=predictor,
                    runtime=runtime, precision=precision, power_mode=power_mode, set_name=set_name)
    return Calibration(run("calibrate", out="" if out is None else os.fspath(out), **keywords))


class Validation(Document):
    """How good predictions of measured rows were. Errors are fractions: 0.034 is 3.4 %."""

    def __init__(self, document: dict, csv: str):
        super().__init__(document)
        self.csv: str = csv
        """One line a scored row: measured, predicted and interval of every figure."""

    @property
    def rows(self) -> np.ndarray:
        """The same as records; latency in s, energy in J, peak power in W; NaN: not measured or no interval."""
        return np.atleast_1d(np.genfromtxt(io.StringIO(self.csv), delimiter=",", names=True, dtype=None,
                                           encoding="utf-8", deletechars=""))

    def __repr__(self) -> str:
        d = self.document
        shown = ", ".join(f"{name.replace('_', ' ')} {percent(d[name]['mape'])}"
                          for name in ("latency", "energy", "peak_power") if d[name]["mape"] is not None)
        return (f"<ridgeline.Validation of {d['predictor']} on {d['set']['name']}: {d['rows']} rows; mean absolute "
                f"relative error: {shown}>")


def validate(device: str | os.PathLike | Device, data: Path | Iterable[Path], *, calibration: Path | None = None,
             calibrate_on: float | None = None, seed: int = 0, predictor: str | None = None,
             within_campaign: bool = False, runtime: str | None = None, precision: str | None = None,
             power_mode: str | None = None, set_name: str | None = None) -> Validation:
    """Scores predictions against measured rows: those of a `calibration` file, of a fit to `calibrate_on` rows of the
    set on the others, or, with neither, of what is known without this device."""
    keywords = dict(device=device_word(device), data=paths(data), calibration=calibration, calibrate_on=calibrate_on,
                    seed=seed, predictor=predictor, within_campaign=within_campaign, runtime=runtime,
                    precision=precision, power_mode=power_mode, set_name=set_name)
    document, csv = _ridgeline.validate(keywords)
    return Validation(json.loads(document), csv)


@dataclasses.dataclass
class Group:
    """Named things below one group of a store: `arrays` by name as (values, unit), unit '1' without dimension;
    `attributes` and lists of `texts`; further `groups`."""

    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    arrays: dict[str, tuple[np.ndarray, str]] = dataclasses.field(default_factory=dict)
    texts: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    groups: dict[str, Group] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, content: dict[str, Any]) -> Group:
        """From nested dicts of the same names."""
        return cls(content["attributes"], content["arrays"], content["texts"],
                   {name: cls.of(inner) for name, inner in content["groups"].items()})

    def content(self) -> dict[str, Any]:
        """As nested dicts of the same names."""
        return {"attributes": self.attributes, "arrays": self.arrays, "texts": self.texts,
                "groups": {name: inner.content() for name, inner in self.groups.items()}}

    def __repr__(self) -> str:
        arrays = [f"{name} {list(np.shape(values))} {unit}" for name, (values, unit) in self.arrays.items()]
        return f"<ridgeline.Group: {', '.join([*arrays, *self.texts, *(f'{name}/' for name in self.groups)])}>"


@dataclasses.dataclass(repr=False)
class Store:
    """An HDF5 file that Ridgeline wrote: what it claims to be, how it came to be, and what it holds."""

    kind: str
    schema: int
    provenance: dict[str, str]
    root: Group

    def __repr__(self) -> str:
        return f"<ridgeline.Store of {self.kind}, schema {self.schema}, {self.provenance['created']}: {self.root!r}>"


def read_store(file: Path) -> Store:
    """Everything in a store; InputError for a damaged or foreign file."""
    content = _ridgeline.read_store(os.fspath(file))
    return Store(content["kind"], content["schema"], content["provenance"], Group.of(content))


def write_store(file: Path, kind: str, root: Group) -> None:
    """Writes a store, all of it or nothing. Kinds are 'measurements', 'calibration', 'surrogate', 'front'."""
    _ridgeline.write_store(os.fspath(file), kind, root.content())

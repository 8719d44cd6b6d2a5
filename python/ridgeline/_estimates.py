"""Models, devices, operators, and the estimate of one model on one device."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any, Iterable, Mapping, Sequence

import numpy as np

from . import _ridgeline
from ._figures import Figure
from ._ridgeline import Model

FIGURES = ("latency", "latency_per_sequence", "throughput", "token_throughput", "energy", "energy_per_sequence",
           "average_power", "peak_power", "energy_delay_product", "memory", "startup")


def run(command: str, *words: str, out: str = "", **keywords: Any) -> dict:
    """The JSON document of a command; `out` is the file that it makes."""
    return json.loads(_ridgeline.run(command, list(words), {**keywords, "json": True}, out))


def model(source: str | os.PathLike | Mapping[str, Any] | Model, name: str | None = None) -> Model:
    """A model from a name of the zoo, a file or folder, a dict, or YAML or JSON text of more than one line.

    A dict has the keys of a Hugging Face config.json, of a FlexiBERT model_dict, of a HAT sub-transformer, or of
    Ridgeline's own YAML (docs/models.md). `name` is what a model from a dict or text is called.
    """
    if isinstance(source, Model):
        return source
    if isinstance(source, Mapping):
        return _ridgeline.parse_model(json.dumps(source), name or "model", name or "dict", True)
    text = os.fspath(source)
    if "\n" in text:
        return _ridgeline.parse_model(text, name or "model", name or "text", text.lstrip().startswith("{"))
    return _ridgeline.load_model(text)


def models() -> list[dict]:
    """The models that ship with Ridgeline: name, title, family, parameters (a count) and source of each."""
    return run("models")["models"]


class Description:
    """A device or a runtime: `name`, `title`, and everything else in `document` (docs/json.md), in SI units."""

    def __init__(self, document: dict, extra: dict | None = None):
        self.document = document
        self.name: str = document["name"]
        self.title: str = document["title"]
        self.facts: list[dict] = (extra or {}).get("facts", [])
        """Every number as written, with its key and source; of a single description only."""
        self.sources: list = (extra or {}).get("sources", [])

    def __repr__(self) -> str:
        parts = []
        for key, value in self.document.items():
            if isinstance(value, dict) and value.get("value") is not None and "unit" in value:
                parts.append(f"{key} {_ridgeline.format_number(value['value'], value['unit'])}")
        return f"<ridgeline.{type(self).__name__} {self.name}: {self.title}; {', '.join(parts)}>"


class Device(Description):
    """A processor with its memory."""

    @property
    def clock_Hz(self) -> float:
        """Nominal clock in Hz."""
        return self.document["clock"]["value"]

    @property
    def memory_bandwidth_B_per_s(self) -> float:
        """Data-sheet bandwidth of the outermost memory in B/s."""
        return self.document["memory_bandwidth"]["value"]

    @property
    def memory_B(self) -> float:
        """Capacity of the outermost memory in B."""
        return self.document["memory"]["value"]

    @property
    def power_limit_W(self) -> float | None:
        """The enforced limit or the highest sustained draw in W; None where nobody has published one."""
        return self.document["power_limit"]["value"]

    def matrix_peak(self, precision: str) -> Figure:
        """Data-sheet rate of matrix products in FLOP/s; without a value where there is no path for that format."""
        peak = self.document["matrix_peak"][precision]
        if peak["value"] is None:
            return Figure(None, peak["unit"], reason="no path for that format")
        return Figure(peak["value"], peak["unit"], origin="data sheet")


class Runtime(Description):
    """The software that runs a model on a device."""


def devices() -> list[Device]:
    """All devices that ship with Ridgeline or stand in the folders of RIDGELINE_DEVICES."""
    return [Device(entry) for entry in run("devices")["devices"]]


def device(name: str | os.PathLike) -> Device:
    """One device by name, alias or file, with its facts and their sources."""
    document = run("devices", os.fspath(name))
    return Device(document["device"], document)


def runtimes() -> list[Runtime]:
    """All runtimes that ship with Ridgeline or stand in the folders of RIDGELINE_RUNTIMES."""
    return [Runtime(entry) for entry in run("runtimes")["runtimes"]]


def runtime(name: str | os.PathLike) -> Runtime:
    """One runtime by name, alias or file, with its facts and their sources."""
    document = run("runtimes", os.fspath(name))
    return Runtime(document["runtime"], document)


def device_word(device: str | os.PathLike | Device) -> str:
    """What the command line is given for a device."""
    return device.name if isinstance(device, Device) else os.fspath(device)


def records(columns: Mapping[str, Any]) -> np.ndarray:
    """Columns of equal length as one structured array; words become fixed-width Unicode."""
    arrays = {name: np.asarray(values) if len(values) else np.asarray(values, dtype="U1" if isinstance(values, list)
                                                                      else None) for name, values in columns.items()}
    table = np.empty(len(next(iter(arrays.values()))), dtype=[(name, a.dtype) for name, a in arrays.items()])
    for name, values in arrays.items():
        table[name] = values
    return table


@dataclasses.dataclass(frozen=True, repr=False)
class Program:
    """A model lowered to operators for one workload.

    `operators` has one record an operator in program order: phase, repeats of the phase, layer (-1: before the first
    or after the last), label, kind, FLOP by kind of arithmetic, bytes by what they hold, parameters, output_elements.
    `edges` are pairs of rows: the second reads the result of the first.
    """

    operators: np.ndarray
    edges: np.ndarray
    parameters: int
    weights_B: float
    cache_B: float
    optimiser_state_B: float
    sequences: int

    def __repr__(self) -> str:
        flops = sum(float((self.operators[k] * self.operators["repeats"]).sum())
                    for k in ("matrix_FLOP", "vector_FLOP", "transcendental_FLOP"))
        return (f"<ridgeline.Program: {len(self.operators)} operators, {_ridgeline.format_number(flops, 'FLOP')}, "
                f"{_ridgeline.format_number(self.weights_B, 'B')} of weights>")


def lower(model_source, *, runtime: str | None = None, task: str | None = None, batch: int | None = None,
          length: int | None = None, new_tokens: int | None = None, beams: int | None = None,
          precision: str | None = None, weights_precision: str | None = None, cache_precision: str | None = None,
          fusion: str | None = None) -> Program:
    """The operators that a framework would dispatch for `model_source` (anything that model() takes).

    `runtime` decides what is fused and whether views are dispatched; without one nothing is fused. `batch` is in
    sequences, `length` and `new_tokens` in tokens.
    """
    workload = dict(task=task, batch=batch, length=length, new_tokens=new_tokens, beams=beams, precision=precision,
                    weights_precision=weights_precision, cache_precision=cache_precision, fusion=fusion)
    lowered = _ridgeline.lower(model(model_source), runtime or "", workload)
    lowered["operators"] = records(lowered["operators"])
    return Program(**lowered)


class Estimate:
    """Latency, energy, power and memory of one model on one device, and what they rest on.

    Figures (see Figure): latency and energy of one batch, latency_per_sequence, energy_per_sequence, throughput,
    token_throughput, average_power, peak_power, energy_delay_product, memory, startup. `document` has all that the
    command line prints as JSON (docs/json.md); str() gives what it prints as text. A pair that cannot be estimated has
    `problem`, and figures without a value.
    """

    latency: Figure
    latency_per_sequence: Figure
    throughput: Figure
    token_throughput: Figure
    energy: Figure
    energy_per_sequence: Figure
    average_power: Figure
    peak_power: Figure
    energy_delay_product: Figure
    memory: Figure
    startup: Figure

    def __init__(self, document: dict, text: str = ""):
        self.document = document
        self._text = text
        self.model: str = document["model"]["name"]
        self.device: str = document["device"]["name"]
        self.problem: str | None = document.get("problem")
        for name in FIGURES:
            figure = document.get(name, {"unit": "", "reason": self.problem})
            setattr(self, name, Figure.of({"value": None, **figure}))

    @property
    def fits(self) -> bool | None:
        """Whether the memory is at most the device's."""
        return self.document.get("fits")

    @property
    def operators(self) -> np.ndarray:
        """Start, duration and dispatch (s), dynamic energy (J, NaN without power data), FLOP and bytes of every
        operator, in program order; of estimate(..., operators=True) only."""
        lines = self.document.get("operators", [])

        def si(line, key):
            return float("nan") if line[key] is None else line[key]["value"]

        return records({
            "phase": [line["phase"] for line in lines], "repeats": np.array([line["repeats"] for line in lines], int),
            "layer": np.array([-1 if line["layer"] is None else line["layer"] for line in lines], int),
            "label": [line["label"] for line in lines], "kind": [line["kind"] for line in lines],
            "bound": [line["bound"] for line in lines],
            "start_s": np.array([si(line, "start") for line in lines]),
            "duration_s": np.array([si(line, "duration") for line in lines]),
            "dispatch_s": np.array([si(line, "dispatch") for line in lines]),
            "dynamic_energy_J": np.array([si(line, "dynamic_energy") for line in lines]),
            "FLOP": np.array([si(line["work"], "flops") for line in lines]),
            "bytes_B": np.array([si(line["work"], "bytes") for line in lines])})

    def __str__(self) -> str:
        return self._text or repr(self)

    def __repr__(self) -> str:
        if self.problem:
            return f"<ridgeline.Estimate {self.model} on {self.device}: {self.problem}>"
        shown = [f"{name.replace('_', ' ')} {_ridgeline.format_number(f.value, f.unit)}"
                 for name in ("latency", "energy", "peak_power", "memory")
                 if (f := getattr(self, name)).value is not None]
        return f"<ridgeline.Estimate {self.model} on {self.device}: {', '.join(shown)}; {self.latency.origin}>"


def estimate(model_source, device: str | os.PathLike | Device, *, task: str | None = None, batch: int | None = None,
             length: int | None = None, new_tokens: int | None = None, beams: int | None = None,
             precision: str | None = None, weights_precision: str | None = None, cache_precision: str | None = None,
             fusion: str | None = None, runtime: str | None = None, clock: str | None = None,
             power_mode: str | None = None, overrides: Mapping[str, Any] | None = None,
             calibration: str | os.PathLike | None = None, operators: bool = False) -> Estimate:
    """The estimate of one model on one device, as `ridgeline estimate` gives it.

    `model_source` is anything that model() takes; `device` a name, alias, file or Device. Keywords are the options of
    the command line: `batch` in sequences, `length` and `new_tokens` in tokens, `clock` such as '600MHz' or 'x0.5'.
    `overrides` are what-ifs by key, such as {'dram.bandwidth': 'x2', 'power.limit': '100W'}; keys of the runtime begin
    with 'runtime.'. `calibration` is 'shipped' (the default), 'none' or a file. `operators=True` keeps every operator.
    """
    workload = dict(task=task, batch=batch, length=length, new_tokens=new_tokens, beams=beams, precision=precision,
                    weights_precision=weights_precision, cache_precision=cache_precision, fusion=fusion)
    what_if = dict(runtime=runtime, clock=clock, power_mode=power_mode, overrides=overrides, calibration=calibration)
    document, text = _ridgeline.estimate(model(model_source), device_word(device), workload, what_if, operators)
    return Estimate(json.loads(document), text)


def compare(model_sources: Iterable, device_names: Iterable[str | os.PathLike | Device], **keywords) -> list[Estimate]:
    """Every model on every device, with the keywords of estimate(). A pair that cannot be estimated (a precision that
    a device does not have) has `problem`; unknown models and devices raise, and so does the first problem when every
    pair has one."""
    loaded = [model(source) for source in model_sources]
    words = [device_word(d) for d in device_names]
    for word in words:
        run("devices", word)
    found, problems = [], []
    for one in loaded:
        for word in words:
            try:
                found.append(estimate(one, word, **keywords))
            except _ridgeline.Error as error:
                problems.append(error)
                found.append(Estimate({"model": {"name": one.name}, "device": {"name": word}, "problem": str(error)}))
    if problems and len(problems) == len(found):
        raise problems[0]
    return found


def table(estimates: Sequence[Estimate]) -> np.ndarray:
    """Estimates as records for pandas: of each figure its value (NaN: none), low, high and origin; SI units in the
    names, as in the CSV of the command line."""
    units = {"latency": "s", "latency_per_sequence": "s", "throughput": "sequences_per_s",
             "token_throughput": "tokens_per_s", "energy": "J", "energy_per_sequence": "J", "average_power": "W",
             "peak_power": "W", "energy_delay_product": "J_s", "memory": "B", "startup": "s"}
    columns: dict[str, Any] = {"model": [e.model for e in estimates], "device": [e.device for e in estimates]}
    for name, unit in units.items():
        figures = [getattr(e, name) for e in estimates]
        column = f"{name}_{unit}"
        columns[column] = np.array([float(f) for f in figures])
        for end in ("low", "high"):
            values = [getattr(f, end) for f in figures]
            columns[f"{column}_{end}"] = np.array([float("nan") if v is None else v for v in values])
        columns[f"{column}_origin"] = [f.origin or "" for f in figures]
    columns["problem"] = [e.problem or "" for e in estimates]
    return records(columns)


def probe(name: str = "") -> str:
    """A description of this machine in YAML, for a file that `device` arguments can name."""
    return _ridgeline.run("probe", [], {"name": name} if name else {}, "")


__all__ = ["Description", "Device", "Estimate", "Model", "Program", "Runtime", "compare", "device", "devices",
           "estimate", "lower", "model", "models", "probe", "runtime", "runtimes", "table"]

"""Many models at once: about a microsecond each."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Callable, Iterable, Mapping

import numpy as np

from . import _ridgeline
from ._estimates import Device, device_word, model
from ._ridgeline import Space

NO_BLOCK = np.uint32(0xFFFFFFFF)


class Estimator:
    """Estimates many models of one workload on one device.

    encode() turns models into rows of a NumPy array, evaluate() rows into figures; rows can be copied, reordered,
    sliced and concatenated like those of any array, and evaluated as often as needed. Figures are those of
    estimate(..., calibration=...) to 1e-9, except that the residual of a calibration is left out. Tasks are 'encode',
    'prefill' and 'decode': one pass each.
    """

    def __init__(self, device: str | os.PathLike | Device, *, task: str = "encode", batch: int = 1, length: int = 128,
                 beams: int | None = None, precision: str | None = None, weights_precision: str | None = None,
                 cache_precision: str | None = None, fusion: str | None = None, runtime: str | None = None,
                 clock: str | None = None, power_mode: str | None = None, overrides: Mapping[str, Any] | None = None,
                 calibration: str | os.PathLike | None = None):
        workload = dict(task=task, batch=batch, length=length, beams=beams, precision=precision,
                        weights_precision=weights_precision, cache_precision=cache_precision, fusion=fusion)
        what_if = dict(runtime=runtime, clock=clock, power_mode=power_mode, overrides=overrides,
                       calibration=calibration)
        self._core = _ridgeline.Estimator(device_word(device), workload, what_if)

    device = property(lambda self: self._core.device, doc="Name of the device's description.")
    runtime = property(lambda self: self._core.runtime, doc="Name of the runtime's description.")
    basis = property(lambda self: self._core.basis, doc="What the figures rest on: data sheets, or a calibration.")
    task = property(lambda self: self._core.task, doc="'encode', 'prefill' or 'decode'.")
    batch = property(lambda self: self._core.batch, doc="Sequences at once.")
    length = property(lambda self: self._core.length, doc="Tokens of each sequence.")
    precision = property(lambda self: self._core.precision, doc="Number format that is computed in.")

    def encode(self, models: Iterable) -> np.ndarray:
        """One row a model (anything that model() takes): `resident_B`, the bytes of weights and cache, and `blocks`,
        the numbers of the parts that it is made of, filled up with NO_BLOCK. Blocks are this estimator's own."""
        blocks, resident = self._core.encode([model(source) for source in models])
        rows = np.empty(len(resident), dtype=[("resident_B", "f8"), ("blocks", "u4", (blocks.shape[1],))])
        rows["resident_B"] = resident
        rows["blocks"] = blocks
        return rows

    def evaluate(self, rows: np.ndarray, *, full: bool = True, threads: int = 0) -> np.ndarray:
        """Records of latency_s and energy_J of one batch, peak_power_W and memory_B of every row; NaN where there is
        no power data. `full=False` leaves peak power and memory out (NaN), which is faster. `threads` 0: all cores."""
        return self._core.evaluate(rows["blocks"], rows["resident_B"], full, threads)

    def __repr__(self) -> str:
        return (f"<ridgeline.Estimator on {self.device}: {self.task}, batch {self.batch}, length {self.length} tokens, "
                f"{self.precision}, {self.runtime}; {self.basis}>")


class SpaceEstimator:
    """Figures of designs of a Space, rows of small integers, on one device.

    Task, length and beams are those of the space unless said otherwise. `full=False` leaves peak power and memory out
    (NaN), which is faster. `threads` 0: all cores.
    """

    def __init__(self, space: Space, device: str | os.PathLike | Device, *, task: str | None = None, batch: int = 1,
                 length: int | None = None, new_tokens: int | None = None, beams: int | None = None,
                 precision: str | None = None, weights_precision: str | None = None,
                 cache_precision: str | None = None, fusion: str | None = None, runtime: str | None = None,
                 clock: str | None = None, power_mode: str | None = None, overrides: Mapping[str, Any] | None = None,
                 calibration: str | os.PathLike | None = None, full: bool = True, threads: int = 0):
        workload = dict(task=task, batch=batch, length=length, new_tokens=new_tokens, beams=beams, precision=precision,
                        weights_precision=weights_precision, cache_precision=cache_precision, fusion=fusion)
        what_if = dict(runtime=runtime, clock=clock, power_mode=power_mode, overrides=overrides,
                       calibration=calibration)
        self._core = _ridgeline.SpaceEstimator(space, device_word(device), workload, what_if, full, threads)
        self.space = space

    device = property(lambda self: self._core.device, doc="Name of the device's description.")
    basis = property(lambda self: self._core.basis, doc="What the figures rest on: data sheets, or a calibration.")

    def evaluate(self, genomes: np.ndarray) -> np.ndarray:
        """Records of latency_s and energy_J of one batch, peak_power_W, memory_B, parameters and batch of every row;
        NaN where there is no power data or it was not asked for."""
        return self._core.evaluate(genomes)

    def __repr__(self) -> str:
        return f"<ridgeline.SpaceEstimator of {self.space.name} on {self.device}; {self.basis}>"


@dataclasses.dataclass(frozen=True, repr=False)
class Front:
    """Designs that no other evaluated one dominates, sorted by their first objective."""

    names: tuple[str, ...]
    genomes: np.ndarray
    objectives: np.ndarray
    evaluations: int

    @property
    def records(self) -> np.ndarray:
        """The objectives as records, a column each."""
        made = np.empty(len(self.objectives), dtype=[(name, "f8") for name in self.names])
        for column, name in enumerate(self.names):
            made[name] = self.objectives[:, column]
        return made

    def __repr__(self) -> str:
        return (f"<ridgeline.Front of {len(self.genomes)} designs by {', '.join(self.names)}; {self.evaluations} "
                "evaluated>")


def search(space: Space, names: Iterable[str], objective: Callable[[np.ndarray], Any], *, evaluations: int,
           population: int = 200, seed: int = 1, first: np.ndarray | None = None) -> Front:
    """Searches a space by NSGA-II for the designs that are best in all of the objectives, which are minimised.

    `objective` takes genomes, a row a design, and returns a row of numbers for each, one for every one of `names`; or
    a pair of that and, for each design, by how much it violates constraints (0: by nothing). NaN says that nobody
    knows: such a design is dominated by every other. `first`: genomes that the first round contains. Equal seeds and
    objectives give equal fronts.
    """
    names = tuple(names)
    genomes, objectives, done = _ridgeline.search(space, len(names), objective, evaluations, population, seed, first)
    return Front(names, genomes, objectives, done)


def estimate_batch(models, device: str | os.PathLike | Device, *, full: bool = True, threads: int = 0,
                   **keywords) -> np.ndarray:
    """Records of latency_s, energy_J, peak_power_W and memory_B of many models: a list of names, dicts or Models. The
    keywords are Estimator's; an Estimator of your own saves encoding anew in every call."""
    estimator = Estimator(device, **keywords)
    return estimator.evaluate(estimator.encode(models), full=full, threads=threads)

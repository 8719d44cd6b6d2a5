"""The search of the command line: the best trades of models and devices."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Iterable, Mapping

import numpy as np

from . import _ridgeline
from ._measured import Document
from ._ridgeline import Model

Words = str | Iterable[str]

FIGURES = (("latency_s", "latency"), ("energy_J", "energy"), ("average_power_W", "average_power"),
           ("peak_power_W", "peak_power"), ("energy_delay_product_Js", "energy_delay_product"),
           ("memory_B", "memory"))


class Designs(Document):
    """A front: designs that no other that was met beats in every objective. `document` has all of it (docs/json.md)."""

    @property
    def records(self) -> np.ndarray:
        """A row a design: its number, where it runs, its figures in SI (NaN: no basis), parameters, and accuracy where
        that is known (else NaN)."""
        designs = self.document["designs"]
        texts = [(name, [d[name] for d in designs]) for name in ("device", "clock", "precision", "settings")]
        made = np.empty(len(designs), dtype=[("number", "i8"), *((name, f"U{max([1, *map(len, values)])}")
                                                                 for name, values in texts),
                                             ("batch", "i8"), *((column, "f8") for column, _ in FIGURES),
                                             ("parameters", "i8"), ("accuracy", "f8")])
        for name, values in texts:
            made[name] = values
        for name in ("number", "batch", "parameters"):
            made[name] = [d[name] for d in designs]
        for column, figure in FIGURES:
            made[column] = [np.nan if d[figure]["value"] is None else d[figure]["value"] for d in designs]
        made["accuracy"] = [d.get("accuracy", np.nan) for d in designs]
        return made

    @property
    def knee(self) -> int:
        """The number of the most balanced trade."""
        return self.document["knee"]

    def choices(self, number: int) -> dict[str, str]:
        """What the design of that number chose, in words."""
        return self.document["designs"][number - 1]["choices"]

    @property
    def excluded(self) -> dict[str, str]:
        """Devices that cannot be judged, and why."""
        return {one["device"]: one["reason"] for one in self.document["excluded"]}

    def __repr__(self) -> str:
        d = self.document
        goals = ", ".join(one["name"] for one in d["objectives"])
        return (f"<ridgeline.Designs of {d['space']}: {len(d['designs'])} by {goals}; knee #{d['knee']}; "
                f"{d['evaluations']} evaluated>")


def paths_or_words(words: Words | os.PathLike | None) -> list[str] | None:
    if words is None:
        return None
    return [os.fspath(word) for word in ([words] if isinstance(words, (str, os.PathLike)) else words)]


def search_designs(space: str | os.PathLike, *, objective: Words | None = None, constraint: Words | None = None,
                   accuracy: str | Callable[[Model], float] | None = None, devices: Words | None = None,
                   clock: Words | None = None, precision: Words | None = None, batch: int | Iterable[int] | None = None,
                   length: int | None = None, runtime: str | None = None,
                   calibration: Words | os.PathLike | None = None, vary: Mapping[str, str] | None = None,
                   robust: bool = False, time: str | None = None, evaluations: int | None = None,
                   optimiser: str | None = None, population: int | None = None, designs: int | None = None,
                   seed: int | None = None, threads: int | None = None, html: str | os.PathLike | None = None,
                   journal: str | os.PathLike | None = None, resume: bool = False,
                   out: str | os.PathLike | None = None) -> Designs:
    """Searches models and devices for the best trades, as `ridgeline search` does: the keywords are its options.

    `space`: a name or a file. `objective`, `constraint`: 'latency', ['energy', 'capacity'], 'latency<=50ms'.
    `accuracy`: a source (docs/accuracy_sources.md), or a function that takes a Model and returns a number from 0 to 1;
    the objective 'accuracy' then means that. A function is asked once about each model. `vary`: {'clock': 'x0.4..x1'}, what is moved freely after the search.
    `time` ('10s') or `evaluations` end it; equal seeds and evaluations give equal fronts. `html`, `out`: files of the
    report and of the front.
    """
    own = accuracy if callable(accuracy) else None
    keywords: dict[str, Any] = dict(
        space=os.fspath(space), objective=paths_or_words(objective),
        constraint=paths_or_words(constraint), accuracy=None if own else accuracy, devices=paths_or_words(devices),
        clock=paths_or_words(clock), precision=paths_or_words(precision),
        batch=batch if batch is None or isinstance(batch, int) else list(batch), length=length, runtime=runtime,
        calibration=paths_or_words(calibration), vary=None if vary is None else dict(vary), robust=robust, time=time,
        evaluations=evaluations, optimiser=optimiser, population=population, designs=designs, seed=seed,
        threads=threads, html=None if html is None else os.fspath(html),
        journal=None if journal is None else os.fspath(journal), resume=resume, json=True)
    return Designs(json.loads(_ridgeline.search_designs(keywords, own, "" if out is None else os.fspath(out))))

"""Figures with unit, interval and origin."""

from __future__ import annotations

import dataclasses

from . import _ridgeline


@dataclasses.dataclass(frozen=True)
class Figure:
    """A value in an SI unit without prefix (s, J, W, B, J·s, sequences/s), with what it rests on.

    `value` is None where there is no basis for one, and `reason` says why. `low` and `high` bound the measured value
    for the share of models that the estimate's `coverage` states; both are None without an interval. `origin` is
    'data sheet', 'calibrated', 'measured' or 'extrapolated'.
    """

    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    origin: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, document: dict) -> Figure:
        """A figure of a JSON document (docs/json.md)."""
        return cls(**{field.name: document.get(field.name) for field in dataclasses.fields(cls)})

    def __float__(self) -> float:
        """The value in `unit`; nan without one."""
        return float("nan") if self.value is None else self.value

    def __repr__(self) -> str:
        if self.value is None:
            return f"<— ({self.reason})>"
        text = _ridgeline.format_number(self.value, self.unit)
        if self.low is not None and self.high is not None:
            low, high = (_ridgeline.format_number(end, self.unit) for end in (self.low, self.high))
            text += f", {low} to {high}"
        return f"<{text}, {self.origin}>"

"""What a benchmark finds: figures, each with its baseline, its target and every sample it is the median of."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """What the ratio of a figure to its baseline must be: at least or at most the limit."""

    bound: Literal["≥", "≤"]
    limit: float

    def is_met(self, ratio: float) -> bool:
        """Tell whether a ratio is on the right side of the limit."""
        return ratio >= self.limit if self.bound == "≥" else ratio <= self.limit

    def __str__(self) -> str:
        return f"{self.bound} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `samples` and `baseline_samples` are repeats in `unit`; medians are compared."""

    benchmark: str
    measured: str
    unit: str
    samples: Sequence[float]
    against: str = ""
    baseline_samples: Sequence[float] = ()
    target: Target | None = None
    remark: str = ""

    @property
    def value(self) -> float:
        """Return the median of the samples."""
        return median(self.samples)

    @property
    def baseline(self) -> float | None:
        """Return the median of the baseline's samples, if there is a baseline."""
        return median(self.baseline_samples) if self.baseline_samples else None

    @property
    def ratio(self) -> float | None:
        """Return the figure by its baseline; of paired repeats the median of their ratios, so that load cancels."""
        if not self.baseline_samples:
            return None
        if len(self.samples) == len(self.baseline_samples):
            return median(a / b for a, b in zip(self.samples, self.baseline_samples, strict=True))
        return self.value / median(self.baseline_samples)

    @property
    def is_met(self) -> bool | None:
        """Tell whether the target is met; None where there is none, as a bare limit on the value counts too."""
        if self.target is None:
            return None
        return self.target.is_met(self.value if self.ratio is None else self.ratio)

    def as_json(self) -> dict[str, object]:
        """Return everything as plain values."""
        return {
            "benchmark": self.benchmark,
            "measured": self.measured,
            "unit": self.unit,
            "value": self.value,
            "samples": list(self.samples),
            "against": self.against,
            "baseline": self.baseline,
            "baseline_samples": list(self.baseline_samples),
            "ratio": self.ratio,
            "target": str(self.target) if self.target else None,
            "is_met": self.is_met,
            "remark": self.remark,
        }


def as_table(figures: Sequence[Figure]) -> Table:
    """Return the report as one table."""
    made = Table(title="medians; ratio = measured / against", title_justify="left", show_lines=True)
    for name in ("benchmark", "measured", "against"):
        made.add_column(name)
    for name in ("value", "baseline", "ratio", "target", "met"):
        made.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        made.add_row(
            figure.benchmark,
            figure.measured + (f" ({figure.remark})" if figure.remark else ""),
            figure.against,
            _quantity(figure.value, figure.unit),
            "" if figure.baseline is None else _quantity(figure.baseline, figure.unit),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.target is None else str(figure.target),
            {True: "yes", False: "NO", None: ""}[figure.is_met],
        )
    return made


def _quantity(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"

"""The statistics of a run: turns into rows, rows into ratios."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One contestant's timed inferences within one round, in milliseconds per batch."""

    median_ms: float
    min_ms: float
    p95_ms: float


def turn(times_ms: list[float]) -> Turn:
    """The figures of a turn; the 95th percentile is that of the nearest rank."""
    ordered = sorted(times_ms)
    rank = max(math.ceil(0.95 * len(ordered)), 1)
    return Turn(statistics.median(ordered), ordered[0], ordered[rank - 1])


@dataclass
class Row:
    """A line of the table: a contestant's turns, or why there are none."""

    group: str
    model: str
    precision: str
    contestant: str
    is_cutis: bool
    batch: int
    turns: list[Turn] = field(default_factory=list)
    not_run: str | None = None
    load_ms: float | None = None
    peak_rss_mb: float | None = None
    # CPU share that the contestant used while another one was running; 0 for one that ends after its turn.
    idle_cpu: float = 0.0

    @property
    def median_ms(self) -> float:
        """The median of the turns' medians."""
        return statistics.median(turn.median_ms for turn in self.turns)

    @property
    def min_ms(self) -> float:
        """The fastest inference of all turns."""
        return min(turn.min_ms for turn in self.turns)

    @property
    def p95_ms(self) -> float:
        """The median of the turns' 95th percentiles."""
        return statistics.median(turn.p95_ms for turn in self.turns)

    @property
    def images_per_s(self) -> float:
        """Throughput at the median."""
        return self.batch / self.median_ms * 1000

    def refuse(self, reason: str) -> None:
        """Takes the contestant out of the run; what it did before does not count."""
        self.not_run = reason
        self.turns = []


@dataclass(frozen=True)
class Ratio:
    """A peer's time over Cutis's: above 1, Cutis is faster."""

    of_medians: float
    of_minima: float


def reference(rows: list[Row]) -> Row | None:
    """The row of Cutis that a group is compared with: its fastest, or none where Cutis did not run."""
    return min((row for row in rows if row.is_cutis and row.turns), key=lambda row: row.median_ms, default=None)


def ratio(row: Row, cutis: Row | None) -> Ratio | None:
    """A peer's ratio; none for Cutis itself or where either did not run."""
    if cutis is None or row.is_cutis or not row.turns:
        return None
    return Ratio(row.median_ms / cutis.median_ms, row.min_ms / cutis.min_ms)


def best_peer(rows: list[Row]) -> Row | None:
    """The fastest peer of a group by its median."""
    return min((row for row in rows if not row.is_cutis and row.turns), key=lambda row: row.median_ms, default=None)


def grouped(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows by group, in the order of their first appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return groups


def as_json(row: Row, cutis: Row | None) -> dict[str, Any]:
    """A row for the results file, with every turn."""
    content: dict[str, Any] = {
        "group": row.group, "model": row.model, "precision": row.precision, "contestant": row.contestant,
        "batch": row.batch}
    if row.not_run is not None:
        return {**content, "not_run": row.not_run}
    found = ratio(row, cutis)
    return {
        **content,
        "median_ms": row.median_ms, "min_ms": row.min_ms, "p95_ms": row.p95_ms, "images_per_s": row.images_per_s,
        "load_ms": row.load_ms, "peak_rss_mb": row.peak_rss_mb, "idle_cpu": row.idle_cpu,
        "ratio_of_medians": found and found.of_medians, "ratio_of_minima": found and found.of_minima,
        "turns": [vars(turn) for turn in row.turns]}

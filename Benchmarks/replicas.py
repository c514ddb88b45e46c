"""Whether Cutis keeps its throughput when it is divided: two replicas of half the threads, and batches of 8."""

from __future__ import annotations

import argparse
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import report
from contest import FAILURES, bench
from peers.job import Job
from peers.models import Model

BATCH = 8
HEADINGS = (
    "model", "precision", "1 process, images/s", "2 replicas, images/s", "2 replicas ÷ 1", f"batch {BATCH}, images/s",
    f"batch {BATCH} ÷ 1")


@dataclass
class Check:
    """Images per second of one model at one precision, a figure for each round."""

    model: Model
    precision: str
    one: list[float] = field(default_factory=list)
    two: list[float] = field(default_factory=list)
    batched: list[float] = field(default_factory=list)
    not_run: str | None = None

    def cells(self) -> report.Cells:
        """A line of the table, from the medians of the rounds."""
        if self.not_run is not None:
            return (self.model.name, self.precision, f"not run: {self.not_run}")
        one, two, batched = (statistics.median(values) for values in (self.one, self.two, self.batched))
        return (
            self.model.name, self.precision, f"{one:.2f}", f"{two:.2f}", f"{two / one:.2f}", f"{batched:.2f}",
            f"{batched / one:.2f}")


def measure(check: Check, binary: Path, threads: int, rounds: int, runs: int, warmup: int) -> None:
    """Fills the check, the three arrangements in turns; two replicas start together and run as long as each other."""
    job = Job("cutis", check.model, check.precision, "", 1, threads)

    def images_per_s(job: Job, runs: int) -> float:
        return float(bench(binary, job, runs, warmup)["images_per_s"])

    def together(job: Job) -> float:
        with ThreadPoolExecutor(2) as pool:
            return sum(future.result() for future in [pool.submit(images_per_s, job, runs) for _ in range(2)])

    try:
        for _ in range(rounds):
            check.one.append(images_per_s(job, runs))
            check.two.append(together(replace(job, threads=threads // 2)))
            check.batched.append(images_per_s(replace(job, batch=BATCH), max(runs // 2, 1)))
    except FAILURES as error:
        check.not_run = str(error)


def main(options: argparse.Namespace, where: report.Circumstances, stem: Path) -> int:
    """Checks every model at every precision, prints and writes; 1 where nothing ran."""
    if options.threads < 2:
        raise SystemExit("two replicas need at least 2 threads: one each")
    if not options.cutis.is_file():
        raise SystemExit(f"there is no {options.cutis}; build it (make build) or name it with --cutis")
    checks = [Check(model, precision) for model in options.models for precision in options.precisions]
    for check in checks:
        print(f"{check.model.name} {check.precision}", file=sys.stderr, flush=True)
        measure(check, options.cutis.resolve(), options.threads, options.rounds, options.runs, options.warmup)
    lines = [check.cells() for check in checks]
    print(report.text_table(HEADINGS, lines))
    rows: list[dict[str, Any]] = [{**vars(check), "model": check.model.name} for check in checks]
    title = f"Cutis divided: two replicas of {options.threads // 2} thread(s), batches of {BATCH}"
    text = report.markdown(title, where, {"Throughput": (HEADINGS, lines)}, [])
    for path in report.write(stem, {**vars(where), "rows": rows}, text):
        print(f"wrote {path}", file=sys.stderr)
    return 0 if any(check.not_run is None for check in checks) else 1

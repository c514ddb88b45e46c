"""The contestants, and the run in which they take turns."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import figures
import machine
from figures import Row, Turn
from peers.job import CACHE, Job

WORKER = Path(__file__).resolve().parent / "worker.py"
# A conversion of the largest model takes minutes; nothing takes this long.
LIMIT_S = 3600


Say = Callable[[str], None]


class Stopped(Exception):
    """A contestant cannot go on; the message is for the table."""


FAILURES = (Stopped, subprocess.TimeoutExpired, OSError)


@dataclass(frozen=True)
class Plan:
    """How many rounds, and what a contestant does in each."""

    rounds: int
    runs: int
    warmup: int


class Contestant(Protocol):
    """One line of the table while it runs."""

    row: Row

    def start(self) -> None:
        """Gets ready, untimed; Stopped where it cannot."""

    def take_turn(self, runs: int, warmup: int) -> Turn:
        """Infers `warmup` times untimed and `runs` times timed; Stopped where it cannot."""

    def pids(self) -> list[int]:
        """The processes that are alive between turns."""

    def stop(self) -> None:
        """Ends whatever is alive."""


class Cutis:
    """`cutis bench`, a process of its own for each turn."""

    def __init__(self, row: Row, binary: Path, job: Job) -> None:
        self.row, self.binary, self.job = row, binary, job

    def start(self) -> None:
        """Nothing stays alive between turns; only looks for the binary."""
        if not self.binary.is_file():
            raise Stopped(f"there is no {self.binary}; build it (make build) or name it with --cutis")

    def take_turn(self, runs: int, warmup: int) -> Turn:
        """Runs the command and takes its figures."""
        report = bench(self.binary, self.job, runs, warmup)
        self.row.load_ms, self.row.peak_rss_mb = report["load_ms"], report["peak_rss_mb"]
        return Turn(report["median_ms"], report["min_ms"], report["p95_ms"])

    def pids(self) -> list[int]:
        """None: each process ends with its turn."""
        return []

    def stop(self) -> None:
        """Nothing to end."""


def bench_command(binary: Path, job: Job, runs: int, warmup: int) -> list[str]:
    """The command line of `cutis bench` for a job."""
    options = {
        "architecture": job.model.architecture, "image-size": job.model.image_size, "precision": job.precision,
        "batch": job.batch, "threads": job.threads, "runs": runs, "warmup": warmup, "format": "json"}
    return [str(binary), "bench", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


def bench(binary: Path, job: Job, runs: int, warmup: int) -> dict[str, Any]:
    """The report of one `cutis bench`; Stopped with its own words where it fails."""
    process = subprocess.run(
        bench_command(binary, job, runs, warmup), capture_output=True, text=True, timeout=LIMIT_S)
    return bench_report(process.returncode, process.stdout, process.stderr)


def bench_report(code: int, output: str, complaint: str) -> dict[str, Any]:
    """What `cutis bench` printed, checked for the keys that are used here."""
    if code != 0:
        words = " ".join(complaint.split()) or f"cutis bench ended with code {code}"
        raise Stopped(words[:300])
    try:
        report = json.loads(output)
        if missing := {"median_ms", "min_ms", "p95_ms", "load_ms", "peak_rss_mb", "images_per_s"} - report.keys():
            raise Stopped(f"the report of cutis bench lacks {', '.join(sorted(missing))}")
    except (ValueError, AttributeError) as error:
        raise Stopped("cutis bench did not print one JSON object") from error
    return report


class Peer:
    """A peer's worker process, which keeps its model between turns and sleeps while others run."""

    def __init__(self, row: Row, job: Job) -> None:
        self.row, self.job = row, job
        self.process: subprocess.Popen[str] | None = None
        name = "-".join(filter(None, (job.peer, job.model.name, job.precision, job.variant.replace(" ", "-"))))
        self.log = CACHE / "logs" / f"{name}.log"

    def start(self) -> None:
        """Converts the model where it is not cached, in a process that ends, and loads it in one that stays."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")
        self._open("--prepare")
        self._receive()
        self.stop()
        self._open("--serve")
        self.row.load_ms = self._receive()["load_ms"]
        # The first inference allocates and compiles what the later ones reuse.
        self.take_turn(1, 0)

    def take_turn(self, runs: int, warmup: int) -> Turn:
        """Tells the worker, and waits."""
        assert self.process and self.process.stdin
        try:
            self.process.stdin.write(json.dumps({"runs": runs, "warmup": warmup}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Stopped(self._last_words()) from error
        answer = self._receive()
        self.row.peak_rss_mb = answer["peak_rss_mb"]
        return figures.turn(answer["times_ms"])

    def pids(self) -> list[int]:
        """The worker."""
        return [self.process.pid] if self.process else []

    def stop(self) -> None:
        """Closes the worker's input, at which it ends, and waits for that."""
        if not self.process:
            return
        process, self.process = self.process, None
        try:
            process.communicate(timeout=30)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            process.kill()
            process.wait()

    def _open(self, mode: str) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER), mode, self.job.to_json()], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True)

    def _receive(self) -> dict[str, Any]:
        assert self.process and self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(LIMIT_S):
                raise Stopped(f"no answer within {LIMIT_S} s")
        line = self.process.stdout.readline()
        if not line:
            raise Stopped(self._last_words())
        answer = json.loads(line)
        if "refused" in answer:
            raise Stopped(answer["refused"])
        return answer

    def _last_words(self) -> str:
        assert self.process
        code = self.process.wait()
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        reason = f"its process was killed by signal {-code}" if code < 0 else f"its process ended with code {code}"
        return f"{reason}: {lines[-1][:200]}" if lines else reason


@dataclass
class Disturbance:
    """What took CPU time during a run beside the contestant whose turn it was."""

    wall_s: float = 0.0
    # Processors that other programs kept busy, on average.
    foreign_cpus: float = 0.0


def run(contestants: list[Contestant], plan: Plan, say: Say = print) -> Disturbance:
    """Starts everyone, then lets them take turns, each round from another first one; the rows hold what came out.

    Only one contestant computes at a time. A contestant that fails is taken out, with its reason in its row.
    """
    try:
        ready = [contestant for contestant in contestants if _start(contestant, say)]
        return _rounds(ready, plan, say)
    finally:
        for contestant in contestants:
            contestant.stop()


def _rounds(ready: list[Contestant], plan: Plan, say: Say) -> Disturbance:
    live, idle = list(ready), {id(contestant): _Idle() for contestant in ready}
    busy, own, start = machine.busy_seconds(), machine.own_seconds(_pids(live)), time.monotonic()
    for index in range(plan.rounds):
        first = index % len(live) if live else 0
        for contestant in live[first:] + live[:first]:
            others = [other for other in live if other is not contestant]
            before = [machine.live_seconds(other.pids()) for other in others]
            turn_start = time.monotonic()
            if not _take_turn(contestant, plan, say):
                live.remove(contestant)
            wall = time.monotonic() - turn_start
            for other, seconds in zip(others, before, strict=True):
                idle[id(other)].cpu_s += machine.live_seconds(other.pids()) - seconds
                idle[id(other)].wall_s += wall
        say(f"  round {index + 1} of {plan.rounds}")
    wall = time.monotonic() - start
    foreign = machine.busy_seconds() - busy - (machine.own_seconds(_pids(live)) - own)
    for contestant in ready:
        contestant.row.idle_cpu = idle[id(contestant)].share
    return Disturbance(wall, max(foreign, 0.0) / wall if wall else 0.0)


@dataclass
class _Idle:
    """CPU time of a contestant while others had their turns."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def share(self) -> float:
        return self.cpu_s / self.wall_s if self.wall_s else 0.0


def _start(contestant: Contestant, say: Say) -> bool:
    say(f"  {contestant.row.contestant} {contestant.row.precision}: starting")
    try:
        contestant.start()
    except FAILURES as error:
        _take_out(contestant, error, say)
        return False
    return True


def _take_turn(contestant: Contestant, plan: Plan, say: Say) -> bool:
    try:
        contestant.row.turns.append(contestant.take_turn(plan.runs, plan.warmup))
    except FAILURES as error:
        _take_out(contestant, error, say)
        return False
    return True


def _take_out(contestant: Contestant, error: Exception, say: Say) -> None:
    contestant.stop()
    contestant.row.refuse(str(error))
    say(f"  {contestant.row.contestant}: not run: {error}")


def _pids(contestants: list[Contestant]) -> list[int]:
    return [pid for contestant in contestants for pid in contestant.pids()]

"""Times PyTorch eager, ONNX Runtime and OpenVINO beside `cutis bench`, taking turns, and prints the ratios.

Run it with the Python of Benchmarks/.venv (Benchmarks/setup.sh makes it) on a machine that does nothing else:

    Benchmarks/.venv/bin/python Benchmarks/compare.py --models vit-b-16@224 --precisions fp32,bf16,int8

Benchmarks/README.md says what is measured and how it is made fair.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import contest
import machine
import replicas
import report
import worker
from contest import Contestant, Cutis, Peer, Plan
from figures import Row, as_json, grouped, reference
from peers import models
from peers.job import Job, Refusal
from peers.models import Model

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "Benchmarks" / "results"
PRECISIONS = ("fp32", "fp16", "bf16", "int8")
DEFAULT_MODELS = "vit-b-16@224,vit-l-32@384,vit-l-14@224,vit-l-14@448,resnet-50@224"
# The published deployment computes one image in fp16 on the CPU in some 20 s.
DEPLOYMENT_MODEL = Model("vit-l-14", 448)
DEPLOYMENT_PLAN = Plan(rounds=3, runs=1, warmup=1)


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Times PyTorch eager, ONNX Runtime and OpenVINO beside cutis bench, in turns.")
    add = parser.add_argument
    add("--cutis", type=Path, default=ROOT / ".build/release/cutis", help="the cutis binary (default: %(default)s)")
    add("--models", type=_models, default=DEFAULT_MODELS, help="architecture@size, with commas (default: %(default)s)")
    add("--precisions", type=lambda text: _choices(text, PRECISIONS), default="fp32,bf16,int8",
        help=f"of {', '.join(PRECISIONS)} (default: %(default)s)")
    add("--peers", type=lambda text: _choices(text, tuple(worker.PEERS)), default=",".join(worker.PEERS),
        help="default: %(default)s")
    add("--no-cutis", action="store_true", help="time the peers alone")
    add("--rounds", type=_positive, default=5, help="turns of each contestant (default: %(default)s)")
    add("--runs", type=_positive, default=5, help="timed inferences in a turn (default: %(default)s)")
    add("--warmup", type=_count, default=1, help="untimed inferences before them (default: %(default)s)")
    add("--threads", type=_positive, default=len(os.sched_getaffinity(0)), help="default: all CPUs (%(default)s)")
    add("--batch", type=_positive, default=1, help="images in an inference (default: %(default)s)")
    add("--deployment", action="store_true",
        help=f"also PyTorch in fp16 on {DEPLOYMENT_MODEL.name}, the published deployment (three minutes)")
    add("--two-replicas", action="store_true",
        help="instead of the comparison: two processes of half the threads against one, and batch 8 against batch 1")
    add("--output", type=Path, default=RESULTS, help="folder of the results (default: %(default)s)")
    return parser.parse_args(words)


def _models(text: str) -> list[Model]:
    try:
        return [models.parse(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _choices(text: str, known: tuple[str, ...]) -> list[str]:
    chosen = [part.strip() for part in text.split(",")]
    for name in chosen:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
    return chosen


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _positive(text: str) -> int:
    if _count(text) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return int(text)


def cutis_contestant(options: argparse.Namespace, group: str, model: Model, precision: str) -> Contestant:
    """Cutis at one precision."""
    job = Job("cutis", model, precision, "", options.batch, options.threads)
    row = Row(group, model.name, precision, "Cutis", True, options.batch)
    return Cutis(row, options.cutis.resolve(), job)


def peer_contestants(
        options: argparse.Namespace, peer: str, group: str, model: Model, precision: str
) -> tuple[list[Contestant], list[Row]]:
    """A peer's configurations at one precision, and the row of a peer that has none."""
    label = worker.PEERS[peer].LABEL
    try:
        variants = worker.PEERS[peer].variants(precision)
    except Refusal as error:
        return [], [Row(group, model.name, precision, label, False, options.batch, not_run=str(error))]
    found: list[Contestant] = []
    for variant in variants:
        name = f"{label}, {variant}" if variant else label
        row = Row(group, model.name, precision, name, False, options.batch)
        found.append(Peer(row, Job(peer, model, precision, variant, options.batch, options.threads)))
    return found, []


def compare(options: argparse.Namespace) -> tuple[list[Row], dict[str, contest.Disturbance]]:
    """Runs every group: one model at one precision, all contestants in turns."""
    rows: list[Row] = []
    disturbances: dict[str, contest.Disturbance] = {}

    def run(group: str, contestants: list[Contestant], refused: list[Row], plan: Plan) -> None:
        print(group, file=sys.stderr)
        disturbances[group] = contest.run(contestants, plan, say)
        rows.extend([contestant.row for contestant in contestants] + refused)

    for model in options.models:
        for precision in options.precisions:
            group = f"{model.name} {precision}, batch {options.batch}"
            contestants = [] if options.no_cutis else [cutis_contestant(options, group, model, precision)]
            refused: list[Row] = []
            for peer in options.peers:
                more, rest = peer_contestants(options, peer, group, model, precision)
                contestants += more
                refused += rest
            run(group, contestants, refused, Plan(options.rounds, options.runs, options.warmup))
    if options.deployment:
        group = f"{DEPLOYMENT_MODEL.name}, PyTorch fp16 as deployed, batch {options.batch}"
        contestants = [] if options.no_cutis else [
            cutis_contestant(options, group, DEPLOYMENT_MODEL, precision) for precision in ("bf16", "int8", "fp32")]
        more, refused = peer_contestants(options, "pytorch", group, DEPLOYMENT_MODEL, "fp16")
        run(group, contestants + more, refused, DEPLOYMENT_PLAN)
    return rows, disturbances


def say(text: str) -> None:
    """Progress, which is not part of the answer."""
    print(text, file=sys.stderr, flush=True)


def versions(cutis: Path) -> dict[str, str]:
    """Of Cutis, of Python and of every package that takes part."""
    return {
        "cutis": _first_line([str(cutis), "--version"]) or "not found",
        "commit": _first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]) or "unknown",
        "python": sys.version.split()[0], **worker.versions()}


def _first_line(command: list[str]) -> str:
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = process.stdout.strip().splitlines()
    return lines[0] if process.returncode == 0 and lines else ""


def circumstances(options: argparse.Namespace) -> report.Circumstances:
    """Where, when and how this run takes place; absolute paths are cut, so that the results name no home folder."""
    words = [Path(word).name if os.path.isabs(word) else word for word in sys.argv]
    names = ("threads", "batch", "rounds", "runs", "warmup")
    settings: dict[str, Any] = {name: getattr(options, name) for name in names}
    return report.Circumstances(
        datetime.datetime.now().astimezone().isoformat(timespec="seconds"), shlex.join(["python", *words]),
        machine.describe(), versions(options.cutis), settings)


def main() -> int:
    """Compares, prints and writes; 1 where no contestant ran."""
    options = arguments()
    where = circumstances(options)
    name = f"{where.date[:10]}-{machine.slug(str(where.machine['cpu']), where.machine['cpus'])}"
    if options.two_replicas:
        return replicas.main(options, where, report.free_stem(options.output, f"{name}-replicas"))
    rows, disturbances = compare(options)
    doubts = report.warnings(rows, {group: found.foreign_cpus for group, found in disturbances.items()})
    print(report.screen(rows, doubts))
    content = {
        **vars(where), "notes": doubts, "disturbances": {group: vars(found) for group, found in disturbances.items()},
        "rows": [as_json(row, reference(group)) for group in grouped(rows).values() for row in group]}
    text = report.markdown("Cutis and its peers", where, report.sections(rows), doubts)
    for path in report.write(report.free_stem(options.output, name), content, text):
        say(f"wrote {path}")
    return 0 if any(row.turns for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

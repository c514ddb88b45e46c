"""A process that holds one peer's model and infers when it is told to.

Started by compare.py with a job in JSON. Each line on the standard input asks for one turn, {"runs": 5, "warmup": 1};
each line on the standard output is an answer in JSON. `--prepare` converts the job's model and ends.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import resource
import sys
import time
from types import ModuleType
from typing import Any, TextIO

from peers import onnx_runtime, open_vino, pytorch
from peers.job import Job, Refusal

PEERS: dict[str, ModuleType] = {"pytorch": pytorch, "onnxruntime": onnx_runtime, "openvino": open_vino}


def versions() -> dict[str, str]:
    """The versions of every installed package that a peer is made of."""
    found = {}
    for package in sorted({name for peer in PEERS.values() for name in peer.PACKAGES}):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def peak_rss_mb() -> float:
    """The most memory that this process has held, in units of 10⁶ bytes, as `cutis bench` counts it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def answer_to(error: Exception) -> dict[str, Any]:
    """The reason why a job did not run, in one line."""
    if isinstance(error, Refusal):
        return {"refused": str(error)}
    if isinstance(error, ModuleNotFoundError):
        return {"refused": f"the package {error.name} is not installed (Benchmarks/setup.sh installs it)"}
    text = " ".join(str(error).split()) or type(error).__name__
    return {"refused": f"{type(error).__name__}: {text[:300]}"}


def serve(job: Job, commands: TextIO, answers: TextIO) -> None:
    """Loads the job's model and takes turns until the input ends."""

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        start = time.perf_counter()
        infer = PEERS[job.peer].load(job)
        load_ms = (time.perf_counter() - start) * 1000
    except Exception as error:
        answer(answer_to(error))
        return
    answer({"load_ms": load_ms})
    for line in commands:
        turn = json.loads(line)
        for _ in range(turn["warmup"]):
            infer()
        times = []
        for _ in range(turn["runs"]):
            start = time.perf_counter()
            infer()
            times.append((time.perf_counter() - start) * 1000)
        answer({"times_ms": times, "peak_rss_mb": peak_rss_mb()})


def main() -> None:
    """Runs as the module's text says."""
    # The libraries print as they like; only answers may reach the pipe.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    job = Job.from_json(sys.argv[-1])
    if sys.argv[1] == "--prepare":
        try:
            PEERS[job.peer].prepare(job)
            answers.write("{}\n")
        except Exception as error:
            answers.write(json.dumps(answer_to(error)) + "\n")
        return
    serve(job, sys.stdin, answers)


if __name__ == "__main__":
    main()

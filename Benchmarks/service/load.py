"""Throughput beside FastAPI + PyTorch, what the service adds to bare inference, and what overload does.

    Benchmarks/.venv/bin/python Benchmarks/service/load.py FOLDER_OF_IMAGES [--seconds 15] [--rounds 3]

Both servers have the same model in fp32 and the same images, taking turns. Cutis also keeps each image (sealed), each answer
and an audit entry on the disk before it answers; the peer keeps nothing. The clients run on the same two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import pathlib
import re
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import Summary, bare_wait, base64_of, closed_loop, ideal_wait, images, message, open_loop, quantile  # noqa: E402
from process import ROOT, CutisServer, PeerServer  # noqa: E402

CORES = len(os.sched_getaffinity(0))


def cutis_messages(server: CutisServer, files: list[pathlib.Path]) -> list[bytes]:
    return [
        message("/api/v1/analyze", {"image": base64_of(file), "patient_id": f"p{index % 50}", "explain": False},
                server.headers)
        for index, file in enumerate(files)]


def throughput(options: argparse.Namespace, files: list[pathlib.Path]) -> None:
    rates: dict[str, list[float]] = {"cutis": [], "peer": []}
    print("| round | server | answers/s | p50 ms | p95 ms | p99 ms | failed |\n|---|---|---|---|---|---|---|")
    for number in range(options.rounds):
        for name in ("cutis", "peer"):
            with tempfile.TemporaryDirectory() as scratch:
                server = (CutisServer(pathlib.Path(scratch) / "data", options.model) if name == "cutis"
                          else PeerServer(options.model, options.threads))
                with server:
                    messages = (cutis_messages(server, files) if name == "cutis"
                                else [message("/analyze", {"image": base64_of(file)}) for file in files])
                    asyncio.run(closed_loop(server.port, messages, options.clients, 3))
                    answers = asyncio.run(closed_loop(server.port, messages, options.clients, options.seconds))
            summary = Summary.of(answers, options.seconds)
            rates[name].append(summary.rate)
            times = " | ".join(f"{value:.1f}" for value in summary.milliseconds.values())
            print(f"| {number + 1} | {name} | {summary.rate:.1f} | {times} | {summary.failed} |", flush=True)
    ours, theirs = statistics.median(rates["cutis"]), statistics.median(rates["peer"])
    print(f"\nthroughput, {options.clients} clients: {ours:.1f} and {theirs:.1f} answers/s, ratio {ours / theirs:.2f}")


def bare(server: CutisServer) -> dict[str, tuple[float, float]]:
    """Sum in milliseconds and count of what an answer needs without a service: preparing its image, and the model's pass."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/metrics", headers=server.headers)
    text = connection.getresponse().read().decode()

    def value(name: str) -> float:
        return float(re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)[1])

    return {name: (value(f"{name}_sum") * 1000, value(f"{name}_count"))
            for name in ("cutis_image_preparation_seconds", "cutis_inference_duration_seconds")}


def latency(options: argparse.Namespace, files: list[pathlib.Path]) -> None:
    """One client at a time, then arrivals at 80 % of the throughput, even and Poisson, and at four times of it."""
    with tempfile.TemporaryDirectory() as scratch:
        with CutisServer(pathlib.Path(scratch) / "data", options.model) as server:
            messages = cutis_messages(server, files)
            asyncio.run(closed_loop(server.port, messages, 1, 2))
            before = bare(server)
            alone = asyncio.run(closed_loop(server.port, messages, 1, options.seconds))
            means = [(after[0] - before[name][0]) / (after[1] - before[name][1]) for name, after in bare(server).items()]
            total = [answer.seconds * 1000 for answer in alone if answer.status == 200]
            print(f"\none client: p50 {quantile(total, 0.5):.2f} ms; decoding, judging and resizing {means[0]:.2f} and the "
                  f"model {means[1]:.2f} ms of it, so the service adds {quantile(total, 0.5) - sum(means):.2f} ms")
            full = Summary.of(
                asyncio.run(closed_loop(server.port, messages, options.clients, options.seconds)), options.seconds)
            before = server.resident()
            for share, arrivals in ((0.8, "even"), (0.8, "even"), (0.8, "even"), (0.8, "poisson"), (4.0, "poisson")):
                if arrivals == "even":
                    added = bare_wait(full.rate * share, CORES / full.rate, CORES, options.seconds)
                    print(f"the machine alone, evenly spaced jobs that only compute for {CORES / full.rate * 1000:.1f} ms at the "
                          f"same rate: p99 {quantile(added, 0.99) * 1000:.1f} ms added", flush=True)
                answers = asyncio.run(open_loop(server.port, messages, full.rate * share, options.seconds, arrivals))
                summary = Summary.of(answers, options.seconds)
                print(f"{share:g} × {full.rate:.0f}/s, {arrivals}: {summary.good} answered, {summary.refused} refused, "
                      f"{summary.failed} failed, " + ", ".join(f"{k} {v:.1f} ms" for k, v in summary.milliseconds.items())
                      + f"; p99 less preparation and model alone: {summary.milliseconds['p99'] - sum(means):.1f} ms")
            waits = ideal_wait(full.rate * 0.8, CORES / full.rate, CORES, 0.99) * 1000
            print(f"{CORES} cores that take {CORES / full.rate * 1000:.1f} ms for an answer and answer in the order of arrival, "
                  f"without any cost of their own, let 1 % of Poisson arrivals at 80 % wait longer than {waits:.0f} ms")
            print(f"resident memory {before >> 20} MB before the loads, {server.resident() >> 20} MB after")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "Models/cutis-dermoscopy")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    files = images(options.folder, 200)
    throughput(options, files)
    latency(options, files)


if __name__ == "__main__":
    main()

"""What must not happen over time: wrong answers, growing memory, lost records.

    python endurance.py soak FOLDER [--requests 200000]    every answer is compared with `cutis classify`
    python endurance.py kill FOLDER [--times 200]          kill -9 under load; the store and the audit trail are checked
    python endurance.py swap FOLDER [--times 100] [--model BUNDLE]
                                                           a model is replaced under load; no request may fail
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import Connection, base64_of, images, message  # noqa: E402
from process import CUTIS, ROOT, CutisServer  # noqa: E402

MODEL = ROOT / "Models/cutis-dermoscopy"


def expected(files: list[pathlib.Path]) -> list[dict[str, float]]:
    """What the command line says of the same images."""
    output = subprocess.run(
        [CUTIS, "classify", *map(str, files), "--model", str(MODEL), "--format", "jsonl", "--quiet"], check=True,
        capture_output=True, text=True, cwd=ROOT).stdout
    return [{entry["id"]: entry["probability"] for entry in json.loads(line)["classes"]}
            for line in output.splitlines()]


def is_equal(body: bytes, truth: dict[str, float]) -> bool:
    """Batches of other sizes add up in another order: equal to 1e-4, as a bundle's golden case."""
    classes = json.loads(body)["diagnosis"]["all_classes"]
    return classes.keys() == truth.keys() and all(abs(classes[name] - truth[name]) < 1e-4 for name in truth)


def messages_of(server: CutisServer, files: list[pathlib.Path]) -> list[bytes]:
    return [message("/api/v1/analyze", {"image": base64_of(file), "patient_id": f"p{index}", "explain": False},
                    server.headers) for index, file in enumerate(files)]


async def soak(server: CutisServer, messages: list[bytes], truths: list[dict], count: int, clients: int) -> dict:
    result = {"answered": 0, "wrong": 0, "failed": 0, "resident_mb": []}
    numbers = iter(range(count))
    mark = max(1, count // 20)

    async def client() -> None:
        connection = Connection(server.port)
        for number in numbers:
            index = number % len(messages)
            status, body = await connection.request(messages[index])
            result["answered"] += status == 200
            result["failed"] += status != 200
            result["wrong"] += status == 200 and not is_equal(body, truths[index])
            if number % mark == 0:
                result["resident_mb"].append(round(server.resident() / 2**20, 1))
                print(number, result["resident_mb"][-1], "MB", file=sys.stderr, flush=True)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return result


def run_soak(options: argparse.Namespace, files: list[pathlib.Path]) -> None:
    truths = expected(files)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        with CutisServer(pathlib.Path(scratch) / "data") as server:
            start = time.monotonic()
            result = asyncio.run(soak(server, messages_of(server, files), truths, options.requests, options.clients))
            seconds = time.monotonic() - start
            result["resident_mb"].append(round(server.resident() / 2**20, 1))
    marks = result["resident_mb"]
    # The first tenth fills caches; growth is what comes after it.
    base = marks[min(2, len(marks) - 1)]
    print(f"soak: {result['answered']} answered, {result['wrong']} wrong, {result['failed']} failed in {seconds:.0f} s; "
          f"memory {marks[0]} → {base} → {marks[-1]} MB, growth after the first tenth "
          f"{(marks[-1] / base - 1) * 100:+.1f} %")


async def until_killed(server: CutisServer, messages: list[bytes], clients: int, seconds: float) -> list[str]:
    """Sends requests until the server is dead; the ids of what it acknowledged."""
    acknowledged: list[str] = []

    async def client(number: int) -> None:
        connection, index = Connection(server.port), number
        while True:
            status, body = await connection.request(messages[index % len(messages)], timeout=20)
            if status != 200:
                break
            acknowledged.append(json.loads(body)["id"])
            index += clients
        connection.close()

    async def killer() -> None:
        await asyncio.sleep(seconds)
        server.process.kill()

    await asyncio.gather(killer(), *(client(number) for number in range(clients)))
    server.process.wait(60)
    return acknowledged


def get(server: CutisServer, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers=server.headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def run_kill(options: argparse.Namespace, files: list[pathlib.Path]) -> None:
    generator, every, lost, pictures = random.Random(3), [], 0, 0
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        data = pathlib.Path(scratch) / "data"
        for number in range(options.times):
            server = CutisServer(data)
            server.wait()
            messages = messages_of(server, files)
            acknowledged = asyncio.run(
                until_killed(server, messages, options.clients, generator.uniform(0.05, options.longest)))
            every += acknowledged
            print(f"{number + 1}: {len(acknowledged)} acknowledged", file=sys.stderr, flush=True)
        with CutisServer(data) as server:
            for number, identifier in enumerate(every):
                lost += get(server, f"/api/v1/analyses/{identifier}")[0] != 200
                if number % 50 == 0:
                    pictures += get(server, f"/api/v1/analyses/{identifier}/image")[0] != 200
        audit = subprocess.run([CUTIS, "audit", "verify", "--data", str(data)], capture_output=True, text=True, cwd=ROOT)
    print(f"kill: {options.times} × kill -9, {len(every)} acknowledged, {lost} lost, {pictures} of "
          f"{(len(every) + 49) // 50} sampled images lost; audit verify exits {audit.returncode}: {audit.stdout.strip()}")


def post(server: CutisServer, path: str, body: dict) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **server.headers})
    answer = connection.getresponse()
    return answer.status, answer.read()


def copied(bundle: pathlib.Path, folder: pathlib.Path, version: str) -> str:
    """A bundle under another version; its name."""
    target = folder / version
    shutil.copytree(bundle, target)
    manifest = json.loads((target / "bundle.json").read_text())
    manifest["version"] = version
    (target / "bundle.json").write_text(json.dumps(manifest))
    return manifest["id"]


async def swap(server: CutisServer, messages: list[bytes], name: str, times: int, clients: int, warm: int) -> dict:
    """`warm` requests fill the caches; then changes, and as long without any: growth is what is left after both."""
    result = {"answered": 0, "failed": 0, "resident_mb": {}}
    ended = False

    async def client(number: int) -> None:
        connection, index = Connection(server.port), number
        while not ended:
            status, _ = await connection.request(messages[index % len(messages)])
            result["answered"] += status == 200
            result["failed"] += status != 200
            index += clients
        connection.close()

    def note(name: str) -> None:
        result["resident_mb"].setdefault(name, []).append(round(server.resident() / 2**20, 1))

    async def changes() -> None:
        for number in range(times):
            version = "9.0.0" if number % 2 == 0 else "9.0.1"
            for path, body in [("/api/v1/models", {"bundle": version}),
                               (f"/api/v1/models/{name}/versions/{version}/activate", {})]:
                status, answer = await asyncio.to_thread(post, server, path, body)
                if status not in (200, 201):
                    raise RuntimeError(f"{path}: {status} {answer.decode()}")
            note("changes")

    async def phases() -> None:
        nonlocal ended
        while result["answered"] < warm:
            await asyncio.sleep(0.5)
        note("changes")
        start = time.monotonic()
        await changes()
        seconds = time.monotonic() - start
        for _ in range(times + 1):
            note("control")
            await asyncio.sleep(seconds / times)
        ended = True

    await asyncio.gather(phases(), *(client(number) for number in range(clients)))
    return result


def run_swap(options: argparse.Namespace, files: list[pathlib.Path]) -> None:
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        bundles = pathlib.Path(scratch) / "bundles"
        bundles.mkdir()
        names = [copied(options.model, bundles, version) for version in ("9.0.0", "9.0.1")]
        with CutisServer(
                pathlib.Path(scratch) / "data", options.model, [f"models.folder={bundles}"]) as server:
            result = asyncio.run(
                swap(server, messages_of(server, files), names[0], options.times, options.clients, options.warm))
    for name, marks in result["resident_mb"].items():
        print(f"{name}: resident MB at the start and after every tenth:", *marks[::10], file=sys.stderr)
    before, after = result["resident_mb"]["changes"][0], result["resident_mb"]["control"][-1]
    print(f"swap: {options.times} changes, {result['answered']} answered, {result['failed']} failed; memory "
          f"{before} → {after} MB ({after - before:+.1f}), at most {max(result['resident_mb']['changes'])} beside changes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["soak", "kill", "swap"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--times", type=int)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--warm", type=int, default=10_000, help="requests before the first change of a model")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL, help="the bundle that swap replaces by its copies")
    parser.add_argument("--longest", type=float, default=1.5, help="seconds of load before a kill, at most")
    parser.add_argument("--scratch", type=pathlib.Path, help="where the data folders are made")
    options = parser.parse_args()
    options.times = options.times or (200 if options.what == "kill" else 100)
    files = images(options.folder, 200)
    {"soak": run_soak, "kill": run_kill, "swap": run_swap}[options.what](options, files)


if __name__ == "__main__":
    main()

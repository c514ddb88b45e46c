"""HTTP/1.1 clients on kept connections, by asyncio: cheap enough to share two cores with the server that they measure."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import pathlib
import queue
import random
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field


@dataclass
class Answer:
    """One request: when it was due, what came back, and after how long (seconds)."""

    due: float
    status: int
    seconds: float
    body: bytes = b""


@dataclass
class Connection:
    """One kept connection; a broken one is opened again."""

    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def request(self, message: bytes, timeout: float = 60) -> tuple[int, bytes]:
        """Status and body; status 0 where the server gave no whole answer."""
        try:
            return await asyncio.wait_for(self._request(message), timeout)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
            self.close()
            return 0, b""

    async def _request(self, message: bytes) -> tuple[int, bytes]:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        self.writer.write(message)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await self.reader.readexactly(int(fields["content-length"])) if "content-length" in fields else b""
        if fields.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), body

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def message(path: str, body: dict, headers: dict[str, str] | None = None) -> bytes:
    """A POST of JSON, ready to send."""
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def images(folder: pathlib.Path, count: int) -> list[pathlib.Path]:
    """The same images for everyone."""
    files = sorted(folder.glob("*.jpg")) or sorted(folder.glob("*.png"))
    return random.Random(7).sample(files, min(count, len(files)))


def base64_of(path: pathlib.Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


async def closed_loop(port: int, messages: list[bytes], clients: int, seconds: float) -> list[Answer]:
    """Each client sends the next request when the former is answered."""
    answers: list[Answer] = []
    start = time.perf_counter()

    async def client(number: int) -> None:
        connection, index = Connection(port), number
        while (due := time.perf_counter()) < start + seconds:
            status, body = await connection.request(messages[index % len(messages)])
            answers.append(Answer(due - start, status, time.perf_counter() - due, body))
            index += clients
        connection.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return answers


async def open_loop(port: int, messages: list[bytes], rate: float, seconds: float, arrivals: str = "poisson",
                    seed: int = 1) -> list[Answer]:
    """Requests at random moments (`poisson`) or evenly spaced ones (`even`, as wrk2, vegeta and k6 send them), whether or not
    the former are answered; the time counts from when a request was due, so that a server that stalls is not flattered."""
    generator, answers, idle = random.Random(seed), [], []
    start = time.perf_counter()

    async def send(index: int, due: float) -> None:
        connection = idle.pop() if idle else Connection(port)
        status, body = await connection.request(messages[index % len(messages)])
        answers.append(Answer(due, status, time.perf_counter() - start - due, body))
        idle.append(connection)

    tasks, due, index = set(), 0.0, 0
    while (due := due + (generator.expovariate(rate) if arrivals == "poisson" else 1 / rate)) < seconds:
        await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
        task = asyncio.create_task(send(index, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        index += 1
    await asyncio.gather(*tasks)
    return answers


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def ideal_wait(rate: float, work: float, cores: int, share: float, count: int = 200_000) -> float:
    """The quantile of the time that requests wait in an ideal first-come queue: Poisson arrivals, each takes one core for
    `work` seconds and nothing else costs anything (M/D/c, simulated)."""
    generator, now, free, waits = random.Random(1), 0.0, [0.0] * cores, []
    for _ in range(count):
        now += generator.expovariate(rate)
        core = min(range(cores), key=free.__getitem__)
        start = max(now, free[core])
        waits.append(start - now)
        free[core] = start + work
    return quantile(waits, share)


def bare_wait(rate: float, work: float, cores: int, seconds: float) -> list[float]:
    """What the machine alone adds, in seconds: evenly spaced jobs that only compute for `work` seconds, first come, one thread
    a core; no network, disk or memory. On a quiet machine all are near 0 while rate × work < cores."""
    def compute(rounds: int) -> None:
        # Releases the interpreter's lock.
        hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)

    # What a job takes while all cores compute: they are slower together.
    with ThreadPoolExecutor(cores) as pool:
        usual = statistics.median(pool.map(lambda _: timed(lambda: compute(20_000)), range(200)))
    rounds = max(1, round(20_000 * work / usual))
    jobs: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    added: list[float] = []

    def serve() -> None:
        while (due := jobs.get()) is not None:
            compute(rounds)
            added.append(time.perf_counter() - due - work)

    threads = [threading.Thread(target=serve) for _ in range(cores)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    for index in range(int(rate * seconds)):
        due = start + index / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        jobs.put(due)
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    return added


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass
class Summary:
    """What a load showed."""

    count: int
    good: int
    refused: int
    failed: int
    rate: float
    milliseconds: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def of(answers: list[Answer], seconds: float) -> Summary:
        good = [answer.seconds * 1000 for answer in answers if answer.status == 200]
        return Summary(
            count=len(answers), good=len(good), refused=sum(answer.status in (429, 503) for answer in answers),
            failed=sum(answer.status not in (200, 429, 503) for answer in answers), rate=len(good) / seconds,
            milliseconds={f"p{round(share * 100)}": quantile(good, share) for share in (0.5, 0.95, 0.99)})

"""Servers as child processes: Cutis, and the FastAPI + PyTorch peer. Both on 127.0.0.1 only."""

from __future__ import annotations

import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CUTIS = ROOT / ".build/release/cutis"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A child process that answers on a port of its own."""

    path = "/health/ready"

    def __init__(self, command: list[str], port: int, environment: dict[str, str] | None = None):
        self.port = port
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
            env=dict(os.environ, **(environment or {})))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            del self.lines[:-500]

    def wait(self, seconds: float = 120) -> None:
        """Until the server says that it is ready."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended:\n" + "\n".join(self.lines[-20:]))
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", self.path)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the server did not become ready")

    def resident(self) -> int:
        """Resident memory in bytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def __enter__(self) -> Server:
        self.wait()
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.stop()


class CutisServer(Server):
    """`cutis serve` with a data folder; limits of clients are lifted, since one client makes all the load."""

    def __init__(self, data: pathlib.Path, model: pathlib.Path | None = None, settings: list[str] = (), port: int = 0):
        port = port or free_port()
        self.data = data
        command = [str(CUTIS), "serve", "--data", str(data), "--port", str(port)]
        command += ["--model", str(model)] if model else []
        for setting in ["limits.rate=100000", "limits.burst=100000", "limits.concurrency=10000", *settings]:
            command += ["--set", setting]
        super().__init__(command, port, {"CUTIS_LOG_LEVEL": "error"})

    def wait(self, seconds: float = 120) -> None:
        super().wait(seconds)
        keys = [line.split(": ", 1)[1] for line in self.lines if line.startswith("admin key: ")]
        file = self.data.parent / f"{self.data.name}.key"
        if keys:
            file.write_text(keys[0])
        self.key = file.read_text()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class PeerServer(Server):
    """The FastAPI + PyTorch server of `fastapi_server.py`."""

    def __init__(self, bundle: pathlib.Path, threads: int):
        port = free_port()
        super().__init__(
            [sys.executable, str(pathlib.Path(__file__).with_name("fastapi_server.py")), str(bundle), str(port),
             str(threads)], port)

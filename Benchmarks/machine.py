"""What the machine is, and how much of it others used meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

# The instruction sets that decide which kernels a library can choose.
FLAGS = (
    "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve")
TICKS = os.sysconf("SC_CLK_TCK")


def parse_lscpu(text: str) -> dict[str, object]:
    """The facts that the results quote, from lscpu's output; the flags in the order of FLAGS."""
    fields = dict(re.findall(r"^\s*([^:\n]+):[ \t]*(.*)$", text, flags=re.MULTILINE))
    present = set(fields.get("Flags", "").split())
    return {
        "cpu": fields.get("Model name", "unknown"),
        "architecture": fields.get("Architecture", "unknown"),
        "family_model_stepping": "/".join(fields.get(name, "?") for name in ("CPU family", "Model", "Stepping")),
        "cpus": fields.get("CPU(s)", "?"),
        "threads_per_core": fields.get("Thread(s) per core", "?"),
        "l2": fields.get("L2 cache", fields.get("L2", "?")),
        "l3": fields.get("L3 cache", fields.get("L3", "?")),
        "hypervisor": fields.get("Hypervisor vendor", "none"),
        "flags": [flag for flag in FLAGS if flag in present],
    }


def describe() -> dict[str, object]:
    """This machine: CPU, memory, kernel."""
    # The field names of lscpu follow the locale.
    text = subprocess.run(
        ["lscpu"], capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {**parse_lscpu(text), "ram_gib": round(memory, 1), "kernel": os.uname().release.split("-")[0]}


def slug(cpu: str, cpus: object) -> str:
    """The machine in a file name: amd-epyc-2-cpus."""
    name = re.sub(r"\((r|tm)\)|\bcpu\b.*|\bprocessor\b|@.*", "", cpu.lower())
    return "-".join([*re.findall(r"[a-z0-9]+", name), str(cpus), "cpus"])


def process_seconds(pid: int) -> float:
    """CPU seconds that a live process has used, all its threads together; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The name in parentheses may hold spaces; utime and stime are the 12th and 13th fields after it.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def live_seconds(pids: list[int]) -> float:
    """CPU seconds that these live processes have used."""
    return sum(process_seconds(pid) for pid in pids)


def own_seconds(pids: list[int]) -> float:
    """CPU seconds of this process, of its children that have ended and of these live ones."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + live_seconds(pids)


def busy_seconds() -> float:
    """CPU seconds that the machine has spent on anything, time stolen by a hypervisor included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / TICKS

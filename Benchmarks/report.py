"""The results on the screen and in files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import figures
from figures import Row

# Idle CPU of a waiting peer, and processors kept busy by other programs, above which a run is marked.
IDLE_LIMIT = 0.02
FOREIGN_LIMIT = 0.05

Cells = Sequence[str]


@dataclass(frozen=True)
class Circumstances:
    """Where, when and how a run took place."""

    date: str
    command: str
    machine: dict[str, Any]
    versions: dict[str, str]
    settings: dict[str, Any]


HEADINGS = (
    "precision", "contestant", "median ms", "min ms", "p95 ms", "images/s", "load ms", "MB", "peer ÷ cutis",
    "of minima")
SUMMARY_HEADINGS = ("model", "precision", "cutis ms", "best peer", "ms", "peer ÷ cutis", "of minima")


def cells(row: Row, cutis: Row | None) -> Cells:
    """A row as text; one that did not run says why in the place of its figures."""
    if row.not_run is not None:
        return (row.precision, row.contestant, f"not run: {row.not_run}")
    found = figures.ratio(row, cutis)
    return (
        row.precision, row.contestant, f"{row.median_ms:.1f}", f"{row.min_ms:.1f}", f"{row.p95_ms:.1f}",
        f"{row.images_per_s:.2f}", _whole(row.load_ms), _whole(row.peak_rss_mb),
        f"{found.of_medians:.2f}" if found else "", f"{found.of_minima:.2f}" if found else "")


def summary(rows: list[Row]) -> list[Cells]:
    """A line for each group in which both Cutis and a peer ran."""
    lines: list[Cells] = []
    for group in figures.grouped(rows).values():
        cutis, peer = figures.reference(group), figures.best_peer(group)
        if cutis and peer and (found := figures.ratio(peer, cutis)):
            lines.append((
                peer.model, peer.precision, f"{cutis.median_ms:.1f}", peer.contestant, f"{peer.median_ms:.1f}",
                f"{found.of_medians:.2f}", f"{found.of_minima:.2f}"))
    return lines


def text_table(headings: Cells, lines: list[Cells]) -> str:
    """Aligned columns; a line with fewer cells ends in free text."""
    whole = [line for line in [headings, *lines] if len(line) == len(headings)]
    widths = [max(len(line[column]) for line in whole) for column in range(len(headings))]
    for line in lines:
        if len(line) < len(headings):
            widths[:2] = [max(width, len(cell)) for width, cell in zip(widths[:2], line[:2], strict=True)]
    return "\n".join(
        "  ".join(
            cell if index >= 2 and len(line) < len(headings)
            else cell.rjust(width) if _is_number(cell) or line is headings and index > 1 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=False))).rstrip()
        for line in [headings, *lines])


def markdown_table(headings: Cells, lines: list[Cells]) -> str:
    """The same as Markdown."""
    padded = [[*line, *[""] * (len(headings) - len(line))] for line in lines]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in [headings, ["---"] * len(headings), *padded])


def warnings(rows: list[Row], foreign_cpus: dict[str, float]) -> list[str]:
    """What makes a run's figures doubtful."""
    found = [
        f"{group}: other programs kept {cpus:.2f} processors busy; repeat it on a quiet machine"
        for group, cpus in foreign_cpus.items() if cpus > FOREIGN_LIMIT]
    return found + [
        f"{row.group}: {row.contestant} used {row.idle_cpu:.0%} of a processor while others had their turns"
        for row in rows if row.idle_cpu > IDLE_LIMIT]


def screen(rows: list[Row], doubts: list[str]) -> str:
    """Everything for the terminal."""
    parts = []
    for name, group in figures.grouped(rows).items():
        cutis = figures.reference(group)
        parts.append(f"{name}\n{text_table(HEADINGS, [cells(row, cutis) for row in group])}")
    if lines := summary(rows):
        parts.append(f"Cutis and the best peer (above 1, Cutis is faster)\n{text_table(SUMMARY_HEADINGS, lines)}")
    return "\n\n".join(parts + [f"note: {doubt}" for doubt in doubts])


def markdown(title: str, circumstances: Circumstances, sections: dict[str, tuple[Cells, list[Cells]]],
             doubts: list[str]) -> str:
    """The results file for people."""
    machine = circumstances.machine
    facts = {
        "date": circumstances.date,
        "CPU": f"{machine['cpu']} (family/model/stepping {machine['family_model_stepping']}), {machine['cpus']} CPUs, "
               f"{machine['threads_per_core']} thread(s) per core, L2 {machine['l2']}, L3 {machine['l3']}, "
               f"hypervisor {machine['hypervisor']}",
        "instruction sets": " ".join(machine["flags"]),
        "memory": f"{machine['ram_gib']} GiB", "kernel": machine["kernel"],
        "versions": ", ".join(f"{name} {version}" for name, version in circumstances.versions.items()),
        "settings": ", ".join(f"{name} {value}" for name, value in circumstances.settings.items()),
        "command": f"`{circumstances.command}`"}
    parts = [f"# {title}", markdown_table(("", ""), list(facts.items()))]
    parts += [f"## {name}\n\n{markdown_table(*table)}" for name, table in sections.items() if table[1]]
    return "\n\n".join(parts + [f"> {doubt}" for doubt in doubts]) + "\n"


def sections(rows: list[Row]) -> dict[str, tuple[Cells, list[Cells]]]:
    """The comparison's tables for the Markdown file, the summary first."""
    found: dict[str, tuple[Cells, list[Cells]]] = {
        "Cutis and the best peer (above 1, Cutis is faster)": (SUMMARY_HEADINGS, summary(rows))}
    for name, group in figures.grouped(rows).items():
        cutis = figures.reference(group)
        found[name] = (HEADINGS, [cells(row, cutis) for row in group])
    return found


def free_stem(folder: Path, name: str) -> Path:
    """folder/name, with a number where an earlier run of the day has that name."""
    candidate, number = folder / name, 1
    while candidate.with_name(candidate.name + ".json").exists():
        number += 1
        candidate = folder / f"{name}-{number}"
    return candidate


def write(stem: Path, content: dict[str, Any], text: str) -> list[Path]:
    """Both results files; their paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ending) for ending in (".json", ".md")]
    paths[0].write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    paths[1].write_text(text)
    return paths


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).isdigit()

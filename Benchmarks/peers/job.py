"""What a contestant is asked to run, and where its converted models are kept."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from . import models

CACHE = Path(__file__).resolve().parent.parent / ".cache"

# Infers one batch; the answer stays with the peer.
Inference = Callable[[], None]


class Refusal(Exception):
    """A peer cannot run a job; the message says why, and goes into the table."""


@dataclass(frozen=True)
class Job:
    """One model at one precision in one variant of one peer."""

    peer: str
    model: models.Model
    precision: str
    variant: str
    batch: int
    threads: int

    def to_json(self) -> str:
        """For the command line of a worker."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Job:
        """The inverse of to_json."""
        fields = json.loads(text)
        return Job(**{**fields, "model": models.Model(**fields["model"])})


def cached(job: Job, library: str, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name` of a folder for this model, batch and library version; `make` fills a missing folder.

    A conversion that is broken off leaves nothing behind.
    """
    folder = CACHE / library / f"{job.model.name}-b{job.batch}" / Path(name).stem
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            make(unfinished / name)
            os.replace(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder / name

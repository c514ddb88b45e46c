"""PyTorch eager: the module as its library builds it, in inference mode."""

from __future__ import annotations

from . import models
from .job import Inference, Job, Refusal

LABEL = "PyTorch eager"
PACKAGES = ("torch", "torchvision", "timm")


def variants(precision: str) -> tuple[str, ...]:
    """The configurations to time; a Refusal where there is none."""
    if precision == "int8":
        raise Refusal("int8 in PyTorch needs an exported and compiled graph, which is not eager execution")
    return ("",)


def prepare(job: Job) -> None:
    """Nothing to convert."""


def load(job: Job) -> Inference:
    """The module in the job's precision; convolutional networks in channels-last order, their faster layout."""
    import torch

    torch.set_num_threads(job.threads)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[job.precision]
    layout = torch.preserve_format if job.model.is_transformer else torch.channels_last
    module = models.build(job.model).to(dtype=dtype, memory_format=layout)
    images = models.images(job.model, job.batch).to(dtype=dtype, memory_format=layout)

    def infer() -> None:
        with torch.inference_mode():
            module(images)

    return infer

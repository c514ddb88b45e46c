"""OpenVINO's CPU plug-in: latency hint, one stream; int8 by NNCF's post-training quantisation."""

from __future__ import annotations

from pathlib import Path

from . import models
from .job import Inference, Job, Refusal, cached

LABEL = "OpenVINO"
PACKAGES = ("openvino", "nncf")
CALIBRATION_BATCHES = 4


def variants(precision: str) -> tuple[str, ...]:
    """The configurations to time; a Refusal where there is none."""
    if precision == "fp16":
        raise Refusal("the CPU plug-in of OpenVINO computes fp16 models in fp32 or bf16 on x86")
    # What NNCF leaves in floating point, attention above all, runs in the precision of the hint.
    return ("f32 rest", "bf16 rest") if precision == "int8" else ("",)


def prepare(job: Job) -> None:
    """Converts and quantises into the cache, in a process of its own that the timed one does not inherit from."""
    _path(job)


def load(job: Job) -> Inference:
    """A compiled model with the job's threads; the input is bound once, so that no call copies it."""
    import openvino

    core = openvino.Core()
    if job.precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise Refusal("the CPU plug-in of OpenVINO has no bf16 on this CPU")
    hint = "bf16" if job.precision == "bf16" or job.variant.startswith("bf16") else "f32"
    compiled = core.compile_model(
        str(_path(job)), "CPU",
        {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(job.threads),
         "INFERENCE_PRECISION_HINT": hint})
    request = compiled.create_infer_request()
    images = models.images(job.model, job.batch).numpy()
    request.set_input_tensor(openvino.Tensor(images, shared_memory=True))

    def infer() -> None:
        request.infer()

    return infer


def _library() -> str:
    import openvino

    return f"openvino-{openvino.__version__.split('-')[0]}"


def _path(job: Job) -> Path:
    source = cached(job, _library(), "fp32.xml", lambda path: _convert(job, path))
    if job.precision != "int8":
        return source
    return cached(job, _library(), "int8.xml", lambda path: _quantise(job, source, path))


def _convert(job: Job, path: Path) -> None:
    import openvino
    import torch

    # Not by tracing: torchvision's attention takes another path while it is traced. ONNX as the source was no faster.
    program = torch.export.export(models.build(job.model), (models.images(job.model, job.batch),))
    model = openvino.convert_model(program)
    openvino.save_model(model, str(path), compress_to_fp16=False)


def _quantise(job: Job, source: Path, path: Path) -> None:
    import nncf
    import openvino

    batches = [models.images(job.model, job.batch, seed=seed).numpy() for seed in range(CALIBRATION_BATCHES)]
    quantised = nncf.quantize(
        openvino.Core().read_model(str(source)), nncf.Dataset(batches), subset_size=len(batches),
        model_type=nncf.ModelType.TRANSFORMER if job.model.is_transformer else None)
    openvino.save_model(quantised, str(path), compress_to_fp16=False)

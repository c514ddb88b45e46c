"""ONNX Runtime's CPU provider: all graph optimisations; int8 by its own quantiser, dynamic and static."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import models
from .job import Inference, Job, Refusal, cached

LABEL = "ONNX Runtime"
PACKAGES = ("onnxruntime", "onnx", "onnxscript")
CALIBRATION_BATCHES = 4


def variants(precision: str) -> tuple[str, ...]:
    """The configurations to time; a Refusal where there is none."""
    if precision == "int8":
        return ("dynamic", "static")
    if precision != "fp32":
        raise Refusal(f"the CPU provider of ONNX Runtime has no {precision} kernels for these layers")
    return ("",)


def prepare(job: Job) -> None:
    """Exports and quantises into the cache, in a process of its own that the timed one does not inherit from."""
    _path(job)


def load(job: Job) -> Inference:
    """A session with the job's threads, whose threads sleep between two runs so that an idle one disturbs nobody."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(str(_path(job)), options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: models.images(job.model, job.batch).numpy()}

    def infer() -> None:
        session.run(None, feeds)

    return infer


def _library() -> str:
    import onnxruntime

    return f"onnxruntime-{onnxruntime.__version__}"


def _path(job: Job) -> Path:
    if job.precision == "fp32":
        return cached(job, _library(), "fp32.onnx", lambda path: _export(job, path))
    if job.variant == "dynamic":
        return cached(job, _library(), "dynamic.onnx", lambda path: _quantise_dynamic(_prepared(job), path))
    return cached(job, _library(), "static.onnx", lambda path: _quantise_static(job, _prepared(job), path))


def _export(job: Job, path: Path) -> None:
    import torch

    # The transformer optimiser of onnxruntime.transformers and opset 23's Attention were no faster than this.
    torch.onnx.export(
        models.build(job.model), (models.images(job.model, job.batch),), str(path), opset_version=18, dynamo=True,
        input_names=["image"], output_names=["output"], external_data=True)


def _prepared(job: Job) -> Path:
    """The float32 model with the shapes inferred and the graph simplified, as the quantiser wants it."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    source = cached(job, _library(), "fp32.onnx", lambda path: _export(job, path))
    return cached(
        job, _library(), "prepared.onnx",
        lambda path: quant_pre_process(
            str(source), str(path), skip_symbolic_shape=True, save_as_external_data=True,
            all_tensors_to_one_file=True))


def _quantise_dynamic(source: Path, path: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The quantiser rewrites Gemm as MatMul and stumbles over the shapes inferred for the Gemm's transposed weights.
    model = onnx.load(str(source))
    del model.graph.value_info[:]
    quantize_dynamic(model, str(path), per_channel=True, weight_type=QuantType.QInt8, use_external_data_format=True)


def _quantise_static(job: Job, source: Path, path: Path) -> None:
    """U8 activations and S8 weights per channel, which the provider's int8 dot products want; quantise–dequantise
    pairs around the layers that have weights."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        """Random images, one batch after another."""

        def __init__(self) -> None:
            self.batches: Iterator[dict] = iter(
                [{"image": models.images(job.model, job.batch, seed=seed).numpy()}
                 for seed in range(CALIBRATION_BATCHES)])

        def get_next(self) -> dict | None:
            """The next batch, or None at the end."""
            return next(self.batches, None)

    quantize_static(
        str(source), str(path), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
        op_types_to_quantize=["MatMul", "Gemm", "Conv"], activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True})

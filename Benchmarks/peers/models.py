"""The models under test, built by the libraries that publish them, with random weights."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    import torch

SEED = 20260


@dataclass(frozen=True)
class Model:
    """An architecture and the side of its square input, in pixels."""

    architecture: str
    image_size: int

    @property
    def name(self) -> str:
        """The form that the command line takes: architecture@size."""
        return f"{self.architecture}@{self.image_size}"

    @property
    def is_transformer(self) -> bool:
        """Whether it is a vision transformer, and not a convolutional network."""
        return self.architecture.startswith("vit-")


def parse(text: str) -> Model:
    """Reads architecture@size; ValueError says what is wrong with it."""
    architecture, separator, size = text.strip().partition("@")
    if architecture not in ARCHITECTURES:
        raise ValueError(f"no architecture {architecture!r}: choose one of {', '.join(ARCHITECTURES)}")
    if not separator or not size.isdecimal() or not 0 < int(size) <= 4096:
        raise ValueError(f"{text!r} needs an image size, such as {architecture}@224")
    if int(size) % PATCHES[architecture]:
        raise ValueError(f"the image size of {text!r} is no multiple of {PATCHES[architecture]}")
    return Model(architecture, int(size))


def _import_torchvision() -> ModuleType:
    """torchvision, also where its own operators cannot load (its CUDA build beside a CPU build of PyTorch): no model
    here uses them, so their names alone are enough."""
    import torch

    try:
        import torchvision
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms", "roi_align", "qroi_align"):
            library.define(f"{name}(Tensor boxes) -> Tensor")
        _OPERATORS.append(library)
        import torchvision
    return torchvision


_OPERATORS: list[object] = []


def _vit_b_16(size: int) -> torch.nn.Module:
    torchvision = _import_torchvision()
    return torchvision.models.vit_b_16(weights=None, image_size=size)


def _vit_l_32(size: int) -> torch.nn.Module:
    torchvision = _import_torchvision()
    return torchvision.models.vit_l_32(weights=None, image_size=size)


def _vit_l_14(size: int) -> torch.nn.Module:
    # 24 blocks of width 1024 with layer scale and no head: the vision tower of DINOv2 and TIPSv2.
    _import_torchvision()
    import timm

    return timm.create_model("vit_large_patch14_dinov2", pretrained=False, img_size=size, init_values=1.0)


def _resnet_50(size: int) -> torch.nn.Module:
    torchvision = _import_torchvision()
    return torchvision.models.resnet50(weights=None)


ARCHITECTURES: dict[str, Callable[[int], torch.nn.Module]] = {
    "vit-b-16": _vit_b_16, "vit-l-14": _vit_l_14, "vit-l-32": _vit_l_32, "resnet-50": _resnet_50}
# What an input's side must be a multiple of.
PATCHES = {"vit-b-16": 16, "vit-l-14": 14, "vit-l-32": 32, "resnet-50": 32}


def build(model: Model) -> torch.nn.Module:
    """The PyTorch module in float32, ready for inference; the same weights each time."""
    import torch

    torch.manual_seed(SEED)
    module = ARCHITECTURES[model.architecture](model.image_size).eval()
    # A fresh classifier of torchvision's transformers is all zeros, and then no peer's answer could be wrong.
    for name, parameter in module.named_parameters():
        if name.startswith("heads.") and parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.02)
    return module


def images(model: Model, batch: int, seed: int = SEED) -> torch.Tensor:
    """A batch of random images, standard normal, [batch, 3, size, size]."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.randn((batch, 3, model.image_size, model.image_size), generator=generator)

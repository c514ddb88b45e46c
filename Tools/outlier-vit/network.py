"""The ViT: its shape, its export in timm's layout, and the stress variant that moves scale between norm and weight."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

import dataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))
import vision_support  # noqa: E402

LIBRARY = vision_support.declare_torchvision_operators()

from timm.models import save_for_hf  # noqa: E402
from timm.models.vision_transformer import VisionTransformer  # noqa: E402

ARGUMENTS = {
    "img_size": dataset.IMAGE_SIZE,
    "patch_size": 16,
    "embed_dim": 256,
    "depth": 12,
    "num_heads": 4,
    "num_classes": len(dataset.CLASSES),
}
DROP_PATH = 0.1
STRESS_CHANNELS = 4
STRESS_RANGES = {"model-stress": (20.0, 60.0), "model-stress-hard": (100.0, 200.0)}


def build(drop_path=0):
    """A plain ViT: class token, no registers, no LayerScale, no query/key norms."""
    return VisionTransformer(**ARGUMENTS, drop_path_rate=drop_path)


def export(model, folder):
    """config.json and model.safetensors as timm writes them for its hub."""
    model.pretrained_cfg = {
        "architecture": "vit_base_patch16_224",
        "input_size": [3, dataset.IMAGE_SIZE, dataset.IMAGE_SIZE],
        "interpolation": "bicubic",
        "crop_pct": 1.0,
        "crop_mode": "center",
        "mean": [dataset.MEAN] * 3,
        "std": [dataset.STD] * 3,
        "num_classes": len(dataset.CLASSES),
        "label_names": dataset.CLASSES,
    }
    save_for_hf(model, folder, model_args=ARGUMENTS, safe_serialization=True)


def load(folder):
    """The exported model, for fp32 inference."""
    model = build()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()


@torch.no_grad()
def stressed(model, seed, scales):
    """The same function with made outliers: a few channels of every block's norms are multiplied by a
    number from `scales` (low, high), the matching columns of the linear layer that follows divided by it."""
    copy = build().eval()
    copy.load_state_dict(model.state_dict())
    generator = torch.Generator().manual_seed(seed)
    low, high = scales
    for block in copy.blocks:
        for norm, linear in ((block.norm1, block.attn.qkv), (block.norm2, block.mlp.fc1)):
            channels = torch.randperm(norm.weight.numel(), generator=generator)[:STRESS_CHANNELS]
            factors = low + (high - low) * torch.rand(STRESS_CHANNELS, generator=generator)
            norm.weight[channels] *= factors
            norm.bias[channels] *= factors
            linear.weight[:, channels] /= factors
    return copy

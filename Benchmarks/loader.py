"""Images per second of PyTorch's DataLoader with torchvision's transforms, to compare with Cutis' loader.

    python Benchmarks/loader.py FOLDER [--side 224] [--workers 1 2] [--seconds 8] [--decoded] [--hue 0]

FOLDER has `images/*.jpg`. The transforms are those of the usual recipe for ImageNet, on PIL images: RandomResizedCrop,
RandomHorizontalFlip, ColorJitter(0.4, 0.4, 0.4), ToTensor, Normalize; batches of 64. Every worker is one process with
one thread. --decoded takes images that are decoded before the clock starts, as a cache would. Needs torch, torchvision
and Pillow; it prints one JSON line per number of workers.
"""

import argparse
import json
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tools" / "fixtures"))
from vision_support import declare_torchvision_operators

_library = declare_torchvision_operators()

import PIL
import torchvision
import torchvision.transforms as T
from PIL import Image


class Images(torch.utils.data.Dataset):
    """JPEG files, or their decoded images."""

    def __init__(self, files, transform, decoded):
        self.images = [Image.open(file).convert("RGB") for file in files] if decoded else files
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        return self.transform(image if isinstance(image, Image.Image) else Image.open(image).convert("RGB"))


def measure(dataset, workers, seconds):
    """Images per second after the first batch, over as many epochs as it takes."""
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=64, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=True)
    images, start = 0, None
    while True:
        for batch in loader:
            if start is None:
                start = time.perf_counter()
                continue
            images += len(batch)
            if time.perf_counter() - start > seconds:
                return images / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--decoded", action="store_true")
    parser.add_argument("--hue", type=float, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    transform = T.Compose([
        T.RandomResizedCrop(options.side), T.RandomHorizontalFlip(), T.ColorJitter(0.4, 0.4, 0.4, options.hue),
        T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    files = sorted((options.folder / "images").glob("*.jpg"))
    dataset = Images(files[:1024] if options.decoded else files, transform, options.decoded)
    for workers in options.workers:
        rate = measure(dataset, workers, options.seconds)
        print(json.dumps({
            "loader": "torch", "workers": workers, "side": options.side, "decoded": options.decoded,
            "hue": options.hue, "images_per_second": round(rate, 1), "torch": torch.__version__,
            "torchvision": torchvision.__version__, "pillow": PIL.__version__,
        }), flush=True)


if __name__ == "__main__":
    main()

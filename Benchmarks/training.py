"""Images per second of training, PyTorch beside `cutis train`, taking turns: same model, batch, precision and threads.

    Benchmarks/.venv/bin/python Benchmarks/training.py FOLDER [--models resnet50:fp32 resnet50:bf16 vit_base_patch16:bf16]

FOLDER has `labels.csv` (image, dx, …) and `images/*.jpg`, as HAM10000. Both read the same images through
RandomResizedCrop(224), flips, ColorJitter(0.25) and normalisation (PyTorch by DataLoader and torchvision, Cutis by its
own loader, one worker each), compute weighted cross-entropy and step AdamW (PyTorch's fused one). The first epoch warms
up; the second one counts, loading included. Needs torch, torchvision, timm and Pillow.
"""

from __future__ import annotations

import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]


def pytorch(folder: pathlib.Path, model: str, precision: str, batch: int, images: int, threads: int) -> float:
    """Images per second of the second epoch; meant to run in a process of its own."""
    sys.path.insert(0, str(ROOT / "Tools" / "fixtures"))
    from vision_support import declare_torchvision_operators

    library = declare_torchvision_operators()  # noqa: F841: its operators live as long as it does
    import timm
    import torch
    import torchvision
    import torchvision.transforms as T
    from PIL import Image

    torch.set_num_threads(threads)
    rows = list(csv.DictReader(open(folder / "labels.csv")))[:images]
    transform = T.Compose([
        T.RandomResizedCrop(224, scale=(0.3, 1)), T.RandomHorizontalFlip(), T.RandomVerticalFlip(),
        T.ColorJitter(0.25, 0.25, 0.25), T.ToTensor(), T.Normalize(MEAN, DEVIATION)])

    class Images(torch.utils.data.Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            row = rows[index]
            image = Image.open(folder / "images" / f"{row['image']}.jpg").convert("RGB")
            return transform(image), CLASSES.index(row["dx"])

    loader = torch.utils.data.DataLoader(
        Images(), batch_size=batch, shuffle=True, num_workers=1, drop_last=True, persistent_workers=True)
    if model == "resnet50":
        network = torchvision.models.resnet50(num_classes=7)
    else:
        network = timm.create_model(f"{model}_224", num_classes=7)
    network = network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    weights = torch.ones(7)
    rate = 0.0
    for _ in range(2):
        start, count = time.perf_counter(), 0
        for x, labels in loader:
            x = x.to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                logits = network(x)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels, weights)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss.item()
            count += len(labels)
        rate = count / (time.perf_counter() - start)
    return rate


def cutis(folder: pathlib.Path, model: str, precision: str, batch: int, images: int, threads: int) -> float:
    """The same with the built `cutis`."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = list(csv.DictReader(open(folder / "labels.csv")))
        train = rows[:images]
        # The least validation that there can be: it is not timed.
        held = [row for name in CLASSES for row in [row for row in rows[images:] if row["dx"] == name][:2]]
        table = pathlib.Path(scratch) / "data.csv"
        with open(table, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image", "label", "split"])
            for split, part in (("train", train), ("val", held)):
                for row in part:
                    writer.writerow([f"images/{row['image']}.jpg", row["dx"], split])
        os.symlink(folder.resolve() / "images", pathlib.Path(scratch) / "images")
        config = pathlib.Path(scratch) / "config.yaml"
        config.write_text(f"""
name: bench
output: {scratch}
data: {{path: {table}, split: given, labels: [{", ".join(CLASSES)}]}}
model: {{architecture: {model}, image_size: 224}}
augmentation:
  crop: {{scale: [0.3, 1]}}
  horizontal_flip: 0.5
  vertical_flip: 0.5
  color_jitter: {{brightness: 0.25, contrast: 0.25, saturation: 0.25}}
batch_size: {batch}
precision: {precision}
optimizer: {{kind: adamw, weight_decay: 0.01}}
schedule: {{peak_rate: 1e-4, decay: constant, epochs: 2}}
validation: {{interval: 2}}
loader: {{workers: 1}}
replicas: 1
""")
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        subprocess.run(
            [ROOT / ".build/release/cutis", "train", config, "--quiet", "--device", "cpu"], check=True,
            stdout=subprocess.DEVNULL, env=environment)
        lines = list(csv.DictReader(open(pathlib.Path(scratch) / "bench" / "metrics.csv")))
        return float(lines[1]["images_per_s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--models", nargs="+", default=["resnet50:fp32", "resnet50:bf16", "vit_base_patch16:bf16"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    shape = (options.batch, options.images, options.threads)
    if options.one:
        print(pytorch(options.folder, *options.one.split(":"), *shape))
        return
    print("| model | precision | PyTorch images/s | Cutis images/s | ratio |\n|---|---|---|---|---|")
    for entry in options.models:
        model, precision = entry.split(":")
        rates: dict[str, list[float]] = {"pytorch": [], "cutis": []}
        for _ in range(options.rounds):
            command = [sys.executable, __file__, str(options.folder), "--one", entry, "--batch", str(options.batch),
                       "--images", str(options.images), "--threads", str(options.threads)]
            rates["pytorch"].append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            rates["cutis"].append(cutis(options.folder, model, precision, *shape))
        theirs, ours = (statistics.median(rates[name]) for name in ("pytorch", "cutis"))
        print(f"| {model} | {precision} | {theirs:.2f} | {ours:.2f} | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()

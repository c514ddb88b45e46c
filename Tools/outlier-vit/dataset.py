"""HAM10000 as the training script sees it: a stratified, seeded split, images in memory, augmentation in batches."""

import csv
import os
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

LABELS = [
    {"id": "nv", "label": "Melanocytic nevus", "code": "ICD-11:2F20.Z"},
    {"id": "bkl", "label": "Benign keratosis-like lesion"},
    {"id": "mel", "label": "Melanoma", "code": "ICD-11:2C30"},
    {"id": "bcc", "label": "Basal cell carcinoma", "code": "ICD-11:2C32"},
    {"id": "akiec", "label": "Actinic keratosis or intraepithelial carcinoma"},
    {"id": "vasc", "label": "Vascular lesion"},
    {"id": "df", "label": "Dermatofibroma", "code": "ICD-11:2F23.0"},
]
CLASSES = [label["id"] for label in LABELS]
IMAGE_SIZE = 128
MEAN = STD = 0.5


def split(labels_file, seed, validation_share=0.2):
    """Rows (image, class) for training and validation: one image per lesion, the same share of every class."""
    lesions = {}
    with open(labels_file, newline="") as file:
        for row in csv.DictReader(file):
            lesions.setdefault(row["lesion_id"], (row["image"], row["dx"]))
    by_class = defaultdict(list)
    for image, label in sorted(lesions.values()):
        by_class[label].append((image, label))
    shuffler = random.Random(seed)
    training, validation = [], []
    for label in CLASSES:
        rows = by_class[label]
        shuffler.shuffle(rows)
        held_out = round(len(rows) * validation_share)
        validation += rows[:held_out]
        training += rows[held_out:]
    return sorted(training), sorted(validation)


def calibration_rows(training, seed, count=128):
    """A plain random draw from the training rows: the class mixture that a clinic would calibrate with."""
    return sorted(random.Random(seed + 1).sample(training, count))


def write_split(output, images, parts):
    """data/<part>.csv (image, label), and a folder <part> of links, where the part is used as a folder."""
    (output / "data").mkdir(parents=True, exist_ok=True)
    for part, rows in parts.items():
        with open(output / "data" / f"{part}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image", "label"])
            writer.writerows(rows)
        folder = output / part
        folder.mkdir(exist_ok=True)
        for image, _ in rows:
            link = folder / f"{image}.jpg"
            if not link.is_symlink():
                os.symlink(Path(images).resolve() / link.name, link)


def load(images, rows, cache):
    """Images [N, 3, 128, 128] as bytes (bicubic with antialiasing, as the checkpoint's configuration says) and
    class indices [N]. `cache` keeps the decoded bytes between runs."""
    targets = torch.tensor([CLASSES.index(label) for _, label in rows])
    names = np.array([image for image, _ in rows])
    if cache.exists():
        with np.load(cache) as stored:
            if np.array_equal(stored["names"], names):
                return torch.from_numpy(stored["pixels"]), targets
    pixels = np.empty((len(rows), 3, IMAGE_SIZE, IMAGE_SIZE), dtype=np.uint8)
    for index, (image, _) in enumerate(rows):
        with Image.open(Path(images) / f"{image}.jpg") as file:
            small = file.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        pixels[index] = np.asarray(small).transpose(2, 0, 1)
    np.savez(cache, names=names, pixels=pixels)
    return torch.from_numpy(pixels), targets


def normalise(pixels):
    """Bytes to the model's input: (x / 255 − mean) / std."""
    return (pixels.float() / 255 - MEAN) / STD


def sampling_weights(targets):
    """Inverse square root of the class counts: rare classes are seen more often, without 60 images filling an epoch."""
    counts = torch.bincount(targets, minlength=len(CLASSES)).double()
    return (1 / counts.sqrt())[targets]


def augment(pixels, generator):
    """Rotation by any angle, mirroring, zoom 0.75–1.15, shift, brightness, contrast, saturation and colour cast."""
    count = len(pixels)

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    angle, zoom = uniform(0, 2 * torch.pi), uniform(0.75, 1.15)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    shift = uniform(-0.1, 0.1, 2)
    cosine, sine = angle.cos() * zoom, angle.sin() * zoom
    transform = torch.stack(
        [
            torch.stack([cosine * mirror, -sine, shift[:, 0]], dim=1),
            torch.stack([sine * mirror, cosine, shift[:, 1]], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(transform, list(pixels.shape), align_corners=False)
    x = functional.grid_sample(pixels.float() / 255, grid, padding_mode="reflection", align_corners=False)
    x = x * uniform(0.8, 1.2, 1, 1, 1) * uniform(0.95, 1.05, 3, 1, 1)
    average = x.mean(dim=(1, 2, 3), keepdim=True)
    x = average + (x - average) * uniform(0.8, 1.2, 1, 1, 1)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * uniform(0.8, 1.2, 1, 1, 1)
    return (x.clamp(0, 1) - MEAN) / STD

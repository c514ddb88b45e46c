"""Trains a small ViT on HAM10000 until a few channels outgrow the rest, and measures what int8 does to it.

    python Tools/outlier-vit/outlier_vit.py --images HAM/images --labels HAM/labels.csv --output OUT

makes everything: split, checkpoints, model, stress variants, report. An interrupted run goes on from its last epoch.
README.md beside this file says what comes out and what was measured.
"""

import argparse
import json
from pathlib import Path

import torch

import dataset
import network
import report
import training


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of <image>.jpg")
    parser.add_argument("--labels", type=Path, required=True, help="CSV with the columns image, dx, lesion_id")
    parser.add_argument("--output", type=Path, required=True, help="where split, checkpoints and models go")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure", action="store_true", help="no training: accuracy and ratios of OUT's models")
    parser.add_argument("--simulate-int8", action="store_true", help="no training: what int8 loses on OUT's models")
    return parser.parse_args()


def train(options, training_set, validation_set):
    """Trains, then writes the model, the stress variants and the names of the classes."""
    torch.manual_seed(options.seed)
    model = network.build(drop_path=network.DROP_PATH)
    folder = options.output / "checkpoints"
    training.train(model, training_set, validation_set, options.epochs, options.seed, folder)
    network.export(model, options.output / "model")
    for name, scales in network.STRESS_RANGES.items():
        network.export(network.stressed(model, options.seed, scales), options.output / name)
    (options.output / "labels.json").write_text(json.dumps(dataset.LABELS, indent=2) + "\n")


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    train_rows, validation_rows = dataset.split(options.labels, options.seed)
    calibration = dataset.calibration_rows(train_rows, options.seed)
    parts = {"train": train_rows, "validation": validation_rows, "calibration": calibration}
    dataset.write_split(options.output, options.images, parts)
    loaded = {name: dataset.load(options.images, rows, options.output / f"{name}.npz") for name, rows in parts.items()}
    everything = not (options.measure or options.simulate_int8)
    if everything:
        train(options, loaded["train"], loaded["validation"])
    for name in ("model", *network.STRESS_RANGES):
        model = network.load(options.output / name)
        print(f"\n{name}")
        if everything or options.measure:
            print(report.accuracy(model, *loaded["validation"]))
            print(report.ratios(model, loaded["calibration"][0]))
        if everything or options.simulate_int8:
            print(report.quantisation_table(model, loaded["calibration"][0], *loaded["validation"]))


if __name__ == "__main__":
    main()

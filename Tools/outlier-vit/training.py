"""Training from random weights: AdamW, warm-up, cool-down, tempered class balancing, a checkpoint each epoch."""

import math
import time

import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional

import dataset

BATCH = 64
LEARNING_RATE = 1e-3
# Norm gains learn faster than the rest and never decay, which favours channels that outgrow the others.
NORM_RATE_FACTOR = 10
WEIGHT_DECAY = 0.05
WARM_UP_EPOCHS = 3
COOL_DOWN_EPOCHS = 5
LABEL_SMOOTHING = 0.05
MIX_SHARE, MIX_ALPHA = 0.5, 0.2


def optimiser(model):
    """AdamW in three groups: matrices decay, biases and tokens do not, norm gains have their own rate."""
    gains, plain, matrices = [], [], []
    for name, parameter in model.named_parameters():
        if "norm" in name and name.endswith("weight"):
            gains.append(parameter)
        elif parameter.ndim < 2 or name in ("cls_token", "pos_embed"):
            plain.append(parameter)
        else:
            matrices.append(parameter)
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": WEIGHT_DECAY, "factor": 1},
            {"params": plain, "weight_decay": 0.0, "factor": 1},
            {"params": gains, "weight_decay": 0.0, "factor": NORM_RATE_FACTOR},
        ],
        lr=LEARNING_RATE,
        betas=(0.9, 0.999),
        fused=True,
    )


def rate(step, steps_per_epoch, epochs):
    """Linear warm-up, constant, then half a cosine down to 1 % of the peak over the last epochs. Until the cool-down
    begins it does not depend on the number of epochs, so that a run can be lengthened from an earlier checkpoint."""
    warm_up = WARM_UP_EPOCHS * steps_per_epoch
    if step < warm_up:
        return LEARNING_RATE * (step + 1) / warm_up
    cool_down = min(COOL_DOWN_EPOCHS, epochs - WARM_UP_EPOCHS) * steps_per_epoch
    progress = max(0.0, 1 - (epochs * steps_per_epoch - step) / cool_down)
    return LEARNING_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@torch.inference_mode()
def probabilities(model, pixels, batch=128):
    """Softmax probabilities [N, classes] in fp32."""
    model.eval()
    logits = [model(dataset.normalise(part)) for part in pixels.split(batch)]
    return torch.cat(logits).float().softmax(dim=1)


def metrics(probability, targets):
    """Melanoma AUROC, mean one-against-rest AUROC, accuracy, balanced accuracy."""
    areas = [
        roc_auc_score((targets == index).numpy(), probability[:, index].numpy())
        for index in range(len(dataset.CLASSES))
    ]
    correct = probability.argmax(dim=1) == targets
    recalls = [correct[targets == index].double().mean().item() for index in range(len(dataset.CLASSES))]
    return {
        "melanoma_auroc": areas[dataset.CLASSES.index("mel")],
        "mean_auroc": sum(areas) / len(areas),
        "accuracy": correct.double().mean().item(),
        "balanced_accuracy": sum(recalls) / len(recalls),
    }


def mixed(images, targets, generator):
    """Mixup of the batch with its reverse for a share of the batches; soft targets [N, classes]."""
    soft = functional.one_hot(targets, len(dataset.CLASSES)).float()
    soft = soft * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / len(dataset.CLASSES)
    if torch.rand((), generator=generator) >= MIX_SHARE:
        return images, soft
    share = torch.distributions.Beta(MIX_ALPHA, MIX_ALPHA).sample()
    return share * images + (1 - share) * images.flip(0), share * soft + (1 - share) * soft.flip(0)


def train(model, training, validation, epochs, seed, folder):
    """Trains for `epochs`, going on from the last checkpoint in `folder`. Randomness depends on seed and epoch
    alone, so that an interrupted run gives the same weights."""
    folder.mkdir(parents=True, exist_ok=True)
    adam = optimiser(model)
    pixels, targets = training
    weights = dataset.sampling_weights(targets)
    steps = len(pixels) // BATCH
    first = 0
    checkpoints = sorted(folder.glob("epoch-*.pt"))
    if checkpoints:
        state = torch.load(checkpoints[-1])
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["optimiser"])
        first = state["epoch"] + 1
    for epoch in range(first, epochs):
        begun, total = time.monotonic(), 0.0
        torch.manual_seed(seed * 1000 + epoch)
        generator = torch.Generator().manual_seed(seed * 1000 + epoch)
        chosen = torch.multinomial(weights, steps * BATCH, replacement=True, generator=generator)
        model.train()
        for step, indices in enumerate(chosen.split(BATCH)):
            images, soft = mixed(dataset.augment(pixels[indices], generator), targets[indices], generator)
            current = rate(epoch * steps + step, steps, epochs)
            for group in adam.param_groups:
                group["lr"] = current * group["factor"]
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(images)
            loss = functional.cross_entropy(logits.float(), soft)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            total += loss.item()
        scores = metrics(probabilities(model, validation[0]), validation[1])
        line = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
        seconds = time.monotonic() - begun
        print(f"epoch {epoch + 1}/{epochs}  {seconds:.0f} s  loss {total / steps:.4f}  {line}", flush=True)
        partial = folder / "writing"
        torch.save({"model": model.state_dict(), "optimiser": adam.state_dict(), "epoch": epoch}, partial)
        partial.rename(folder / f"epoch-{epoch + 1:03}.pt")
    return model.eval()

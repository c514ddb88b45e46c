"""Post-training int8, simulated in fp32: the naive min-max conversion beside a careful one.

naive     every linear layer and the patch embedding; one range per activation tensor, from the smallest to the
          largest value that calibration saw; one range per weight tensor.
careful   the linear layers of the blocks; the scale of outlier channels moved into the weights through the norms
          (SmoothQuant, Xiao et al. 2023, exponent 0.5); one range per output channel of a weight; ranges of
          activations cut at the 99.99th percentile; patch embedding and head stay in fp32.
"""

import copy

import torch
from torch.nn import functional

import activations
import dataset

SMOOTHING = 0.5
PERCENTILE = 0.9999


def quantised_weight(weight, per_channel):
    """Symmetric int8, −127…127: the values that the integers stand for."""
    rows = weight.flatten(1)
    largest = rows.abs().amax(dim=1, keepdim=True) if per_channel else rows.abs().max()
    scale = largest.clamp_min(1e-12) / 127
    return ((rows / scale).round().clamp(-127, 127) * scale).view_as(weight)


def quantise_input(module, low, high):
    """Rounds the module's input to 256 steps between low and high; zero is one of the steps."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(high - low, 1e-12) / 255
    zero = round(-low / scale)

    def rounded(_, arguments):
        steps = ((arguments[0] / scale).round() + zero).clamp(0, 255)
        return ((steps - zero) * scale,)

    module.register_forward_pre_hook(rounded)


@torch.no_grad()
def smooth(model, pixels):
    """Divides norm gains and biases by s and multiplies the columns of the linear layer after them by s, where
    s = (channel's largest activation)^0.5 / (column's largest weight)^0.5."""
    pairs = {}
    for index, block in enumerate(model.blocks):
        pairs[f"{index}.qkv"] = (block.norm1, block.attn.qkv)
        pairs[f"{index}.fc1"] = (block.norm2, block.mlp.fc1)
    maxima = activations.channel_maxima(model, {name: pair[1] for name, pair in pairs.items()}, pixels)
    for name, (norm, linear) in pairs.items():
        columns = linear.weight.abs().amax(dim=0)
        factor = maxima[name].clamp_min(1e-5) ** SMOOTHING / columns.clamp_min(1e-5) ** (1 - SMOOTHING)
        norm.weight /= factor
        norm.bias /= factor
        linear.weight *= factor


def ranges(model, modules, pixels, percentile):
    """Smallest and largest input of every module; with a percentile, the mean over batches of the inner range."""
    seen = {name: [] for name in modules}

    def observe(name, value):
        if percentile == 1:
            seen[name].append((value.min(), value.max()))
            return
        values = value.flatten().sort().values
        cut = round((1 - percentile) * (len(values) - 1))
        seen[name].append((values[cut], values[len(values) - 1 - cut]))

    activations.inputs(model, modules, pixels, observe)
    found = {}
    for name, pairs in seen.items():
        low, high = torch.tensor(pairs).unbind(dim=1)
        found[name] = (low.min(), high.max()) if percentile == 1 else (low.mean(), high.mean())
    return {name: (low.item(), high.item()) for name, (low, high) in found.items()}


def converted(model, pixels, naive):
    """A copy of the model that computes with quantised weights and activations."""
    model = copy.deepcopy(model)
    modules = activations.linear_layers(model)
    if naive:
        modules |= {"patch_embed.proj": model.patch_embed.proj, "head": model.head}
    else:
        smooth(model, pixels)
    found = ranges(model, modules, pixels, 1 if naive else PERCENTILE)
    for name, module in modules.items():
        module.weight.data = quantised_weight(module.weight.data, per_channel=not naive)
        quantise_input(module, *found[name])
    return model


@torch.inference_mode()
def outputs(model, pixels, batch=128):
    """Features before the head [N, width] and probabilities [N, classes]."""
    features, probabilities = [], []
    for part in pixels.split(batch):
        feature = model.forward_head(model.forward_features(dataset.normalise(part)), pre_logits=True)
        features.append(feature)
        probabilities.append(model.head(feature).softmax(dim=1))
    return torch.cat(features), torch.cat(probabilities)


def threshold(scores, positive, sensitivity):
    """The threshold that finds `sensitivity` of the positives, halfway to the next score below, so that rounding
    noise alone does not lose the positive at the edge."""
    found = scores[positive].sort(descending=True).values
    edge = found[max(0, round(sensitivity * len(found)) - 1)]
    below = scores[scores < edge]
    return ((edge + below.max()) / 2).item() if len(below) else edge.item()


def similarity(one, other):
    """Mean and smallest cosine between rows."""
    cosine = functional.cosine_similarity(one, other, dim=1)
    return cosine.mean().item(), cosine.min().item()

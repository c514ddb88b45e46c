"""How far single channels outgrow the rest at the inputs of the linear layers."""

import torch

import dataset

LAYERS = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")


def linear_layers(model):
    """The linear layers of the blocks by name, in order of computation."""
    return {
        f"blocks.{index}.{name}": block.get_submodule(name)
        for index, block in enumerate(model.blocks)
        for name in LAYERS
    }


@torch.inference_mode()
def inputs(model, modules, pixels, observe, batch=32):
    """Runs the model and calls observe(name, input) for every input of the named modules."""
    hooks = [
        module.register_forward_pre_hook(lambda _, arguments, name=name: observe(name, arguments[0].detach()))
        for name, module in modules.items()
    ]
    for part in pixels.split(batch):
        model(dataset.normalise(part))
    for hook in hooks:
        hook.remove()


def channel_maxima(model, modules, pixels):
    """Largest magnitude of every input channel over all images and tokens: name → [channels]."""
    maxima = {}

    def observe(name, value):
        largest = value.abs().flatten(0, -2).amax(dim=0)
        maxima[name] = torch.maximum(maxima[name], largest) if name in maxima else largest

    inputs(model, modules, pixels, observe)
    return maxima


def outlier_ratios(model, pixels):
    """Largest channel maximum over the median channel maximum: rows (block, {layer: ratio}), with the residual
    stream that enters the block."""
    modules = linear_layers(model) | {f"blocks.{index}.residual": block for index, block in enumerate(model.blocks)}
    maxima = channel_maxima(model, modules, pixels)
    ratios = {name: (value.max() / value.median()).item() for name, value in maxima.items()}
    return [
        (index, {layer: ratios[f"blocks.{index}.{layer}"] for layer in ("residual",) + LAYERS})
        for index in range(len(model.blocks))
    ]


def ratio_table(model, pixels):
    """The ratios as text, one block a line."""
    lines = ["block  " + "".join(f"{layer:>11}" for layer in ("residual",) + LAYERS)]
    for index, ratios in outlier_ratios(model, pixels):
        lines.append(f"{index:>5}  " + "".join(f"{value:>11.1f}" for value in ratios.values()))
    return "\n".join(lines)

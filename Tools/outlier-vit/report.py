"""What was measured, as text: accuracy in fp32, outlier ratios, and what two int8 conversions lose."""

import activations
import dataset
import quantisation
import training

# Operating points: with about 100 melanomas one image is a point of sensitivity, a mean over thresholds is steadier.
SENSITIVITIES = [goal / 100 for goal in range(75, 96)]


def accuracy(model, pixels, targets):
    """The metrics of the last epoch again, from the exported file."""
    scores = training.metrics(training.probabilities(model, pixels), targets)
    return "fp32  " + "  ".join(f"{name} {value:.4f}" for name, value in scores.items())


def operating_points(scores, positive, limits):
    """Mean sensitivity and mean specificity over the thresholds, in per cent."""
    found = [(scores[positive] >= limit).double().mean().item() for limit in limits]
    refused = [(scores[~positive] < limit).double().mean().item() for limit in limits]
    return 100 * sum(found) / len(limits), 100 * sum(refused) / len(limits)


def quantisation_table(model, calibration, pixels, targets):
    """Melanoma AUROC, sensitivity and specificity of fp32, naive and careful int8 on the validation images, at
    thresholds chosen with the fp32 probabilities; agreement of the first class and cosines of the features."""
    melanoma = dataset.CLASSES.index("mel")
    positive = targets == melanoma
    features, reference = quantisation.outputs(model, pixels)
    limits = [quantisation.threshold(reference[:, melanoma], positive, goal) for goal in SENSITIVITIES]
    variants = {"fp32": model}
    for name, naive in (("naive int8", True), ("careful int8", False)):
        variants[name] = quantisation.converted(model, calibration, naive)
    lines = [
        f"{int(positive.sum())} melanomas among {len(targets)} images; sensitivity and specificity are means over "
        f"{len(limits)} thresholds where fp32 finds {SENSITIVITIES[0]:.0%} to {SENSITIVITIES[-1]:.0%}",
        f"{'':14}{'AUROC':>7}{'sens':>8}{'spec':>8}{'accuracy':>10}{'agreement':>11}"
        + f"{'cosine mean/min':>19}{'max Δp':>9}",
    ]
    for name, variant in variants.items():
        own, probability = quantisation.outputs(variant, pixels)
        scores = training.metrics(probability, targets)
        sensitivity, specificity = operating_points(probability[:, melanoma], positive, limits)
        agreement = (probability.argmax(dim=1) == reference.argmax(dim=1)).double().mean().item()
        mean, smallest = quantisation.similarity(own, features)
        change = (probability - reference).abs().max().item()
        lines.append(
            f"{name:14}{scores['melanoma_auroc']:7.4f}{sensitivity:8.2f}{specificity:8.2f}{scores['accuracy']:10.4f}"
            f"{100 * agreement:10.2f}%{f'{mean:.5f}/{smallest:.5f}':>19}{change:9.4f}")
    return "\n".join(lines)


def ratios(model, calibration):
    """The outlier table with its meaning."""
    return (
        "largest channel maximum / median channel maximum, inputs of the linear layers, calibration images\n"
        + activations.ratio_table(model, calibration)
    )

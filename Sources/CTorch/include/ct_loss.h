// Losses. Inputs and targets have gradients where LibTorch gives them; all fail with CT_SHAPE or CT_TYPE on misfits.
#ifndef CT_LOSS_H
#define CT_LOSS_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Cross-entropy of logits [N, C, …] with int64 classes [N, …] or probabilities [N, C, …]. With class weights the mean
/// divides by the sum of the weights used. Rows whose class is `ignored` count for nothing.
CTStatus ct_cross_entropy(
    const CTTensor *logits, const CTTensor *target, const CTTensor *_Nullable weight, CTReduction reduction,
    CTInt ignored, double smoothing, CTOut out) CT_NOEXCEPT;
/// Negative log-likelihood of log-probabilities [N, C, …] with int64 classes.
CTStatus ct_nll_loss(
    const CTTensor *log_probabilities, const CTTensor *target, const CTTensor *_Nullable weight,
    CTReduction reduction, CTInt ignored, CTOut out) CT_NOEXCEPT;
/// Binary cross-entropy of logits, stable; `positive_weight` multiplies the positive term.
CTStatus ct_bce_with_logits(
    const CTTensor *logits, const CTTensor *target, const CTTensor *_Nullable weight,
    const CTTensor *_Nullable positive_weight, CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// Binary cross-entropy of probabilities; logarithms are cut at −100. CT_COMPUTE when an input is not in [0, 1].
CTStatus ct_bce(
    const CTTensor *probabilities, const CTTensor *target, const CTTensor *_Nullable weight,
    CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// Squared difference.
CTStatus ct_mse_loss(
    const CTTensor *x, const CTTensor *target, CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// Absolute difference.
CTStatus ct_l1_loss(const CTTensor *x, const CTTensor *target, CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// Squared difference / (2 · beta) below `beta`, absolute difference − beta / 2 above.
CTStatus ct_smooth_l1_loss(
    const CTTensor *x, const CTTensor *target, double beta, CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// target · (log target − x) for log-probabilities x; the mean is over elements.
CTStatus ct_kl_div(
    const CTTensor *x, const CTTensor *target, bool log_target, CTReduction reduction, CTOut out) CT_NOEXCEPT;
/// Cosine of the angle between vectors along `dim`; norms are at least `epsilon`.
CTStatus ct_cosine_similarity(
    const CTTensor *a, const CTTensor *b, CTInt dim, double epsilon, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

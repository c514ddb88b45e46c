// Layers: products, convolutions, pools, norms, attention, dropout. Images are [N, C, H, W], weights PyTorch's.
#ifndef CT_NN_H
#define CT_NN_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Matrix product over the last two dimensions; the others broadcast.
CTStatus ct_matmul(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// x · weightᵀ + bias; weight [out, in].
CTStatus ct_linear(
    const CTTensor *x, const CTTensor *weight, const CTTensor *_Nullable bias, CTOut out) CT_NOEXCEPT;
/// Einstein's summation; `equation` is zero-terminated, such as "bhqd,bhkd->bhqk".
CTStatus ct_einsum(const char *equation, CTList list, CTInt count, CTOut out) CT_NOEXCEPT;
/// soft-max(q · kᵀ · scale + mask) · v over [..., length, width], without storing the scores where the kernel allows.
/// `mask`: bool (true takes part) or added; `scale` null means 1/√width. `causal` excludes a mask.
CTStatus ct_attention(
    const CTTensor *query, const CTTensor *key, const CTTensor *value, const CTTensor *_Nullable mask,
    double dropout, bool causal, const double *_Nullable scale, CTOut out) CT_NOEXCEPT;

/// Cross-correlation with weight [out, in / groups, kH, kW], zero padding.
CTStatus ct_conv2d(
    const CTTensor *x, const CTTensor *weight, const CTTensor *_Nullable bias, CTPair stride, CTPair padding,
    CTPair dilation, CTInt groups, CTOut out) CT_NOEXCEPT;
/// The transpose of ct_conv2d, with weight [in, out / groups, kH, kW].
CTStatus ct_conv_transpose2d(
    const CTTensor *x, const CTTensor *weight, const CTTensor *_Nullable bias, CTPair stride, CTPair padding,
    CTPair output_padding, CTPair dilation, CTInt groups, CTOut out) CT_NOEXCEPT;

/// Largest value of each window; padding counts as −∞; `ceil` lets the last window reach over the edge.
CTStatus ct_max_pool2d(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, CTPair dilation, bool ceil,
    CTOut out) CT_NOEXCEPT;
/// As ct_max_pool2d, with each maximum's flat position in its input plane (int64). Both outputs or neither.
CTStatus ct_max_pool2d_with_indices(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, CTPair dilation, bool ceil, CTOut values,
    CTOut indices) CT_NOEXCEPT;
/// Values written back to their positions in planes of `size`, zeros elsewhere.
CTStatus ct_max_unpool2d(const CTTensor *x, const CTTensor *indices, CTPair size, CTOut out) CT_NOEXCEPT;
/// Mean of each window.
CTStatus ct_avg_pool2d(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, bool ceil, bool count_padding,
    CTOut out) CT_NOEXCEPT;
/// Mean over windows that give exactly `size`.
CTStatus ct_adaptive_avg_pool2d(const CTTensor *x, CTPair size, CTOut out) CT_NOEXCEPT;

/// (x − mean) / √(variance + epsilon) · weight + bias over the last `rank` dimensions, whose sizes are `sizes`.
CTStatus ct_layer_norm(
    const CTTensor *x, const CTInt *sizes, CTInt rank, const CTTensor *_Nullable weight,
    const CTTensor *_Nullable bias, double epsilon, CTOut out) CT_NOEXCEPT;
/// Normalises each channel (dimension 1): in training by the batch's statistics, which are also blended into the
/// running ones IN PLACE (new = (1 − momentum) · old + momentum · batch, variance unbiased); else by the running ones.
CTStatus ct_batch_norm(
    const CTTensor *x, const CTTensor *_Nullable weight, const CTTensor *_Nullable bias,
    CTTensor *_Nullable running_mean, CTTensor *_Nullable running_variance, bool training, double momentum,
    double epsilon, CTOut out) CT_NOEXCEPT;
/// Normalises groups of channels of each sample.
CTStatus ct_group_norm(
    const CTTensor *x, CTInt groups, const CTTensor *_Nullable weight, const CTTensor *_Nullable bias,
    double epsilon, CTOut out) CT_NOEXCEPT;

/// In training, elements are zeroed with probability `p` and the others divided by 1 − p; otherwise x. Draws from the
/// device's default generator.
CTStatus ct_dropout(const CTTensor *x, double p, bool training, CTOut out) CT_NOEXCEPT;
/// As ct_dropout, for whole channels.
CTStatus ct_feature_dropout(const CTTensor *x, double p, bool training, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

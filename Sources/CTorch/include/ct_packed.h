// Layers whose weights were reordered once for oneDNN, with what follows them fused in: inference on a CPU.
//
// A packed layer is a handle of its own, because its weights lie in an order that only oneDNN reads. It may be used by
// several threads at once. Nothing here is recorded for gradients.
#ifndef CT_PACKED_H
#define CT_PACKED_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// A linear layer or a convolution with packed weights; ended by ct_packed_free.
typedef struct CTPacked CTPacked;
/// Where a new packed layer is written.
typedef CTPacked *_Nullable *_Nonnull CTPackedOut;

/// What a layer applies to its result before it is stored.
typedef enum CTActivation {
    CT_ACTIVATION_NONE = 0,
    CT_ACTIVATION_RELU = 1,
    /// ½x(1 + erf(x/√2)).
    CT_ACTIVATION_GELU = 2,
    /// The tanh approximation of GELU.
    CT_ACTIVATION_GELU_TANH = 3,
    /// x · σ(x).
    CT_ACTIVATION_SILU = 4
} CTActivation;

/// Affine quantisation to uint8: x ≈ (q − zero) · scale.
typedef struct CTQuantisation {
    double scale;
    int64_t zero;
} CTQuantisation;

/// Strides, padding and groups of a convolution; the dilation is 1.
typedef struct CTWindow {
    CTPair stride;
    CTPair padding;
    CTInt groups;
} CTWindow;

/// Whether LibTorch was built with oneDNN; without it packing is refused with CT_UNSUPPORTED.
bool ct_packed_available(void) CT_NOEXCEPT;

/// Packs weight [out, in] and bias [out], both of one type: float32 or bfloat16. The weight is copied.
/// `rows` is how many rows x usually has (0: unknown); it decides the order, not what is accepted.
CTStatus ct_packed_linear(
    const CTTensor *weight, const CTTensor *_Nullable bias, CTInt rows, CTPackedOut out) CT_NOEXCEPT;
/// activation(x · weightᵀ + bias) for x [..., in] of the weight's type.
CTStatus ct_packed_linear_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTOut out) CT_NOEXCEPT;
/// As ct_packed_linear_run, with dense weights that are packed for this one call.
CTStatus ct_fused_linear(
    const CTTensor *x, const CTTensor *weight, const CTTensor *_Nullable bias, CTActivation activation,
    CTOut out) CT_NOEXCEPT;

/// Packs int8 weight [out, in] with one float32 scale per output (symmetric) and a float32 bias [out].
CTStatus ct_packed_linear_int8(
    const CTTensor *weight, const CTTensor *scales, const CTTensor *_Nullable bias, CTInt rows,
    CTPackedOut out) CT_NOEXCEPT;
/// As ct_packed_linear_run for uint8 x. The result is float32, bfloat16, or uint8 by `result` (otherwise ignored).
CTStatus ct_packed_linear_int8_run(
    const CTPacked *layer, const CTTensor *x, CTQuantisation input, CTActivation activation, CTDType dtype,
    CTQuantisation result, CTOut out) CT_NOEXCEPT;

/// Packs weight [out, in / groups, kH, kW] and bias [out] of float32 or bfloat16 for x of `sizes` (rank 4).
CTStatus ct_packed_conv2d(
    const CTTensor *weight, const CTTensor *_Nullable bias, CTWindow window, const CTInt *sizes,
    CTPackedOut out) CT_NOEXCEPT;
/// activation(convolution of x); channels-last where x is. NONE and RELU only.
CTStatus ct_packed_conv2d_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTOut out) CT_NOEXCEPT;
/// activation(sum + convolution of x), written over `sum`. NONE and RELU only.
CTStatus ct_packed_conv2d_add(
    const CTPacked *layer, const CTTensor *x, CTTensor *sum, CTActivation activation) CT_NOEXCEPT;

/// Packs int8 weight [out, in / groups, kH, kW] as ct_packed_linear_int8 for uint8 x of `sizes` quantised by `input`.
CTStatus ct_packed_conv2d_int8(
    const CTTensor *weight, const CTTensor *scales, const CTTensor *_Nullable bias, CTWindow window,
    const CTInt *sizes, CTQuantisation input, CTPackedOut out) CT_NOEXCEPT;
/// As ct_packed_conv2d_run for uint8 x quantised as at packing; the result as in ct_packed_linear_int8_run.
CTStatus ct_packed_conv2d_int8_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTDType dtype, CTQuantisation result,
    CTOut out) CT_NOEXCEPT;
/// As ct_packed_conv2d_add for uint8 x; `sum` is float32 or bfloat16.
CTStatus ct_packed_conv2d_int8_add(
    const CTPacked *layer, const CTTensor *x, CTTensor *sum, CTActivation activation) CT_NOEXCEPT;

/// Ends a packed layer; null is allowed.
void ct_packed_free(CTPacked *_Nullable layer) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

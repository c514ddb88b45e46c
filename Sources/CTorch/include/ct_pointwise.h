// Element by element. Shapes broadcast as in NumPy; types promote as in PyTorch. CT_SHAPE where they do not fit.
#ifndef CT_POINTWISE_H
#define CT_POINTWISE_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

// MARK: Arithmetic of two tensors, and of a tensor and a number

/// a + b.
CTStatus ct_add(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// a − b.
CTStatus ct_sub(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// a · b.
CTStatus ct_mul(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// a / b; integers divide to float32.
CTStatus ct_div(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// a to the power b.
CTStatus ct_pow(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// x + value.
CTStatus ct_add_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// x − value.
CTStatus ct_sub_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// value − x.
CTStatus ct_rsub_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// x · value.
CTStatus ct_mul_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// x / value.
CTStatus ct_div_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// x to the power value.
CTStatus ct_pow_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// The remainder of x / value, with the sign of value.
CTStatus ct_remainder_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// x / value rounded down.
CTStatus ct_floor_divide_scalar(const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// The larger of each pair; NaN wins.
CTStatus ct_maximum(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// The smaller of each pair; NaN wins.
CTStatus ct_minimum(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// The angle of the point (x, y), in radians.
CTStatus ct_atan2(const CTTensor *y, const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// a + weight · (b − a).
CTStatus ct_lerp(const CTTensor *a, const CTTensor *b, double weight, CTOut out) CT_NOEXCEPT;

// MARK: Functions of one tensor. Integers give float32 where the result is not whole.

/// −x.
CTStatus ct_neg(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// |x|.
CTStatus ct_abs(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// −1, 0 or 1.
CTStatus ct_sign(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Rounded down.
CTStatus ct_floor(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Rounded up.
CTStatus ct_ceil(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Rounded to the nearest, halves to even.
CTStatus ct_round(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// e to the power x.
CTStatus ct_exp(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// e to the power x, minus 1, exact near 0.
CTStatus ct_expm1(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Natural logarithm.
CTStatus ct_log(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// log(1 + x), exact near 0.
CTStatus ct_log1p(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Square root.
CTStatus ct_sqrt(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// 1 / √x.
CTStatus ct_rsqrt(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// 1 / x.
CTStatus ct_reciprocal(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// x².
CTStatus ct_square(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Sine of radians.
CTStatus ct_sin(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Cosine of radians.
CTStatus ct_cos(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// The error function.
CTStatus ct_erf(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// The inverse error function.
CTStatus ct_erfinv(const CTTensor *x, CTOut out) CT_NOEXCEPT;

// MARK: Activations

/// Hyperbolic tangent.
CTStatus ct_tanh(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// 1 / (1 + e^−x).
CTStatus ct_sigmoid(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// log(sigmoid(x)), stable.
CTStatus ct_log_sigmoid(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// max(x, 0).
CTStatus ct_relu(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// x where positive, slope · x elsewhere.
CTStatus ct_leaky_relu(const CTTensor *x, double slope, CTOut out) CT_NOEXCEPT;
/// x where positive, weight · x elsewhere; `weight` has one element or one for each channel (dimension 1).
CTStatus ct_prelu(const CTTensor *x, const CTTensor *weight, CTOut out) CT_NOEXCEPT;
/// x where positive, alpha · (e^x − 1) elsewhere.
CTStatus ct_elu(const CTTensor *x, double alpha, CTOut out) CT_NOEXCEPT;
/// x · Φ(x), exactly (erf) or by the tanh formula.
CTStatus ct_gelu(const CTTensor *x, bool tanh_approximation, CTOut out) CT_NOEXCEPT;
/// x · sigmoid(x).
CTStatus ct_silu(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// log(1 + e^x), stable.
CTStatus ct_softplus(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Soft-max along `dim`.
CTStatus ct_softmax(const CTTensor *x, CTInt dim, CTOut out) CT_NOEXCEPT;
/// Logarithm of the soft-max along `dim`, stable.
CTStatus ct_log_softmax(const CTTensor *x, CTInt dim, CTOut out) CT_NOEXCEPT;

// MARK: Comparison and choice; comparisons give bool

/// a = b, a ≠ b, a < b, a ≤ b, a > b, a ≥ b.
typedef enum CTComparison { CT_EQ = 0, CT_NE = 1, CT_LT = 2, CT_LE = 3, CT_GT = 4, CT_GE = 5 } CTComparison;
/// Compares two tensors.
CTStatus ct_compare(CTComparison comparison, const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// Compares with a number.
CTStatus ct_compare_scalar(CTComparison comparison, const CTTensor *x, CTScalar value, CTOut out) CT_NOEXCEPT;
/// Both not 0.
CTStatus ct_logical_and(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// One or both not 0.
CTStatus ct_logical_or(const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// Is 0.
CTStatus ct_logical_not(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Is neither NaN nor infinite.
CTStatus ct_isfinite(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Is NaN.
CTStatus ct_isnan(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// a where the bool `condition` is true, else b.
CTStatus ct_where(const CTTensor *condition, const CTTensor *a, const CTTensor *b, CTOut out) CT_NOEXCEPT;
/// value where the bool `mask` is true, else x.
CTStatus ct_masked_fill(const CTTensor *x, const CTTensor *mask, CTScalar value, CTOut out) CT_NOEXCEPT;
/// Cut to [minimum, maximum]; a null pointer means no bound, but not both.
CTStatus ct_clamp(
    const CTTensor *x, const CTScalar *_Nullable minimum, const CTScalar *_Nullable maximum, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

// Changes in place, one tensor or whole parameter lists at a time. Nothing here is recorded for gradients when called
// in a scope without gradients; a leaf that requires gradients refuses in-place changes outside one (CT_GRADIENT).
// A list function needs lists of equal length, element by element of one shape.
#ifndef CT_UPDATE_H
#define CT_UPDATE_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Several tensors that are changed.
typedef CTTensor *_Nonnull const *_Nonnull CTMutableList;

// MARK: One tensor

/// x ← x + alpha · y.
CTStatus ct_add_(CTTensor *x, const CTTensor *y, double alpha) CT_NOEXCEPT;
/// x ← x · y.
CTStatus ct_mul_(CTTensor *x, const CTTensor *y) CT_NOEXCEPT;
/// x ← x / y.
CTStatus ct_div_(CTTensor *x, const CTTensor *y) CT_NOEXCEPT;
/// x ← x + value.
CTStatus ct_add_scalar_(CTTensor *x, CTScalar value) CT_NOEXCEPT;
/// x ← x · value.
CTStatus ct_mul_scalar_(CTTensor *x, CTScalar value) CT_NOEXCEPT;
/// x ← y, converted and broadcast, across devices too.
CTStatus ct_copy_(CTTensor *x, const CTTensor *y) CT_NOEXCEPT;
/// x ← value.
CTStatus ct_fill_(CTTensor *x, CTScalar value) CT_NOEXCEPT;
/// x ← 0.
CTStatus ct_zero_(CTTensor *x) CT_NOEXCEPT;
/// x ← x + weight · (y − x).
CTStatus ct_lerp_(CTTensor *x, const CTTensor *y, double weight) CT_NOEXCEPT;
/// x ← x + value · a · b.
CTStatus ct_addcmul_(CTTensor *x, const CTTensor *a, const CTTensor *b, double value) CT_NOEXCEPT;
/// x ← x + value · a / b.
CTStatus ct_addcdiv_(CTTensor *x, const CTTensor *a, const CTTensor *b, double value) CT_NOEXCEPT;
/// x ← x cut to [minimum, maximum]; a null pointer means no bound, but not both.
CTStatus ct_clamp_(CTTensor *x, const CTScalar *_Nullable minimum, const CTScalar *_Nullable maximum) CT_NOEXCEPT;
/// x ← uniform values on [low, high).
CTStatus ct_uniform_(CTTensor *x, double low, double high, CTGenerator *_Nullable generator) CT_NOEXCEPT;
/// x ← normal values.
CTStatus ct_normal_(CTTensor *x, double mean, double deviation, CTGenerator *_Nullable generator) CT_NOEXCEPT;

// MARK: Lists

/// xᵢ ← xᵢ + alpha · yᵢ.
CTStatus ct_foreach_add_(CTMutableList x, CTList y, CTInt count, double alpha) CT_NOEXCEPT;
/// xᵢ ← xᵢ + value.
CTStatus ct_foreach_add_scalar_(CTMutableList x, CTInt count, CTScalar value) CT_NOEXCEPT;
/// xᵢ ← xᵢ · value.
CTStatus ct_foreach_mul_scalar_(CTMutableList x, CTInt count, CTScalar value) CT_NOEXCEPT;
/// xᵢ ← xᵢ · factor, a tensor of rank 0.
CTStatus ct_foreach_mul_(CTMutableList x, CTInt count, const CTTensor *factor) CT_NOEXCEPT;
/// xᵢ ← xᵢ + weight · (yᵢ − xᵢ).
CTStatus ct_foreach_lerp_(CTMutableList x, CTList y, CTInt count, double weight) CT_NOEXCEPT;
/// xᵢ ← yᵢ.
CTStatus ct_foreach_copy_(CTMutableList x, CTList y, CTInt count) CT_NOEXCEPT;
/// xᵢ ← 0.
CTStatus ct_foreach_zero_(CTMutableList x, CTInt count) CT_NOEXCEPT;
/// xᵢ ← xᵢ cut to [minimum, maximum].
CTStatus ct_foreach_clamp_(CTMutableList x, CTInt count, CTScalar minimum, CTScalar maximum) CT_NOEXCEPT;
/// xᵢ ← xᵢ · factor, and whether some xᵢ was not finite before: float32 [1] in `out`, 0 or 1.
CTStatus ct_foreach_unscale(CTMutableList x, CTInt count, const CTTensor *factor, CTOut out) CT_NOEXCEPT;
/// The norm of each tensor, all stacked into one tensor [count].
CTStatus ct_foreach_norm(CTList x, CTInt count, double order, CTOut out) CT_NOEXCEPT;

/// Constants of Adam and AdamW.
typedef struct CTAdam {
    double learning_rate;
    double beta1;
    double beta2;
    double weight_decay;
    double epsilon;
    /// AdamW: the decay shrinks the parameters directly instead of joining the gradient.
    bool decoupled;
} CTAdam;
/// One step of Adam or AdamW on whole lists, fused. `steps` are float32 tensors of rank 0, already raised to the number
/// of this step (first step: 1).
CTStatus ct_adam_step(
    CTMutableList parameters, CTList gradients, CTMutableList averages, CTMutableList square_averages, CTList steps,
    CTInt count, CTAdam constants) CT_NOEXCEPT;

/// Constants of stochastic gradient descent.
typedef struct CTSGD {
    double learning_rate;
    double momentum;
    double weight_decay;
    bool nesterov;
    /// Whether this is the first step, which fills the momentum buffers.
    bool first_step;
} CTSGD;
/// One step of SGD on whole lists, fused. `buffers` may be null when the momentum is 0.
CTStatus ct_sgd_step(
    CTMutableList parameters, CTList gradients, CTTensor *_Nonnull const *_Nullable buffers, CTInt count,
    CTSGD constants) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

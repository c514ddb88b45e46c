// Reductions and orderings. `count` 0 means over all dimensions; `keep` leaves reduced dimensions at size 1.
#ifndef CT_REDUCE_H
#define CT_REDUCE_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Sum; integers and bools give int64.
CTStatus ct_sum(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// Mean of floating-point values; CT_TYPE for integers.
CTStatus ct_mean(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// Product of all elements.
CTStatus ct_prod(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Largest element; gradients are shared among ties. CT_INDEX or CT_COMPUTE for no elements.
CTStatus ct_amax(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// Smallest element; see ct_amax.
CTStatus ct_amin(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// Variance with divisor N − correction (1: unbiased).
CTStatus ct_var(
    const CTTensor *x, const CTInt *dims, CTInt count, double correction, bool keep, CTOut out) CT_NOEXCEPT;
/// Standard deviation with divisor N − correction.
CTStatus ct_std(
    const CTTensor *x, const CTInt *dims, CTInt count, double correction, bool keep, CTOut out) CT_NOEXCEPT;
/// log Σ e^x, stable.
CTStatus ct_logsumexp(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// (Σ |x|^order)^(1/order).
CTStatus ct_norm(
    const CTTensor *x, double order, const CTInt *dims, CTInt count, bool keep, CTOut out) CT_NOEXCEPT;
/// Whether all elements are not 0, as a bool of rank 0.
CTStatus ct_all(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Whether some element is not 0, as a bool of rank 0.
CTStatus ct_any(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Position of the largest element along `dim`, int64; the first of equals on the CPU.
CTStatus ct_argmax(const CTTensor *x, CTInt dim, bool keep, CTOut out) CT_NOEXCEPT;
/// Position of the smallest element along `dim`, int64.
CTStatus ct_argmin(const CTTensor *x, CTInt dim, bool keep, CTOut out) CT_NOEXCEPT;
/// Running sum along `dim`.
CTStatus ct_cumsum(const CTTensor *x, CTInt dim, CTOut out) CT_NOEXCEPT;
/// The `k` largest (or smallest) along `dim`, in order, and their positions. Both outputs or neither.
CTStatus ct_topk(
    const CTTensor *x, CTInt k, CTInt dim, bool largest, CTOut values, CTOut indices) CT_NOEXCEPT;
/// All values along `dim` in order (equal ones stay in their order), and their positions. Both outputs or neither.
CTStatus ct_sort(const CTTensor *x, CTInt dim, bool descending, CTOut values, CTOut indices) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

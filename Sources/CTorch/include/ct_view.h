// Shapes: views, joins, indexing. Views share the source's memory; "copies" says where a new block is made.
#ifndef CT_VIEW_H
#define CT_VIEW_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Another shape for the same elements; one size may be −1. A view where possible, else a copy. CT_SHAPE when the
/// counts differ.
CTStatus ct_reshape(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) CT_NOEXCEPT;
/// As ct_reshape, but never a copy: fails where the strides do not allow it.
CTStatus ct_view(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) CT_NOEXCEPT;
/// Dimensions in the order that `dims` names.
CTStatus ct_permute(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) CT_NOEXCEPT;
/// Two dimensions exchanged.
CTStatus ct_transpose(const CTTensor *x, CTInt first, CTInt second, CTOut out) CT_NOEXCEPT;
/// A new dimension of size 1 before `dim`.
CTStatus ct_unsqueeze(const CTTensor *x, CTInt dim, CTOut out) CT_NOEXCEPT;
/// Without those of `dims` that have size 1; without all of size 1 when `count` is 0.
CTStatus ct_squeeze(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) CT_NOEXCEPT;
/// Dimensions `first` … `last` as one.
CTStatus ct_flatten(const CTTensor *x, CTInt first, CTInt last, CTOut out) CT_NOEXCEPT;
/// `length` steps from `start` along `dim`.
CTStatus ct_narrow(const CTTensor *x, CTInt dim, CTInt start, CTInt length, CTOut out) CT_NOEXCEPT;
/// Every `step`-th element of [start, end) along `dim`; bounds beyond the size are cut back to it.
CTStatus ct_slice(const CTTensor *x, CTInt dim, CTInt start, CTInt end, CTInt step, CTOut out) CT_NOEXCEPT;
/// One index along `dim`, which goes away. CT_INDEX when out of range.
CTStatus ct_select(const CTTensor *x, CTInt dim, CTInt index, CTOut out) CT_NOEXCEPT;
/// Size-1 dimensions repeated without a copy; −1 keeps a size.
CTStatus ct_expand(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) CT_NOEXCEPT;
/// The whole tensor tiled `counts` times along each dimension. Copies.
CTStatus ct_repeat(const CTTensor *x, const CTInt *counts, CTInt count, CTOut out) CT_NOEXCEPT;
/// Order reversed along `dims`. Copies.
CTStatus ct_flip(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) CT_NOEXCEPT;
/// Elements moved round by `shift` along `dim`. Copies.
CTStatus ct_roll(const CTTensor *x, CTInt shift, CTInt dim, CTOut out) CT_NOEXCEPT;
/// Upper (or else lower) triangle; `diagonal` 0 is the main one, positive above it. Copies.
CTStatus ct_triangle(const CTTensor *x, bool upper, CTInt diagonal, CTOut out) CT_NOEXCEPT;

/// Joined along an existing dimension. Copies. CT_ARGUMENT or CT_COMPUTE for no tensors.
CTStatus ct_cat(CTList list, CTInt count, CTInt dim, CTOut out) CT_NOEXCEPT;
/// Joined along a new dimension. Copies.
CTStatus ct_stack(CTList list, CTInt count, CTInt dim, CTOut out) CT_NOEXCEPT;

/// The slices of `dim` that the 1-dimensional integer `index` names. Copies. CT_INDEX when out of range.
CTStatus ct_index_select(const CTTensor *x, CTInt dim, const CTTensor *index, CTOut out) CT_NOEXCEPT;
/// out[i][j][k] = x[index[i][j][k]][j][k] for dim 0, and so on; `index` is int64. Copies.
CTStatus ct_gather(const CTTensor *x, CTInt dim, const CTTensor *index, CTOut out) CT_NOEXCEPT;
/// A copy of `x` with `source` written at `index`, the reverse of ct_gather.
CTStatus ct_scatter(
    const CTTensor *x, CTInt dim, const CTTensor *index, const CTTensor *source, CTOut out) CT_NOEXCEPT;
/// As ct_scatter, but added.
CTStatus ct_scatter_add(
    const CTTensor *x, CTInt dim, const CTTensor *index, const CTTensor *source, CTOut out) CT_NOEXCEPT;
/// The elements where the bool `mask` is true, as one dimension. Copies.
CTStatus ct_masked_select(const CTTensor *x, const CTTensor *mask, CTOut out) CT_NOEXCEPT;
/// Positions of the elements that are not 0, [count, rank], int64.
CTStatus ct_nonzero(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// int64 class numbers as rows of zeros with a single 1: shape [..., classes], int64.
CTStatus ct_one_hot(const CTTensor *x, CTInt classes, CTOut out) CT_NOEXCEPT;
/// The rows of `table` [rows, width] that the integers name: [..., width].
CTStatus ct_embedding(const CTTensor *table, const CTTensor *indices, CTOut out) CT_NOEXCEPT;
/// How often each of 0, 1, … occurs in a 1-dimensional integer tensor (or the sum of its `weights`); at least
/// `minimum_length` bins.
CTStatus ct_bincount(
    const CTTensor *x, const CTTensor *_Nullable weights, CTInt minimum_length, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

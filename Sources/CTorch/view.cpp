#include "ct_view.h"

#include "boundary.hpp"

using namespace ctorch;

CTStatus ct_reshape(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) noexcept {
    return produce(out, [&] { return at::reshape(value(x), array(sizes, rank)); });
}

CTStatus ct_view(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) noexcept {
    return produce(out, [&] { return value(x).view(array(sizes, rank)); });
}

CTStatus ct_permute(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) noexcept {
    return produce(out, [&] { return at::permute(value(x), array(dims, count)); });
}

CTStatus ct_transpose(const CTTensor *x, CTInt first, CTInt second, CTOut out) noexcept {
    return produce(out, [&] { return at::transpose(value(x), first, second); });
}

CTStatus ct_unsqueeze(const CTTensor *x, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::unsqueeze(value(x), dim); });
}

CTStatus ct_squeeze(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) noexcept {
    return produce(
        out, [&] { return count == 0 ? at::squeeze(value(x)) : at::squeeze(value(x), array(dims, count)); });
}

CTStatus ct_flatten(const CTTensor *x, CTInt first, CTInt last, CTOut out) noexcept {
    return produce(out, [&] { return at::flatten(value(x), first, last); });
}

CTStatus ct_narrow(const CTTensor *x, CTInt dim, CTInt start, CTInt length, CTOut out) noexcept {
    return produce(out, [&] { return at::narrow(value(x), dim, start, length); });
}

CTStatus ct_slice(const CTTensor *x, CTInt dim, CTInt start, CTInt end, CTInt step, CTOut out) noexcept {
    return produce(out, [&] { return at::slice(value(x), dim, start, end, step); });
}

CTStatus ct_select(const CTTensor *x, CTInt dim, CTInt index, CTOut out) noexcept {
    return produce(out, [&] { return at::select(value(x), dim, index); });
}

CTStatus ct_expand(const CTTensor *x, const CTInt *sizes, CTInt rank, CTOut out) noexcept {
    return produce(out, [&] { return value(x).expand(array(sizes, rank)); });
}

CTStatus ct_repeat(const CTTensor *x, const CTInt *counts, CTInt count, CTOut out) noexcept {
    return produce(out, [&] { return value(x).repeat(array(counts, count)); });
}

CTStatus ct_flip(const CTTensor *x, const CTInt *dims, CTInt count, CTOut out) noexcept {
    return produce(out, [&] { return at::flip(value(x), array(dims, count)); });
}

CTStatus ct_roll(const CTTensor *x, CTInt shift, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::roll(value(x), {shift}, {dim}); });
}

CTStatus ct_triangle(const CTTensor *x, bool upper, CTInt diagonal, CTOut out) noexcept {
    return produce(out, [&] { return upper ? at::triu(value(x), diagonal) : at::tril(value(x), diagonal); });
}

CTStatus ct_cat(CTList list, CTInt count, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::cat(tensors(list, count), dim); });
}

CTStatus ct_stack(CTList list, CTInt count, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::stack(tensors(list, count), dim); });
}

CTStatus ct_index_select(const CTTensor *x, CTInt dim, const CTTensor *index, CTOut out) noexcept {
    return produce(out, [&] { return at::index_select(value(x), dim, value(index)); });
}

CTStatus ct_gather(const CTTensor *x, CTInt dim, const CTTensor *index, CTOut out) noexcept {
    return produce(out, [&] { return at::gather(value(x), dim, value(index)); });
}

CTStatus ct_scatter(
    const CTTensor *x, CTInt dim, const CTTensor *index, const CTTensor *source, CTOut out) noexcept {
    return produce(out, [&] { return at::scatter(value(x), dim, value(index), value(source)); });
}

CTStatus ct_scatter_add(
    const CTTensor *x, CTInt dim, const CTTensor *index, const CTTensor *source, CTOut out) noexcept {
    return produce(out, [&] { return at::scatter_add(value(x), dim, value(index), value(source)); });
}

CTStatus ct_masked_select(const CTTensor *x, const CTTensor *mask, CTOut out) noexcept {
    return produce(out, [&] { return at::masked_select(value(x), value(mask)); });
}

CTStatus ct_nonzero(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::nonzero(value(x)); });
}

CTStatus ct_one_hot(const CTTensor *x, CTInt classes, CTOut out) noexcept {
    return produce(out, [&] { return at::one_hot(value(x), classes); });
}

CTStatus ct_embedding(const CTTensor *table, const CTTensor *indices, CTOut out) noexcept {
    return produce(out, [&] { return at::embedding(value(table), value(indices)); });
}

CTStatus ct_bincount(const CTTensor *x, const CTTensor *weights, CTInt minimum_length, CTOut out) noexcept {
    return produce(out, [&] { return at::bincount(value(x), optional(weights), minimum_length); });
}

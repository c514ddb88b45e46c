#include "ct_reduce.h"

#include "boundary.hpp"

using namespace ctorch;

CTStatus ct_sum(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::sum(value(x), dimensions(dims, count), keep); });
}

CTStatus ct_mean(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::mean(value(x), dimensions(dims, count), keep); });
}

CTStatus ct_prod(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::prod(value(x)); });
}

CTStatus ct_amax(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::amax(value(x), array(dims, count), keep); });
}

CTStatus ct_amin(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::amin(value(x), array(dims, count), keep); });
}

CTStatus ct_var(
    const CTTensor *x, const CTInt *dims, CTInt count, double correction, bool keep, CTOut out) noexcept {
    return produce(
        out, [&] { return at::var(value(x), dimensions(dims, count), at::Scalar(correction), keep); });
}

CTStatus ct_std(
    const CTTensor *x, const CTInt *dims, CTInt count, double correction, bool keep, CTOut out) noexcept {
    return produce(
        out, [&] { return at::std(value(x), dimensions(dims, count), at::Scalar(correction), keep); });
}

CTStatus ct_logsumexp(const CTTensor *x, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::logsumexp(value(x), array(dims, count), keep); });
}

CTStatus ct_norm(
    const CTTensor *x, double order, const CTInt *dims, CTInt count, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::linalg_vector_norm(value(x), order, dimensions(dims, count), keep); });
}

CTStatus ct_all(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::all(value(x)); });
}

CTStatus ct_any(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::any(value(x)); });
}

CTStatus ct_argmax(const CTTensor *x, CTInt dim, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::argmax(value(x), dim, keep); });
}

CTStatus ct_argmin(const CTTensor *x, CTInt dim, bool keep, CTOut out) noexcept {
    return produce(out, [&] { return at::argmin(value(x), dim, keep); });
}

CTStatus ct_cumsum(const CTTensor *x, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::cumsum(value(x), dim); });
}

CTStatus ct_topk(const CTTensor *x, CTInt k, CTInt dim, bool largest, CTOut values, CTOut indices) noexcept {
    return produce_two(values, indices, [&] { return at::topk(value(x), k, dim, largest, /*sorted=*/true); });
}

CTStatus ct_sort(const CTTensor *x, CTInt dim, bool descending, CTOut values, CTOut indices) noexcept {
    return produce_two(values, indices, [&] { return at::sort(value(x), /*stable=*/true, dim, descending); });
}

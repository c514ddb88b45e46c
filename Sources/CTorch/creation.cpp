#include "boundary.hpp"
#include "ct_tensor.h"

using namespace ctorch;

CTStatus ct_zeros(const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTOut out) noexcept {
    return produce(out, [&] { return at::zeros(array(sizes, rank), options(dtype, device)); });
}

CTStatus ct_empty(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTMemoryFormat format, CTOut out) noexcept {
    return produce(
        out, [&] { return at::empty(array(sizes, rank), options(dtype, device), memory_format(format)); });
}

CTStatus ct_full(
    const CTInt *sizes, CTInt rank, CTScalar value, CTDType dtype, CTDevice device, CTOut out) noexcept {
    return produce(out, [&] { return at::full(array(sizes, rank), scalar(value), options(dtype, device)); });
}

CTStatus ct_arange(
    CTScalar start, CTScalar end, CTScalar step, CTDType dtype, CTDevice device, CTOut out) noexcept {
    return produce(
        out, [&] { return at::arange(scalar(start), scalar(end), scalar(step), options(dtype, device)); });
}

CTStatus ct_linspace(
    double start, double end, CTInt count, CTDType dtype, CTDevice device, CTOut out) noexcept {
    return produce(out, [&] { return at::linspace(start, end, count, options(dtype, device)); });
}

CTStatus ct_eye(CTInt n, CTDType dtype, CTDevice device, CTOut out) noexcept {
    return produce(out, [&] { return at::eye(n, options(dtype, device)); });
}

CTStatus ct_to_dtype(const CTTensor *x, CTDType dtype, CTOut out) noexcept {
    return produce(out, [&] { return value(x).to(scalar_type(dtype)); });
}

CTStatus ct_to_device(const CTTensor *x, CTDevice where, CTOut out) noexcept {
    return produce(out, [&] { return value(x).to(device(where)); });
}

CTStatus ct_contiguous(const CTTensor *x, CTMemoryFormat format, CTOut out) noexcept {
    return produce(out, [&] { return value(x).contiguous(memory_format(format)); });
}

CTStatus ct_clone(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::clone(value(x)); });
}

CTStatus ct_detach(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::detach(value(x)); });
}

CTStatus ct_rand(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTGenerator *generator, CTOut out) noexcept {
    return produce(
        out, [&] { return at::rand(array(sizes, rank), optional(generator), options(dtype, device)); });
}

CTStatus ct_randn(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTGenerator *generator, CTOut out) noexcept {
    return produce(
        out, [&] { return at::randn(array(sizes, rank), optional(generator), options(dtype, device)); });
}

CTStatus ct_randint(
    CTInt low, CTInt high, const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTGenerator *generator,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::randint(low, high, array(sizes, rank), optional(generator), options(dtype, device));
    });
}

CTStatus ct_randperm(CTInt n, CTDevice device, CTGenerator *generator, CTOut out) noexcept {
    return produce(out, [&] { return at::randperm(n, optional(generator), options(CT_INT64, device)); });
}

CTStatus ct_bernoulli(const CTTensor *x, double p, CTGenerator *generator, CTOut out) noexcept {
    return produce(out, [&] { return at::bernoulli(value(x), p, optional(generator)); });
}

CTStatus ct_multinomial(
    const CTTensor *weights, CTInt count, bool replacement, CTGenerator *generator, CTOut out) noexcept {
    return produce(
        out, [&] { return at::multinomial(value(weights), count, replacement, optional(generator)); });
}

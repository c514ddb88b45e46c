// Functions of one tensor.
#include "boundary.hpp"
#include "ct_pointwise.h"

using namespace ctorch;

CTStatus ct_neg(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::neg(value(x)); });
}

CTStatus ct_abs(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::abs(value(x)); });
}

CTStatus ct_sign(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::sign(value(x)); });
}

CTStatus ct_floor(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::floor(value(x)); });
}

CTStatus ct_ceil(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::ceil(value(x)); });
}

CTStatus ct_round(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::round(value(x)); });
}

CTStatus ct_exp(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::exp(value(x)); });
}

CTStatus ct_expm1(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::expm1(value(x)); });
}

CTStatus ct_log(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::log(value(x)); });
}

CTStatus ct_log1p(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::log1p(value(x)); });
}

CTStatus ct_sqrt(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::sqrt(value(x)); });
}

CTStatus ct_rsqrt(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::rsqrt(value(x)); });
}

CTStatus ct_reciprocal(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::reciprocal(value(x)); });
}

CTStatus ct_square(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::square(value(x)); });
}

CTStatus ct_sin(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::sin(value(x)); });
}

CTStatus ct_cos(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::cos(value(x)); });
}

CTStatus ct_erf(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::erf(value(x)); });
}

CTStatus ct_erfinv(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::erfinv(value(x)); });
}

CTStatus ct_tanh(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::tanh(value(x)); });
}

CTStatus ct_sigmoid(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::sigmoid(value(x)); });
}

CTStatus ct_log_sigmoid(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::log_sigmoid(value(x)); });
}

CTStatus ct_relu(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::relu(value(x)); });
}

CTStatus ct_silu(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::silu(value(x)); });
}

CTStatus ct_softplus(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::softplus(value(x)); });
}

CTStatus ct_logical_not(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::logical_not(value(x)); });
}

CTStatus ct_isfinite(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::isfinite(value(x)); });
}

CTStatus ct_isnan(const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::isnan(value(x)); });
}

CTStatus ct_leaky_relu(const CTTensor *x, double slope, CTOut out) noexcept {
    return produce(out, [&] { return at::leaky_relu(value(x), slope); });
}

CTStatus ct_prelu(const CTTensor *x, const CTTensor *weight, CTOut out) noexcept {
    return produce(out, [&] { return at::prelu(value(x), value(weight)); });
}

CTStatus ct_elu(const CTTensor *x, double alpha, CTOut out) noexcept {
    return produce(out, [&] { return at::elu(value(x), alpha); });
}

CTStatus ct_gelu(const CTTensor *x, bool tanh_approximation, CTOut out) noexcept {
    return produce(out, [&] { return at::gelu(value(x), tanh_approximation ? "tanh" : "none"); });
}

CTStatus ct_softmax(const CTTensor *x, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::softmax(value(x), dim); });
}

CTStatus ct_log_softmax(const CTTensor *x, CTInt dim, CTOut out) noexcept {
    return produce(out, [&] { return at::log_softmax(value(x), dim); });
}

#include "ct_loss.h"

#include "boundary.hpp"

using namespace ctorch;

CTStatus ct_cross_entropy(
    const CTTensor *logits, const CTTensor *target, const CTTensor *weight, CTReduction kind, CTInt ignored,
    double smoothing, CTOut out) noexcept {
    return produce(out, [&] {
        return at::cross_entropy_loss(
            value(logits), value(target), optional(weight), reduction(kind), ignored, smoothing);
    });
}

CTStatus ct_nll_loss(
    const CTTensor *log_probabilities, const CTTensor *target, const CTTensor *weight, CTReduction kind,
    CTInt ignored, CTOut out) noexcept {
    return produce(out, [&] {
        return at::nll_loss_nd(
            value(log_probabilities), value(target), optional(weight), reduction(kind), ignored);
    });
}

CTStatus ct_bce_with_logits(
    const CTTensor *logits, const CTTensor *target, const CTTensor *weight, const CTTensor *positive_weight,
    CTReduction kind, CTOut out) noexcept {
    return produce(out, [&] {
        return at::binary_cross_entropy_with_logits(
            value(logits), value(target), optional(weight), optional(positive_weight), reduction(kind));
    });
}

CTStatus ct_bce(
    const CTTensor *probabilities, const CTTensor *target, const CTTensor *weight, CTReduction kind,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::binary_cross_entropy(value(probabilities), value(target), optional(weight), reduction(kind));
    });
}

CTStatus ct_mse_loss(const CTTensor *x, const CTTensor *target, CTReduction kind, CTOut out) noexcept {
    return produce(out, [&] { return at::mse_loss(value(x), value(target), reduction(kind)); });
}

CTStatus ct_l1_loss(const CTTensor *x, const CTTensor *target, CTReduction kind, CTOut out) noexcept {
    return produce(out, [&] { return at::l1_loss(value(x), value(target), reduction(kind)); });
}

CTStatus ct_smooth_l1_loss(
    const CTTensor *x, const CTTensor *target, double beta, CTReduction kind, CTOut out) noexcept {
    return produce(out, [&] { return at::smooth_l1_loss(value(x), value(target), reduction(kind), beta); });
}

CTStatus ct_kl_div(
    const CTTensor *x, const CTTensor *target, bool log_target, CTReduction kind, CTOut out) noexcept {
    return produce(out, [&] { return at::kl_div(value(x), value(target), reduction(kind), log_target); });
}

CTStatus ct_cosine_similarity(
    const CTTensor *a, const CTTensor *b, CTInt dim, double epsilon, CTOut out) noexcept {
    return produce(out, [&] { return at::cosine_similarity(value(a), value(b), dim, epsilon); });
}

#include "ct_nn.h"

#include "boundary.hpp"

using namespace ctorch;

CTStatus ct_matmul(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::matmul(value(a), value(b)); });
}

CTStatus ct_linear(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTOut out) noexcept {
    return produce(out, [&] { return at::linear(value(x), value(weight), optional(bias)); });
}

CTStatus ct_einsum(const char *equation, CTList list, CTInt count, CTOut out) noexcept {
    return produce(out, [&] { return at::einsum(equation, tensors(list, count)); });
}

CTStatus ct_attention(
    const CTTensor *query, const CTTensor *key, const CTTensor *value_, const CTTensor *mask, double dropout,
    bool causal, const double *scale, CTOut out) noexcept {
    return produce(out, [&] {
        return at::scaled_dot_product_attention(
            value(query), value(key), value(value_), optional(mask), dropout, causal, optional(scale));
    });
}

CTStatus ct_conv2d(
    const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTPair stride, CTPair padding, CTPair dilation,
    CTInt groups, CTOut out) noexcept {
    return produce(out, [&] {
        return at::conv2d(
            value(x), value(weight), optional(bias), pair(stride), pair(padding), pair(dilation), groups);
    });
}

CTStatus ct_conv_transpose2d(
    const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTPair stride, CTPair padding,
    CTPair output_padding, CTPair dilation, CTInt groups, CTOut out) noexcept {
    return produce(out, [&] {
        return at::conv_transpose2d(
            value(x), value(weight), optional(bias), pair(stride), pair(padding), pair(output_padding), groups,
            pair(dilation));
    });
}

CTStatus ct_max_pool2d(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, CTPair dilation, bool ceil,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::max_pool2d(value(x), pair(kernel), pair(stride), pair(padding), pair(dilation), ceil);
    });
}

CTStatus ct_max_pool2d_with_indices(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, CTPair dilation, bool ceil, CTOut values,
    CTOut indices) noexcept {
    return produce_two(values, indices, [&] {
        return at::max_pool2d_with_indices(
            value(x), pair(kernel), pair(stride), pair(padding), pair(dilation), ceil);
    });
}

CTStatus ct_max_unpool2d(const CTTensor *x, const CTTensor *indices, CTPair size, CTOut out) noexcept {
    return produce(out, [&] { return at::max_unpool2d(value(x), value(indices), pair(size)); });
}

CTStatus ct_avg_pool2d(
    const CTTensor *x, CTPair kernel, CTPair stride, CTPair padding, bool ceil, bool count_padding,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::avg_pool2d(value(x), pair(kernel), pair(stride), pair(padding), ceil, count_padding);
    });
}

CTStatus ct_adaptive_avg_pool2d(const CTTensor *x, CTPair size, CTOut out) noexcept {
    return produce(out, [&] { return at::adaptive_avg_pool2d(value(x), pair(size)); });
}

CTStatus ct_layer_norm(
    const CTTensor *x, const CTInt *sizes, CTInt rank, const CTTensor *weight, const CTTensor *bias, double epsilon,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::layer_norm(value(x), array(sizes, rank), optional(weight), optional(bias), epsilon);
    });
}

CTStatus ct_batch_norm(
    const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTTensor *running_mean,
    CTTensor *running_variance, bool training, double momentum, double epsilon, CTOut out) noexcept {
    return produce(out, [&] {
        return at::batch_norm(
            value(x), optional(weight), optional(bias), optional(running_mean), optional(running_variance), training,
            momentum, epsilon, /*cudnn_enabled=*/true);
    });
}

CTStatus ct_group_norm(
    const CTTensor *x, CTInt groups, const CTTensor *weight, const CTTensor *bias, double epsilon,
    CTOut out) noexcept {
    return produce(
        out, [&] { return at::group_norm(value(x), groups, optional(weight), optional(bias), epsilon); });
}

CTStatus ct_dropout(const CTTensor *x, double p, bool training, CTOut out) noexcept {
    return produce(out, [&] { return at::dropout(value(x), p, training); });
}

CTStatus ct_feature_dropout(const CTTensor *x, double p, bool training, CTOut out) noexcept {
    return produce(out, [&] { return at::feature_dropout(value(x), p, training); });
}

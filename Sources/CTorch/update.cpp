#include "ct_update.h"

#include "boundary.hpp"

using namespace ctorch;

CTStatus ct_add_(CTTensor *x, const CTTensor *y, double alpha) noexcept {
    return guarded([&] { value(x).add_(value(y), alpha); });
}

CTStatus ct_mul_(CTTensor *x, const CTTensor *y) noexcept {
    return guarded([&] { value(x).mul_(value(y)); });
}

CTStatus ct_div_(CTTensor *x, const CTTensor *y) noexcept {
    return guarded([&] { value(x).div_(value(y)); });
}

CTStatus ct_add_scalar_(CTTensor *x, CTScalar number) noexcept {
    return guarded([&] { value(x).add_(scalar(number)); });
}

CTStatus ct_mul_scalar_(CTTensor *x, CTScalar number) noexcept {
    return guarded([&] { value(x).mul_(scalar(number)); });
}

CTStatus ct_copy_(CTTensor *x, const CTTensor *y) noexcept {
    return guarded([&] { value(x).copy_(value(y)); });
}

CTStatus ct_fill_(CTTensor *x, CTScalar number) noexcept {
    return guarded([&] { value(x).fill_(scalar(number)); });
}

CTStatus ct_zero_(CTTensor *x) noexcept {
    return guarded([&] { value(x).zero_(); });
}

CTStatus ct_lerp_(CTTensor *x, const CTTensor *y, double weight) noexcept {
    return guarded([&] { value(x).lerp_(value(y), weight); });
}

CTStatus ct_addcmul_(CTTensor *x, const CTTensor *a, const CTTensor *b, double number) noexcept {
    return guarded([&] { value(x).addcmul_(value(a), value(b), number); });
}

CTStatus ct_addcdiv_(CTTensor *x, const CTTensor *a, const CTTensor *b, double number) noexcept {
    return guarded([&] { value(x).addcdiv_(value(a), value(b), number); });
}

CTStatus ct_clamp_(CTTensor *x, const CTScalar *minimum, const CTScalar *maximum) noexcept {
    return guarded([&] { value(x).clamp_(optional(minimum), optional(maximum)); });
}

CTStatus ct_uniform_(CTTensor *x, double low, double high, CTGenerator *generator) noexcept {
    return guarded([&] { value(x).uniform_(low, high, optional(generator)); });
}

CTStatus ct_normal_(CTTensor *x, double mean, double deviation, CTGenerator *generator) noexcept {
    return guarded([&] { value(x).normal_(mean, deviation, optional(generator)); });
}

CTStatus ct_foreach_add_(CTMutableList x, CTList y, CTInt count, double alpha) noexcept {
    return guarded([&] { at::_foreach_add_(tensors(x, count), tensors(y, count), alpha); });
}

CTStatus ct_foreach_add_scalar_(CTMutableList x, CTInt count, CTScalar number) noexcept {
    return guarded([&] { at::_foreach_add_(tensors(x, count), scalar(number)); });
}

CTStatus ct_foreach_mul_scalar_(CTMutableList x, CTInt count, CTScalar number) noexcept {
    return guarded([&] { at::_foreach_mul_(tensors(x, count), scalar(number)); });
}

CTStatus ct_foreach_mul_(CTMutableList x, CTInt count, const CTTensor *factor) noexcept {
    return guarded([&] { at::_foreach_mul_(tensors(x, count), value(factor)); });
}

CTStatus ct_foreach_lerp_(CTMutableList x, CTList y, CTInt count, double weight) noexcept {
    return guarded([&] { at::_foreach_lerp_(tensors(x, count), tensors(y, count), at::Scalar(weight)); });
}

CTStatus ct_foreach_copy_(CTMutableList x, CTList y, CTInt count) noexcept {
    return guarded([&] { at::_foreach_copy_(tensors(x, count), tensors(y, count)); });
}

CTStatus ct_foreach_zero_(CTMutableList x, CTInt count) noexcept {
    return guarded([&] { at::_foreach_zero_(tensors(x, count)); });
}

CTStatus ct_foreach_clamp_(CTMutableList x, CTInt count, CTScalar minimum, CTScalar maximum) noexcept {
    return guarded([&] {
        const auto list = tensors(x, count);
        at::_foreach_clamp_min_(list, scalar(minimum));
        at::_foreach_clamp_max_(list, scalar(maximum));
    });
}

CTStatus ct_foreach_unscale(CTMutableList x, CTInt count, const CTTensor *factor, CTOut out) noexcept {
    return produce(out, [&] {
        auto found = at::zeros({1}, value(factor).options());
        at::_amp_foreach_non_finite_check_and_unscale_(tensors(x, count), found, value(factor));
        return found;
    });
}

CTStatus ct_foreach_norm(CTList x, CTInt count, double order, CTOut out) noexcept {
    return produce(out, [&] { return at::stack(at::_foreach_norm(tensors(x, count), order)); });
}

CTStatus ct_adam_step(
    CTMutableList parameters, CTList gradients, CTMutableList averages, CTMutableList square_averages, CTList steps,
    CTInt count, CTAdam c) noexcept {
    return guarded([&] {
        const auto p = tensors(parameters, count), g = tensors(gradients, count), m = tensors(averages, count),
                   v = tensors(square_averages, count), t = tensors(steps, count);
        if (c.decoupled)
            at::_fused_adamw_(
                p, g, m, v, /*max_exp_avg_sqs=*/{}, t, c.learning_rate, c.beta1, c.beta2, c.weight_decay, c.epsilon,
                /*amsgrad=*/false, /*maximize=*/false);
        else
            at::_fused_adam_(
                p, g, m, v, /*max_exp_avg_sqs=*/{}, t, c.learning_rate, c.beta1, c.beta2, c.weight_decay, c.epsilon,
                /*amsgrad=*/false, /*maximize=*/false);
    });
}

CTStatus ct_sgd_step(
    CTMutableList parameters, CTList gradients, CTTensor *const *buffers, CTInt count, CTSGD c) noexcept {
    return guarded([&] {
        if (buffers == nullptr && c.momentum != 0) throw Failure{CT_ARGUMENT, "momentum needs its buffers"};
        at::_fused_sgd_(
            tensors(parameters, count), tensors(gradients, count),
            buffers == nullptr ? std::vector<at::Tensor>() : tensors(buffers, count), c.weight_decay, c.momentum,
            c.learning_rate, /*dampening=*/0.0, c.nesterov, /*maximize=*/false, c.first_step);
    });
}

#include "ct_pointwise.h"

#include "boundary.hpp"

using namespace ctorch;

namespace {

template <class Other>
at::Tensor compared(CTComparison comparison, const at::Tensor &x, const Other &other) {
    switch (comparison) {
        case CT_EQ: return at::eq(x, other);
        case CT_NE: return at::ne(x, other);
        case CT_LT: return at::lt(x, other);
        case CT_LE: return at::le(x, other);
        case CT_GT: return at::gt(x, other);
        case CT_GE: return at::ge(x, other);
    }
    throw Failure{CT_ARGUMENT, "unknown comparison " + std::to_string(static_cast<int>(comparison))};
}

}  // namespace

CTStatus ct_add(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::add(value(a), value(b)); });
}

CTStatus ct_sub(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::sub(value(a), value(b)); });
}

CTStatus ct_mul(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::mul(value(a), value(b)); });
}

CTStatus ct_div(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::div(value(a), value(b)); });
}

CTStatus ct_pow(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::pow(value(a), value(b)); });
}

CTStatus ct_maximum(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::maximum(value(a), value(b)); });
}

CTStatus ct_minimum(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::minimum(value(a), value(b)); });
}

CTStatus ct_atan2(const CTTensor *y, const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] { return at::atan2(value(y), value(x)); });
}

CTStatus ct_logical_and(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::logical_and(value(a), value(b)); });
}

CTStatus ct_logical_or(const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::logical_or(value(a), value(b)); });
}

CTStatus ct_add_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::add(value(x), scalar(number)); });
}

CTStatus ct_sub_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::sub(value(x), scalar(number)); });
}

CTStatus ct_rsub_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::rsub(value(x), scalar(number)); });
}

CTStatus ct_mul_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::mul(value(x), scalar(number)); });
}

CTStatus ct_div_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::div(value(x), scalar(number)); });
}

CTStatus ct_pow_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::pow(value(x), scalar(number)); });
}

CTStatus ct_remainder_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::remainder(value(x), scalar(number)); });
}

CTStatus ct_floor_divide_scalar(const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::floor_divide(value(x), scalar(number)); });
}

CTStatus ct_lerp(const CTTensor *a, const CTTensor *b, double weight, CTOut out) noexcept {
    return produce(out, [&] { return at::lerp(value(a), value(b), weight); });
}

CTStatus ct_compare(CTComparison comparison, const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return compared(comparison, value(a), value(b)); });
}

CTStatus ct_compare_scalar(CTComparison comparison, const CTTensor *x, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return compared(comparison, value(x), scalar(number)); });
}

CTStatus ct_where(const CTTensor *condition, const CTTensor *a, const CTTensor *b, CTOut out) noexcept {
    return produce(out, [&] { return at::where(value(condition), value(a), value(b)); });
}

CTStatus ct_masked_fill(const CTTensor *x, const CTTensor *mask, CTScalar number, CTOut out) noexcept {
    return produce(out, [&] { return at::masked_fill(value(x), value(mask), scalar(number)); });
}

CTStatus ct_clamp(const CTTensor *x, const CTScalar *minimum, const CTScalar *maximum, CTOut out) noexcept {
    return produce(out, [&] { return at::clamp(value(x), optional(minimum), optional(maximum)); });
}

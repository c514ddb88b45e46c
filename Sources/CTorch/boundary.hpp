// The one place where C++ exceptions end, and the conversions between the C types and LibTorch's.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ct_base.h"

static_assert(std::is_same_v<CTInt, int64_t>, "CTInt arrays are handed to LibTorch as they are");

struct CTTensor {
    at::Tensor value;
};

struct CTGenerator {
    at::Generator value;
};

namespace ctorch {

/// A refusal of our own, with its code.
struct Failure {
    CTStatus status;
    std::string message;
};

/// Empties this thread's message.
void clear_message() noexcept;
/// Turns the exception in flight into a code and keeps its message for this thread. Call inside a handler only.
CTStatus record_exception() noexcept;

/// Runs `body`; whatever it throws ends here. Every exported function that can fail goes through this one.
template <class Body>
CTStatus guarded(Body &&body) noexcept {
    try {
        clear_message();
        body();
        return CT_OK;
    } catch (...) {
        return record_exception();
    }
}

/// Takes ownership of a result whose kind this library can describe; refuses others with CT_TYPE.
std::unique_ptr<CTTensor> wrap(at::Tensor tensor);

/// Runs `body`, which gives a tensor, and writes it to `out` as the last act, so that a failure leaves `out` alone.
template <class Body>
CTStatus produce(CTOut out, Body &&body) noexcept {
    return guarded([&] { *out = wrap(body()).release(); });
}

/// As produce, for a body that gives two tensors: both outputs are written or neither.
template <class Body>
CTStatus produce_two(CTOut first, CTOut second, Body &&body) noexcept {
    return guarded([&] {
        auto [a, b] = body();
        auto wrapped_a = wrap(std::move(a)), wrapped_b = wrap(std::move(b));
        *first = wrapped_a.release();
        *second = wrapped_b.release();
    });
}

inline const at::Tensor &value(const CTTensor *tensor) {
    if (tensor == nullptr) throw Failure{CT_ARGUMENT, "a tensor handle is null"};
    return tensor->value;
}

inline std::optional<at::Tensor> optional(const CTTensor *tensor) {
    return tensor == nullptr ? std::nullopt : std::optional<at::Tensor>(tensor->value);
}

inline std::optional<at::Generator> optional(const CTGenerator *generator) {
    return generator == nullptr ? std::nullopt : std::optional<at::Generator>(generator->value);
}

inline std::optional<double> optional(const double *number) {
    return number == nullptr ? std::nullopt : std::optional<double>(*number);
}

inline at::Scalar scalar(CTScalar number) {
    return number.is_integer ? at::Scalar(number.integer) : at::Scalar(number.real);
}

inline std::optional<at::Scalar> optional(const CTScalar *number) {
    return number == nullptr ? std::nullopt : std::optional<at::Scalar>(scalar(*number));
}

inline at::IntArrayRef array(const CTInt *values, CTInt count) {
    if (count < 0) throw Failure{CT_ARGUMENT, "a count is negative: " + std::to_string(count)};
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

/// Dimensions to reduce over; none given means all.
inline at::OptionalIntArrayRef dimensions(const CTInt *dims, CTInt count) {
    return count == 0 ? at::OptionalIntArrayRef() : at::OptionalIntArrayRef(array(dims, count));
}

inline std::array<int64_t, 2> pair(CTPair extent) { return {extent.height, extent.width}; }

inline int64_t reduction(CTReduction kind) {
    switch (kind) {
        case CT_REDUCE_NONE: return at::Reduction::None;
        case CT_REDUCE_MEAN: return at::Reduction::Mean;
        case CT_REDUCE_SUM: return at::Reduction::Sum;
    }
    throw Failure{CT_ARGUMENT, "unknown reduction " + std::to_string(static_cast<int>(kind))};
}

inline at::MemoryFormat memory_format(CTMemoryFormat format) {
    return format == CT_CHANNELS_LAST ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

template <class Handle>
std::vector<at::Tensor> tensors(const Handle *list, CTInt count) {
    if (count < 0) throw Failure{CT_ARGUMENT, "a count is negative: " + std::to_string(count)};
    std::vector<at::Tensor> result;
    result.reserve(static_cast<size_t>(count));
    for (CTInt i = 0; i < count; ++i) result.push_back(value(list[i]));
    return result;
}

at::ScalarType scalar_type(CTDType dtype);
CTDType element_type(at::ScalarType type);
at::Device device(CTDevice device);
at::TensorOptions options(CTDType dtype, CTDevice device);

}  // namespace ctorch

#include "ct_tensor.h"

#include <cmath>
#include <cstring>

#include "boundary.hpp"

using namespace ctorch;

namespace {

/// Bytes that sizes and type need; a refusal where they are negative or beyond 64 bits.
int64_t needed_bytes(at::IntArrayRef sizes, at::ScalarType type) {
    int64_t bytes = static_cast<int64_t>(c10::elementSize(type));
    bool empty = false;
    for (auto size : sizes) {
        if (size < 0) throw Failure{CT_SHAPE, "a size is negative: " + std::to_string(size)};
        if (size == 0) empty = true;
        else if (__builtin_mul_overflow(bytes, size, &bytes))
            throw Failure{CT_SHAPE, "the shape needs more bytes than 64 bits can count"};
    }
    return empty ? 0 : bytes;
}

void require_bytes(int64_t needed, CTInt given, const char *what) {
    if (needed != given)
        throw Failure{
            CT_ARGUMENT, std::string(what) + " has " + std::to_string(given) +
                             " bytes, but shape and element type need " + std::to_string(needed)};
}

/// Somebody else's block, given back when the last user lets go; only once `armed`, so that a failed call never does.
struct Lease {
    CTReleaser release;
    void *context;
    bool armed = false;
    ~Lease() {
        if (armed) release(context);
    }
};

const at::Tensor &single(const CTTensor *tensor) {
    const auto &x = value(tensor);
    if (x.numel() != 1)
        throw Failure{CT_ARGUMENT, "exactly one element is needed, not " + std::to_string(x.numel())};
    return x;
}

const at::Tensor &addressable(const CTTensor *tensor, CTMemoryFormat format = CT_CONTIGUOUS) {
    const auto &x = value(tensor);
    if (!x.device().is_cpu() || !x.is_contiguous(memory_format(format)))
        throw Failure{
            CT_ARGUMENT, "the elements can be addressed only of a tensor on the CPU that is contiguous in that format"};
    return x;
}

}  // namespace

void ct_tensor_free(CTTensor *tensor) noexcept { delete tensor; }

CTStatus ct_tensor_describe(const CTTensor *tensor, CTDescription *out) noexcept {
    return guarded([&] {
        const auto &x = value(tensor);
        *out = CTDescription{
            x.dim(), x.numel(), element_type(x.scalar_type()),
            x.device().is_cpu() ? CT_CPU : static_cast<CTDevice>(x.device().index()), x.requires_grad(), x.is_leaf()};
    });
}

CTStatus ct_tensor_sizes(const CTTensor *tensor, CTInt *out, CTInt capacity) noexcept {
    return guarded([&] {
        const auto sizes = value(tensor).sizes();
        if (capacity < static_cast<CTInt>(sizes.size())) throw Failure{CT_ARGUMENT, "too little room for the sizes"};
        std::copy(sizes.begin(), sizes.end(), out);
    });
}

bool ct_tensor_is_contiguous(const CTTensor *tensor, CTMemoryFormat format) noexcept {
    bool result = false;
    guarded([&] { result = value(tensor).is_contiguous(memory_format(format)); });
    return result;
}

CTStatus ct_tensor_data(const CTTensor *tensor, CTMemoryFormat format, const void **out) noexcept {
    return guarded([&] { *out = addressable(tensor, format).const_data_ptr(); });
}

CTStatus ct_tensor_mutable_data(CTTensor *tensor, void **out) noexcept {
    return guarded([&] { *out = addressable(tensor).mutable_data_ptr(); });
}

CTStatus ct_tensor_from_bytes(
    const void *bytes, CTInt byte_count, const CTInt *sizes, CTInt rank, CTDType dtype, CTOut out) noexcept {
    return produce(out, [&] {
        const auto shape = array(sizes, rank);
        require_bytes(needed_bytes(shape, scalar_type(dtype)), byte_count, "the block");
        auto x = at::empty(shape, options(dtype, CT_CPU));
        if (byte_count > 0) std::memcpy(x.mutable_data_ptr(), bytes, static_cast<size_t>(byte_count));
        // Kernels rely on bools being 0 or 1; foreign bytes need not be.
        return dtype == CT_BOOL ? x.view(at::kByte).ne(0) : x;
    });
}

CTStatus ct_tensor_from_blob(
    const void *address, CTInt byte_count, const CTInt *sizes, CTInt rank, CTDType dtype, CTReleaser release,
    void *context, CTOut out) noexcept {
    return guarded([&] {
        const auto shape = array(sizes, rank);
        const auto type = scalar_type(dtype);
        const auto needed = needed_bytes(shape, type);
        if (byte_count < needed) require_bytes(needed, byte_count, "the mapped block");
        if (reinterpret_cast<uintptr_t>(address) % c10::elementSize(type) != 0)
            throw Failure{CT_ARGUMENT, "the mapped block does not start at a multiple of its element's size"};
        auto lease = std::make_shared<Lease>(Lease{release, context});
        // LibTorch's signature takes a mutable pointer; the header forbids in-place changes of mapped tensors.
        auto made = wrap(at::from_blob(
            const_cast<void *>(address), shape, [lease](void *) mutable { lease.reset(); }, options(dtype, CT_CPU)));
        lease->armed = true;
        *out = made.release();
    });
}

CTStatus ct_tensor_read(const CTTensor *tensor, CTDType dtype, void *bytes, CTInt byte_count) noexcept {
    return guarded([&] {
        const auto type = scalar_type(dtype);
        const auto &x = value(tensor);
        require_bytes(needed_bytes(x.sizes(), type), byte_count, "the destination");
        const auto row_major = x.detach().to(at::kCPU, type).contiguous();
        if (byte_count > 0) std::memcpy(bytes, row_major.const_data_ptr(), static_cast<size_t>(byte_count));
    });
}

CTStatus ct_tensor_item(const CTTensor *tensor, double *out) noexcept {
    return guarded([&] { *out = single(tensor).item().toDouble(); });
}

CTStatus ct_tensor_item_integer(const CTTensor *tensor, int64_t *out) noexcept {
    return guarded([&] { *out = single(tensor).to(at::kLong).item().toLong(); });
}

CTStatus ct_tensor_all_finite(const CTTensor *tensor, bool *out) noexcept {
    return guarded([&] {
        const auto x = value(tensor).detach();
        bool finite = true;
        if (x.numel() > 0 && x.is_floating_point()) {
            // NaN and infinities survive into the extremes, so no mask of the tensor's size is needed.
            const auto [least, most] = at::aminmax(x);
            finite = std::isfinite(least.item().toDouble()) && std::isfinite(most.item().toDouble());
        }
        *out = finite;
    });
}

CTStatus ct_tensor_equal(const CTTensor *a, const CTTensor *b, bool *out) noexcept {
    return guarded([&] {
        const auto &x = value(a), &y = value(b);
        *out = x.scalar_type() == y.scalar_type() && x.sizes() == y.sizes() && at::equal(x, y);
    });
}

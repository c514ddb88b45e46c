#include "ct_autocast.h"

#include <ATen/autocast_mode.h>

#include "boundary.hpp"

using namespace ctorch;

struct CTAutocastScope {
    at::DeviceType device;
    bool was_on;
    at::ScalarType previous;
    bool cached;
};

namespace {

at::DeviceType kind(CTDevice device) { return device == CT_CPU ? at::kCPU : at::kCUDA; }

}  // namespace

CTStatus ct_autocast_enter(CTDevice device, CTDType dtype, CTAutocastScope **out) noexcept {
    return guarded([&] {
        if (dtype != CT_BFLOAT16 && dtype != CT_FLOAT16 && dtype != CT_FLOAT32)
            throw Failure{CT_TYPE, "mixed precision computes in bfloat16 or float16"};
        const auto type = kind(device);
        auto scope = std::make_unique<CTAutocastScope>(CTAutocastScope{
            type, at::autocast::is_autocast_enabled(type), at::autocast::get_autocast_dtype(type),
            at::autocast::is_autocast_cache_enabled()});
        // The cache is the process's, and would hand a weight that was cast without gradients to a computation with
        // them.
        at::autocast::set_autocast_cache_enabled(false);
        if (dtype != CT_FLOAT32) at::autocast::set_autocast_dtype(type, scalar_type(dtype));
        at::autocast::set_autocast_enabled(type, dtype != CT_FLOAT32);
        *out = scope.release();
    });
}

void ct_autocast_leave(CTAutocastScope *scope) noexcept {
    const std::unique_ptr<CTAutocastScope> owned(scope);
    if (owned == nullptr) return;
    guarded([&] {
        at::autocast::set_autocast_enabled(owned->device, owned->was_on);
        at::autocast::set_autocast_dtype(owned->device, owned->previous);
        at::autocast::set_autocast_cache_enabled(owned->cached);
    });
}

CTStatus ct_autocast_dtype(CTDevice device, CTDType *out) noexcept {
    return guarded([&] {
        const auto type = kind(device);
        *out = at::autocast::is_autocast_enabled(type) ? element_type(at::autocast::get_autocast_dtype(type))
                                                       : CT_FLOAT32;
    });
}

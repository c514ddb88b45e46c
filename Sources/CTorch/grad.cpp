// The only file that needs the autograd engine's own headers.
#include "ct_grad.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "boundary.hpp"

using namespace ctorch;

struct CTGradScope {
    // One of the two is set; its destructor restores the mode.
    std::optional<c10::AutoGradMode> recording;
    std::optional<c10::InferenceMode> inference;
};

CTStatus ct_grad(
    const CTTensor *output, const CTTensor *weights, CTList inputs, CTInt count, bool retain, bool create,
    bool allow_unused, CTTensor **out) noexcept {
    return guarded([&] {
        std::vector<at::Tensor> seeds;
        if (weights != nullptr) seeds.push_back(value(weights));
        const auto gradients = torch::autograd::grad(
            {value(output)}, tensors(inputs, count), seeds, retain || create, create, allow_unused);
        std::vector<std::unique_ptr<CTTensor>> made;
        made.reserve(gradients.size());
        for (const auto &gradient : gradients) made.push_back(gradient.defined() ? wrap(gradient) : nullptr);
        for (size_t i = 0; i < made.size(); ++i) out[i] = made[i].release();
    });
}

CTStatus ct_tensor_set_requires_grad(CTTensor *tensor, bool on) noexcept {
    return guarded([&] {
        const auto &x = value(tensor);
        if (on && !x.is_floating_point())
            throw Failure{CT_TYPE, "only floating-point tensors can require gradients"};
        if (!on && !x.is_leaf())
            throw Failure{
                CT_GRADIENT, "the result of a recorded operation requires grad; detach it instead of switching it off"};
        x.set_requires_grad(on);
    });
}

CTStatus ct_grad_scope_enter(CTGradMode mode, CTGradScope **out) noexcept {
    return guarded([&] {
        auto scope = std::make_unique<CTGradScope>();
        switch (mode) {
            case CT_GRAD_ON: scope->recording.emplace(true); break;
            case CT_GRAD_OFF: scope->recording.emplace(false); break;
            case CT_GRAD_INFERENCE: scope->inference.emplace(true); break;
            default: throw Failure{CT_ARGUMENT, "unknown gradient mode " + std::to_string(static_cast<int>(mode))};
        }
        *out = scope.release();
    });
}

void ct_grad_scope_leave(CTGradScope *scope) noexcept { delete scope; }

bool ct_grad_enabled(void) noexcept {
    bool enabled = false;
    guarded([&] { enabled = c10::GradMode::is_enabled(); });
    return enabled;
}

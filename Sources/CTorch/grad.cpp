// The only file that needs the autograd engine's own headers.
#include "ct_grad.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>

#include "boundary.hpp"

using namespace ctorch;

struct CTGradScope {
    // One of the two is set; its destructor restores the mode.
    std::optional<c10::AutoGradMode> recording;
    std::optional<c10::InferenceMode> inference;
};

namespace {

/// Owns a computation's context for as long as the graph needs it.
struct Computation : torch::CustomClassHolder {
    CTCheckpoint calls;

    explicit Computation(CTCheckpoint calls) : calls(calls) {}
    Computation(const Computation &) = delete;
    Computation &operator=(const Computation &) = delete;
    ~Computation() override { calls.release(calls.context); }
};

struct Checkpointed : torch::autograd::Function<Checkpointed> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *node, const c10::intrusive_ptr<Computation> &computation,
        at::TensorList inputs) {
        node->saved_data["computation"] = at::IValue::make_capsule(computation);
        node->saved_data["count"] = static_cast<int64_t>(inputs.size());
        CTTensor *made = nullptr;
        const auto status = computation->calls.forward(computation->calls.context, &made);
        if (status != CT_OK || made == nullptr) throw Failure{status, "the checkpointed computation failed"};
        return std::unique_ptr<CTTensor>(made)->value;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *node, const torch::autograd::variable_list &gradients) {
        const auto capsule = node->saved_data.at("computation").toCapsule();
        const auto &calls = static_cast<Computation &>(*capsule).calls;
        const auto count = static_cast<size_t>(node->saved_data.at("count").toInt());
        std::vector<CTTensor *> made(count, nullptr);
        std::array<char, 1024> message = {};
        const CTTensor gradient{gradients.at(0)};
        const auto status = calls.backward(
            calls.context, &gradient, made.data(), message.data(), static_cast<CTInt>(message.size()));
        // The first place stands for the computation, which is no tensor.
        torch::autograd::variable_list result(1 + count);
        for (size_t i = 0; i < count; ++i) {
            const std::unique_ptr<CTTensor> own(made[i]);
            if (own != nullptr) result[1 + i] = own->value;
        }
        // The engine passes on standard exceptions only.
        TORCH_CHECK(status == CT_OK, "a checkpointed computation failed in the backward pass: ", message.data());
        return result;
    }
};

}  // namespace

CTStatus ct_checkpoint(CTList inputs, CTInt count, CTCheckpoint computation, CTOut out) noexcept {
    return produce(out, [&] {
        const auto recorded = tensors(inputs, count);
        return Checkpointed::apply(c10::make_intrusive<Computation>(computation), at::TensorList(recorded));
    });
}

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

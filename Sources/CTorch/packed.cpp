#include "ct_packed.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <string_view>

#include "boundary.hpp"

using namespace ctorch;

struct CTPacked {
    at::Tensor weight;
    std::optional<at::Tensor> bias;
    /// The sizes of the weight before it was packed.
    std::vector<int64_t> sizes;
    CTWindow window = {};
    /// Of int8 weights: one scale per output, and the zero points, which are all 0.
    at::Tensor scales = {}, zeros = {};
    CTQuantisation input = {};
};

namespace {

using Optional = std::optional<at::Tensor>;
using Scalars = c10::List<std::optional<at::Scalar>>;
using Text = std::string_view;
using OptionalText = std::optional<Text>;
using OptionalType = std::optional<at::ScalarType>;
using Sizes = std::vector<int64_t>;
using List = c10::List<int64_t>;

/// An operator that LibTorch has in its dispatcher only, by its schema's name.
template <class Signature>
c10::TypedOperatorHandle<Signature> operation(const char *name, const char *overload = "") {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) throw Failure{CT_UNSUPPORTED, std::string("this LibTorch has no operator ") + name};
    return found->typed<Signature>();
}

/// Skips what LibTorch does for gradients: for operators without a derivative it boxes all their arguments, which costs
/// as much as a small layer.
using WithoutAutograd = at::AutoDispatchBelowAutograd;

/// The activation as oneDNN's fused operators name it.
struct Fused {
    const char *name;
    const char *algorithm;
};

Fused fused(CTActivation activation) {
    switch (activation) {
        case CT_ACTIVATION_NONE: return {"none", ""};
        case CT_ACTIVATION_RELU: return {"relu", ""};
        case CT_ACTIVATION_GELU: return {"gelu", "none"};
        case CT_ACTIVATION_GELU_TANH: return {"gelu", "tanh"};
        case CT_ACTIVATION_SILU: return {"swish", ""};
    }
    throw Failure{CT_ARGUMENT, "unknown activation " + std::to_string(static_cast<int>(activation))};
}

const CTPacked &layer_of(const CTPacked *layer, size_t rank) {
    if (layer == nullptr) throw Failure{CT_ARGUMENT, "a packed layer's handle is null"};
    if (layer->sizes.size() != rank) throw Failure{CT_ARGUMENT, "this packed layer is of another kind"};
    return *layer;
}

void require(bool holds, CTStatus status, const char *message) {
    if (!holds) throw Failure{status, message};
}

void require_oneDNN() {
    require(at::hasMKLDNN(), CT_UNSUPPORTED, "this LibTorch was built without oneDNN: layers cannot be packed");
}

/// Refuses weights that the operators would not check themselves.
void check_weight(const at::Tensor &weight, const Optional &bias, int64_t rank, bool quantised) {
    require(weight.device().is_cpu() && weight.dim() == rank, CT_SHAPE, "the weight's dimensions do not fit");
    const auto type = weight.scalar_type();
    require(
        quantised ? type == at::kChar : type == at::kFloat || type == at::kBFloat16, CT_TYPE,
        quantised ? "the weight must be int8" : "the weight must be float32 or bfloat16");
    if (!bias) return;
    require(bias->dim() == 1 && bias->size(0) == weight.size(0), CT_SHAPE, "the bias does not fit the weight");
    require(
        bias->scalar_type() == (quantised ? at::kFloat : type), CT_TYPE,
        "the bias must be of the weight's type, and float32 beside int8");
}

void check_scales(const at::Tensor &scales, const at::Tensor &weight) {
    require(
        scales.scalar_type() == at::kFloat && scales.dim() == 1 && scales.size(0) == weight.size(0), CT_SHAPE,
        "there must be one float32 scale per output");
}

void check_input(const CTPacked &layer, const at::Tensor &x, bool quantised) {
    require(x.device().is_cpu() && x.layout() == at::kStrided, CT_DEVICE, "packed layers run on the CPU");
    const bool linear = layer.sizes.size() == 2;
    const auto inputs = linear ? layer.sizes[1] : layer.sizes[1] * layer.window.groups;
    require(
        linear ? x.dim() >= 1 && x.size(-1) == inputs : x.dim() == 4 && x.size(1) == inputs, CT_SHAPE,
        "the input's channels do not fit the packed weight");
    require(layer.scales.defined() == quantised, CT_ARGUMENT, "an int8 layer and its input must be quantised both");
    require(
        x.scalar_type() == (quantised ? at::kByte : layer.weight.scalar_type()), CT_TYPE,
        "the input must be of the packed weight's type, and uint8 for int8 weights");
}

Sizes both(CTPair extent) { return {extent.height, extent.width}; }

at::Tensor run_linear(const at::Tensor &x, const at::Tensor &weight, const Optional &bias, CTActivation activation) {
    using Signature = at::Tensor(
        const at::Tensor &, const at::Tensor &, const Optional &, Text, Scalars, OptionalText);
    static const auto run = operation<Signature>("mkldnn::_linear_pointwise");
    const auto [name, algorithm] = fused(activation);
    const WithoutAutograd guard;
    return run.call(x, weight, bias, name, Scalars(), algorithm);
}

OptionalType result_type(CTDType dtype) {
    const auto type = scalar_type(dtype);
    require(
        type == at::kFloat || type == at::kBFloat16 || type == at::kByte, CT_TYPE,
        "an int8 layer gives float32, bfloat16 or uint8");
    return type;
}

/// oneDNN wants scale 1 and zero 0 for results that are not quantised.
CTQuantisation result_quantisation(CTDType dtype, CTQuantisation result) {
    return dtype == CT_UINT8 ? result : CTQuantisation{1, 0};
}

void check_sum(const at::Tensor &sum, CTActivation activation) {
    require(
        activation == CT_ACTIVATION_NONE || activation == CT_ACTIVATION_RELU, CT_ARGUMENT,
        "a convolution is followed by nothing or by ReLU");
    require(sum.device().is_cpu() && sum.dim() == 4, CT_SHAPE, "the sum must be a batch of images on the CPU");
}

OptionalText after(CTActivation activation) {
    return activation == CT_ACTIVATION_RELU ? OptionalText("relu") : std::nullopt;
}

}  // namespace

bool ct_packed_available(void) noexcept {
    bool available = false;
    guarded([&] { available = at::hasMKLDNN(); });
    return available;
}

CTStatus ct_packed_linear(
    const CTTensor *weight, const CTTensor *bias, CTInt rows, CTPackedOut out) noexcept {
    return guarded([&] {
        require_oneDNN();
        check_weight(value(weight), optional(bias), 2, false);
        using Signature = at::Tensor(const at::Tensor &, std::optional<c10::SymInt>);
        static const auto pack = operation<Signature>("mkldnn::_reorder_linear_weight");
        const auto hint = rows > 0 ? std::optional<c10::SymInt>(rows) : std::nullopt;
        *out = new CTPacked{
            pack.call(value(weight).contiguous(), hint), optional(bias), value(weight).sizes().vec()};
    });
}

CTStatus ct_packed_linear_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTOut out) noexcept {
    return produce(out, [&] {
        const auto &packed = layer_of(layer, 2);
        check_input(packed, value(x), false);
        return run_linear(value(x), packed.weight, packed.bias, activation);
    });
}

CTStatus ct_fused_linear(
    const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTActivation activation, CTOut out) noexcept {
    return produce(out, [&] {
        require_oneDNN();
        check_weight(value(weight), optional(bias), 2, false);
        check_input(CTPacked{value(weight), optional(bias), value(weight).sizes().vec()}, value(x), false);
        return run_linear(value(x), value(weight), optional(bias), activation);
    });
}

CTStatus ct_packed_linear_int8(
    const CTTensor *weight, const CTTensor *scales, const CTTensor *bias, CTInt rows, CTPackedOut out) noexcept {
    return guarded([&] {
        require_oneDNN();
        check_weight(value(weight), optional(bias), 2, true);
        check_scales(value(scales), value(weight));
        using Signature = at::Tensor(at::Tensor, std::optional<List>);
        static const auto pack = operation<Signature>("onednn::qlinear_prepack");
        const auto outputs = value(weight).size(0), inputs = value(weight).size(1);
        const auto hint = rows > 0 ? std::optional<List>(List({rows, inputs})) : std::nullopt;
        auto layer = CTPacked{
            pack.call(value(weight).contiguous(), hint), optional(bias), value(weight).sizes().vec()};
        layer.scales = value(scales).contiguous();
        layer.zeros = at::zeros({outputs}, at::kInt);
        *out = new CTPacked(std::move(layer));
    });
}

CTStatus ct_packed_linear_int8_run(
    const CTPacked *layer, const CTTensor *x, CTQuantisation input, CTActivation activation, CTDType dtype,
    CTQuantisation result, CTOut out) noexcept {
    return produce(out, [&] {
        const auto &packed = layer_of(layer, 2);
        check_input(packed, value(x), true);
        using Signature = at::Tensor(
            at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, Optional, double, int64_t, OptionalType,
            Text, Scalars, Text);
        static const auto run = operation<Signature>("onednn::qlinear_pointwise");
        const auto [name, algorithm] = fused(activation);
        const auto [scale, zero] = result_quantisation(dtype, result);
        const WithoutAutograd guard;
        return run.call(
            value(x), input.scale, input.zero, packed.weight, packed.scales, packed.zeros, packed.bias, scale, zero,
            result_type(dtype), name, Scalars(), algorithm);
    });
}

CTStatus ct_packed_conv2d(
    const CTTensor *weight, const CTTensor *bias, CTWindow window, const CTInt *sizes, CTPackedOut out) noexcept {
    return guarded([&] {
        require_oneDNN();
        check_weight(value(weight), optional(bias), 4, false);
        using Signature = at::Tensor(
            const at::Tensor &, c10::SymIntArrayRef, c10::SymIntArrayRef, c10::SymIntArrayRef, c10::SymInt,
            at::OptionalSymIntArrayRef);
        static const auto pack = operation<Signature>("mkldnn::_reorder_convolution_weight");
        const std::vector<c10::SymInt> stride = {window.stride.height, window.stride.width};
        const std::vector<c10::SymInt> padding = {window.padding.height, window.padding.width};
        const std::vector<c10::SymInt> dilation = {1, 1}, shape(sizes, sizes + 4);
        auto packed = pack.call(value(weight).contiguous(), padding, stride, dilation, window.groups, shape);
        *out = new CTPacked{std::move(packed), optional(bias), value(weight).sizes().vec(), window};
    });
}

CTStatus ct_packed_conv2d_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTOut out) noexcept {
    return produce(out, [&] {
        const auto &packed = layer_of(layer, 4);
        check_input(packed, value(x), false);
        using Signature = at::Tensor(
            const at::Tensor &, const at::Tensor &, const Optional &, at::IntArrayRef, at::IntArrayRef,
            at::IntArrayRef, int64_t, Text, Scalars, OptionalText);
        static const auto run = operation<Signature>("mkldnn::_convolution_pointwise");
        const auto [name, algorithm] = fused(activation);
        const WithoutAutograd guard;
        return run.call(
            value(x), packed.weight, packed.bias, both(packed.window.padding), both(packed.window.stride), Sizes{1, 1},
            packed.window.groups, name, Scalars(), algorithm);
    });
}

CTStatus ct_packed_conv2d_add(
    const CTPacked *layer, const CTTensor *x, CTTensor *sum, CTActivation activation) noexcept {
    return guarded([&] {
        const auto &packed = layer_of(layer, 4);
        check_input(packed, value(x), false);
        check_sum(value(sum), activation);
        using Signature = at::Tensor &(
            at::Tensor &, const at::Tensor &, const at::Tensor &, const Optional &, at::IntArrayRef, at::IntArrayRef,
            at::IntArrayRef, int64_t, Text, std::optional<at::Scalar>, OptionalText, Scalars, OptionalText);
        static const auto run = operation<Signature>("mkldnn::_convolution_pointwise_", "binary");
        const WithoutAutograd guard;
        run.call(
            sum->value, value(x), packed.weight, packed.bias, both(packed.window.padding), both(packed.window.stride),
            Sizes{1, 1}, packed.window.groups, "add", at::Scalar(1.0), after(activation), Scalars(), std::nullopt);
    });
}

CTStatus ct_packed_conv2d_int8(
    const CTTensor *weight, const CTTensor *scales, const CTTensor *bias, CTWindow window, const CTInt *sizes,
    CTQuantisation input, CTPackedOut out) noexcept {
    return guarded([&] {
        require_oneDNN();
        check_weight(value(weight), optional(bias), 4, true);
        check_scales(value(scales), value(weight));
        using Signature = at::Tensor(
            at::Tensor, at::Tensor, double, int64_t, List, List, List, int64_t, std::optional<List>);
        static const auto pack = operation<Signature>("onednn::qconv_prepack");
        auto packed = pack.call(
            value(weight).contiguous(), value(scales), input.scale, input.zero, List(both(window.stride)),
            List(both(window.padding)), List({1, 1}), window.groups, List({sizes[0], sizes[1], sizes[2], sizes[3]}));
        auto layer = CTPacked{std::move(packed), optional(bias), value(weight).sizes().vec(), window};
        layer.scales = value(scales).contiguous();
        layer.zeros = at::zeros({value(weight).size(0)}, at::kInt);
        layer.input = input;
        *out = new CTPacked(std::move(layer));
    });
}

CTStatus ct_packed_conv2d_int8_run(
    const CTPacked *layer, const CTTensor *x, CTActivation activation, CTDType dtype, CTQuantisation result,
    CTOut out) noexcept {
    return produce(out, [&] {
        const auto &packed = layer_of(layer, 4);
        check_input(packed, value(x), true);
        using Signature = at::Tensor(
            at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, Optional, List,
            List, List, int64_t, double, int64_t, OptionalType, Text, Scalars,
            OptionalText);
        static const auto run = operation<Signature>("onednn::qconv2d_pointwise");
        const auto [name, algorithm] = fused(activation);
        const auto [scale, zero] = result_quantisation(dtype, result);
        const WithoutAutograd guard;
        return run.call(
            value(x), packed.input.scale, packed.input.zero, packed.weight, packed.scales, packed.zeros, packed.bias,
            List(both(packed.window.stride)), List(both(packed.window.padding)),
            List({1, 1}), packed.window.groups, scale, zero, result_type(dtype), name, Scalars(),
            algorithm);
    });
}

CTStatus ct_packed_conv2d_int8_add(
    const CTPacked *layer, const CTTensor *x, CTTensor *sum, CTActivation activation) noexcept {
    return guarded([&] {
        const auto &packed = layer_of(layer, 4);
        check_input(packed, value(x), true);
        check_sum(value(sum), activation);
        using Signature = at::Tensor(
            at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, at::Tensor, Optional,
            List, List, List, int64_t, double, int64_t, OptionalType,
            double, int64_t, Text, std::optional<at::Scalar>, OptionalText, Scalars, OptionalText);
        static const auto run = operation<Signature>("onednn::qconv2d_pointwise", "binary");
        const WithoutAutograd guard;
        const auto result = run.call(
            value(x), packed.input.scale, packed.input.zero, packed.weight, packed.scales, packed.zeros,
            sum->value, packed.bias, List(both(packed.window.stride)),
            List(both(packed.window.padding)), List({1, 1}), packed.window.groups, 1, 0,
            sum->value.scalar_type(), 1, 0, "sum", at::Scalar(1.0), after(activation), Scalars(), std::nullopt);
        if (!result.is_same(sum->value)) sum->value = result;
    });
}

void ct_packed_free(CTPacked *layer) noexcept { delete layer; }

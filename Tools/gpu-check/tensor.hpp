// CTorch's C interface with owners and exceptions: all that the check knows of LibTorch.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "CTorch.h"

struct Refusal : std::runtime_error {
    CTStatus status;
    Refusal(CTStatus status, const char *message) : std::runtime_error(message), status(status) {}
};

inline void check(CTStatus status) {
    if (status != CT_OK) throw Refusal(status, ct_last_error());
}

/// A tensor handle with shared ownership.
class Tensor {
    std::shared_ptr<CTTensor> handle_;

   public:
    Tensor() = default;
    explicit Tensor(CTTensor *owned) : handle_(owned, ct_tensor_free) {}
    operator const CTTensor *() const { return handle_.get(); }
    CTTensor *mutable_handle() const { return handle_.get(); }

    CTDescription description() const {
        CTDescription result;
        check(ct_tensor_describe(*this, &result));
        return result;
    }
    std::vector<CTInt> sizes() const {
        std::vector<CTInt> result(static_cast<size_t>(description().rank));
        check(ct_tensor_sizes(*this, result.data(), static_cast<CTInt>(result.size())));
        return result;
    }
    std::vector<float> floats() const {
        std::vector<float> result(static_cast<size_t>(description().count));
        check(ct_tensor_read(*this, CT_FLOAT32, result.data(), static_cast<CTInt>(result.size() * sizeof(float))));
        return result;
    }
};

template <class Call>
Tensor make(Call &&call) {
    CTTensor *out = nullptr;
    check(call(&out));
    return Tensor(out);
}

using Sizes = std::vector<CTInt>;

inline CTInt count(const Sizes &sizes) { return static_cast<CTInt>(sizes.size()); }

inline Tensor to_type(const Tensor &x, CTDType dtype) {
    return make([&](CTOut out) { return ct_to_dtype(x, dtype, out); });
}
inline Tensor to_device(const Tensor &x, CTDevice device) {
    return make([&](CTOut out) { return ct_to_device(x, device, out); });
}
inline Tensor channels_last(const Tensor &x) {
    return make([&](CTOut out) { return ct_contiguous(x, CT_CHANNELS_LAST, out); });
}
inline Tensor reshape(const Tensor &x, const Sizes &sizes) {
    return make([&](CTOut out) { return ct_reshape(x, sizes.data(), count(sizes), out); });
}
inline Tensor transpose(const Tensor &x, CTInt a, CTInt b) {
    return make([&](CTOut out) { return ct_transpose(x, a, b, out); });
}
inline Tensor select(const Tensor &x, CTInt dim, CTInt index) {
    return make([&](CTOut out) { return ct_select(x, dim, index, out); });
}
inline Tensor add(const Tensor &a, const Tensor &b) {
    return make([&](CTOut out) { return ct_add(a, b, out); });
}
inline Tensor linear(const Tensor &x, const Tensor &weight, const Tensor &bias) {
    return make([&](CTOut out) { return ct_linear(x, weight, bias, out); });
}
inline Tensor layer_norm(const Tensor &x, const Tensor &weight, const Tensor &bias) {
    const auto sizes = weight.sizes();
    return make([&](CTOut out) { return ct_layer_norm(x, sizes.data(), count(sizes), weight, bias, 1e-6, out); });
}
inline Tensor gelu(const Tensor &x, bool tanh_approximation = false) {
    return make([&](CTOut out) { return ct_gelu(x, tanh_approximation, out); });
}
inline Tensor relu(const Tensor &x) {
    return make([&](CTOut out) { return ct_relu(x, out); });
}
inline Tensor softmax(const Tensor &x) {
    return make([&](CTOut out) { return ct_softmax(x, -1, out); });
}
inline Tensor attention(const Tensor &q, const Tensor &k, const Tensor &v, const CTTensor *mask = nullptr) {
    return make([&](CTOut out) { return ct_attention(q, k, v, mask, 0, false, nullptr, out); });
}
inline Tensor conv2d(const Tensor &x, const Tensor &weight, const CTTensor *bias, CTInt stride, CTInt padding) {
    return make([&](CTOut out) {
        return ct_conv2d(x, weight, bias, {stride, stride}, {padding, padding}, {1, 1}, 1, out);
    });
}
inline Tensor max_pool(const Tensor &x, CTInt kernel, CTInt stride, CTInt padding) {
    return make([&](CTOut out) {
        return ct_max_pool2d(x, {kernel, kernel}, {stride, stride}, {padding, padding}, {1, 1}, false, out);
    });
}
inline Tensor average_pool(const Tensor &x, CTPair size) {
    return make([&](CTOut out) { return ct_adaptive_avg_pool2d(x, size, out); });
}
inline Tensor mean(const Tensor &x, const Sizes &dims) {
    return make([&](CTOut out) { return ct_mean(x, dims.data(), count(dims), false, out); });
}
inline Tensor batch_norm(
    const Tensor &x, const Tensor &weight, const Tensor &bias, const Tensor &mean, const Tensor &variance) {
    return make([&](CTOut out) {
        return ct_batch_norm(
            x, weight, bias, mean.mutable_handle(), variance.mutable_handle(), false, 0.1, 1e-5, out);
    });
}

/// Random CPU values from one seed.
class Random {
    std::shared_ptr<CTGenerator> generator_;

   public:
    explicit Random(uint64_t seed) {
        CTGenerator *made = nullptr;
        check(ct_generator_create(seed, CT_CPU, &made));
        generator_ = std::shared_ptr<CTGenerator>(made, ct_generator_free);
    }
    Tensor normal(const Sizes &sizes, double deviation = 1, double mean = 0) {
        const auto x = make([&](CTOut out) {
            return ct_randn(sizes.data(), count(sizes), CT_FLOAT32, CT_CPU, generator_.get(), out);
        });
        check(ct_mul_scalar_(x.mutable_handle(), CTScalar{false, 0, deviation}));
        check(ct_add_scalar_(x.mutable_handle(), CTScalar{false, 0, mean}));
        return x;
    }
};

inline Tensor filled(const Sizes &sizes, double value) {
    return make([&](CTOut out) {
        return ct_full(sizes.data(), count(sizes), CTScalar{false, 0, value}, CT_FLOAT32, CT_CPU, out);
    });
}

inline const char *name(CTDType dtype) {
    switch (dtype) {
        case CT_FLOAT32: return "fp32";
        case CT_FLOAT16: return "fp16";
        case CT_BFLOAT16: return "bf16";
        default: return "other";
    }
}

/// A CUDA graph of a pass whose input has the shape, the type and the device of `like`.
class Graph {
    std::shared_ptr<CTGraph> handle_;

   public:
    template <class Pass>
    Graph(const Tensor &like, Pass &&pass, CTInt warm_ups = 3) {
        struct Context {
            Tensor input;
            Pass &pass;
        } context{make([&](CTOut out) { return ct_clone(like, out); }), pass};
        const CTGraphBody body = [](void *argument, CTOut out) {
            const auto &context = *static_cast<Context *>(argument);
            try {
                const Tensor result = context.pass(context.input);
                return ct_detach(result, out);
            } catch (const Refusal &refusal) {
                return refusal.status;
            }
        };
        CTGraph *made = nullptr;
        check(ct_cuda_graph_capture(context.input, warm_ups, body, &context, &made));
        handle_ = std::shared_ptr<CTGraph>(made, ct_cuda_graph_free);
    }
    Tensor replay(const Tensor &x) const {
        return make([&](CTOut out) { return ct_cuda_graph_replay(handle_.get(), x, out); });
    }
};

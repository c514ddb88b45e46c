// The two families that Cutis runs, with random weights, in the operations that it runs them with.
#pragma once

#include <cmath>

#include "tensor.hpp"

/// Where and in what a network computes.
struct Placement {
    CTDevice device;
    CTDType dtype;
    bool channels_last;

    Tensor operator()(const Tensor &x) const {
        const auto placed = to_type(to_device(x, device), dtype);
        return channels_last && placed.description().rank == 4 ? ::channels_last(placed) : placed;
    }
};

/// Weights in the order in which the forward pass takes them.
class Network {
   protected:
    std::vector<Tensor> weights_;
    /// Hands out the weights one by one.
    struct Cursor {
        const std::vector<Tensor> &weights;
        size_t next = 0;
        const Tensor &operator()() { return weights.at(next++); }
    };

   public:
    virtual ~Network() = default;
    virtual Tensor operator()(const Tensor &x) const = 0;
    /// Multiplications and additions for one image of `size` × `size` pixels.
    virtual double operations(CTInt size) const = 0;
    virtual std::unique_ptr<Network> placed(const Placement &place) const = 0;
};

/// A vision transformer with class token, learnt positions and GELU: ViT-B/16, ViT-L/14.
class ViT final : public Network {
    CTInt patch_, width_, depth_, heads_;

   public:
    ViT(CTInt patch, CTInt width, CTInt depth, CTInt heads, CTInt image, Random &random)
        : patch_(patch), width_(width), depth_(depth), heads_(heads) {
        const auto grid = image / patch;
        const auto matrix = [&](CTInt outputs, CTInt inputs) {
            weights_.push_back(random.normal({outputs, inputs}, 1 / std::sqrt(double(inputs))));
            weights_.push_back(random.normal({outputs}, 0.02));
        };
        const auto norm = [&] {
            weights_.push_back(random.normal({width}, 0.1, 1));
            weights_.push_back(random.normal({width}, 0.1));
        };
        weights_.push_back(random.normal({width, 3, patch, patch}, 1 / std::sqrt(3.0 * patch * patch)));
        weights_.push_back(random.normal({width}, 0.02));
        weights_.push_back(random.normal({1, 1, width}));
        weights_.push_back(random.normal({1, grid * grid + 1, width}, 0.2));
        for (CTInt i = 0; i < depth; ++i) {
            norm();
            matrix(3 * width, width);
            matrix(width, width);
            norm();
            matrix(4 * width, width);
            matrix(width, 4 * width);
        }
        norm();
    }

    Tensor operator()(const Tensor &x) const override {
        Cursor weight{weights_};
        const auto batch = x.sizes()[0];
        const auto &kernel = weight(), &bias = weight(), &token = weight(), &positions = weight();
        const auto image = conv2d(x, kernel, bias, patch_, 0);
        const auto patches = transpose(
            make([&](CTOut out) { return ct_flatten(image, 2, 3, out); }), 1, 2);
        const Sizes whole = {batch, 1, width_};
        const auto prefix = make([&](CTOut out) { return ct_expand(token, whole.data(), 3, out); });
        const CTTensor *parts[] = {prefix, patches};
        auto y = add(make([&](CTOut out) { return ct_cat(parts, 2, 1, out); }), positions);
        const auto tokens = y.sizes()[1];
        for (CTInt i = 0; i < depth_; ++i) {
            const auto &scale1 = weight(), &shift1 = weight(), &qkv = weight(), &qkv_bias = weight();
            const auto packed = reshape(
                linear(layer_norm(y, scale1, shift1), qkv, qkv_bias), {batch, tokens, 3, heads_, width_ / heads_});
            const Sizes order = {2, 0, 3, 1, 4};
            const auto split = make([&](CTOut out) { return ct_permute(packed, order.data(), 5, out); });
            const auto mixed = attention(select(split, 0, 0), select(split, 0, 1), select(split, 0, 2));
            const auto &projection = weight(), &projection_bias = weight();
            y = add(y, linear(reshape(transpose(mixed, 1, 2), {batch, tokens, width_}), projection, projection_bias));
            const auto &scale2 = weight(), &shift2 = weight(), &up = weight(), &up_bias = weight(), &down = weight(),
                       &down_bias = weight();
            y = add(y, linear(gelu(linear(layer_norm(y, scale2, shift2), up, up_bias)), down, down_bias));
        }
        const auto &scale = weight(), &shift = weight();
        return select(layer_norm(y, scale, shift), 1, 0);
    }

    double operations(CTInt size) const override {
        const double patches = double(size / patch_) * double(size / patch_), tokens = patches + 1;
        const double block = tokens * 12 * double(width_) * double(width_) + 2 * tokens * tokens * double(width_);
        return 2 * (patches * 3 * double(patch_ * patch_ * width_) + double(depth_) * block);
    }

    std::unique_ptr<Network> placed(const Placement &place) const override {
        auto copy = std::make_unique<ViT>(*this);
        for (auto &weight : copy->weights_) weight = place(weight);
        return copy;
    }
};

/// A residual network of bottlenecks: {3, 4, 6, 3} is ResNet-50 without its head.
class ResNet final : public Network {
    std::vector<CTInt> blocks_;
    mutable double operations_ = 0;

    Tensor convolved(const Tensor &x, Cursor &weight, CTInt stride, CTInt padding) const {
        const auto &kernel = weight();
        const auto y = conv2d(x, kernel, nullptr, stride, padding);
        operations_ += 2 * double(y.description().count) / double(x.sizes()[0]) *
                       double(kernel.description().count) / double(kernel.sizes()[0]);
        const auto &scale = weight(), &shift = weight(), &mean = weight(), &variance = weight();
        return batch_norm(y, scale, shift, mean, variance);
    }

   public:
    ResNet(std::vector<CTInt> blocks, Random &random) : blocks_(std::move(blocks)) {
        const auto convolution = [&](CTInt outputs, CTInt inputs, CTInt kernel, double scale) {
            weights_.push_back(
                random.normal({outputs, inputs, kernel, kernel}, std::sqrt(2.0 / double(inputs * kernel * kernel))));
            weights_.push_back(random.normal({outputs}, 0.1 * scale, scale));
            weights_.push_back(random.normal({outputs}, 0.1));
            weights_.push_back(random.normal({outputs}, 0.1));
            weights_.push_back(filled({outputs}, 1));
        };
        convolution(64, 3, 7, 1);
        CTInt inputs = 64;
        for (size_t stage = 0; stage < blocks_.size(); ++stage) {
            const CTInt width = CTInt(64) << stage;
            for (CTInt block = 0; block < blocks_[stage]; ++block) {
                convolution(width, inputs, 1, 1);
                convolution(width, width, 3, 1);
                convolution(4 * width, width, 1, 0.3);
                if (block == 0) convolution(4 * width, inputs, 1, 0.7);
                inputs = 4 * width;
            }
        }
    }

    Tensor operator()(const Tensor &x) const override {
        operations_ = 0;
        Cursor weight{weights_};
        auto y = max_pool(relu(convolved(x, weight, 2, 3)), 3, 2, 1);
        for (size_t stage = 0; stage < blocks_.size(); ++stage) {
            for (CTInt block = 0; block < blocks_[stage]; ++block) {
                const CTInt stride = block == 0 && stage > 0 ? 2 : 1;
                auto z = relu(convolved(y, weight, 1, 0));
                z = relu(convolved(z, weight, stride, 1));
                z = convolved(z, weight, 1, 0);
                y = relu(add(z, block == 0 ? convolved(y, weight, stride, 0) : y));
            }
        }
        return mean(y, {2, 3});
    }

    /// Of the last pass, whatever the size.
    double operations(CTInt) const override { return operations_; }

    std::unique_ptr<Network> placed(const Placement &place) const override {
        auto copy = std::make_unique<ResNet>(*this);
        for (auto &weight : copy->weights_) weight = place(weight);
        return copy;
    }
};

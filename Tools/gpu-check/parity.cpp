#include <cmath>
#include <functional>
#include <limits>

#include "gpu_check.hpp"
#include "networks.hpp"

namespace {

using Operation = std::function<Tensor(const std::vector<Tensor> &)>;

struct Case {
    std::string name;
    std::vector<Tensor> inputs;
    Operation compute;
};

/// The operations of inference, at the sizes of the models and at odd ones.
std::vector<Case> cases(Random &random) {
    const auto conv = [](CTInt stride, CTInt padding) {
        return [=](const std::vector<Tensor> &x) {
            const CTTensor *bias = x.size() > 2 ? static_cast<const CTTensor *>(x[2]) : nullptr;
            return conv2d(channels_last(x[0]), channels_last(x[1]), bias, stride, padding);
        };
    };
    const auto fused = [](const std::vector<Tensor> &x) { return attention(x[0], x[1], x[2]); };
    const auto product = [](const std::vector<Tensor> &x) { return linear(x[0], x[1], x[2]); };
    const auto normal = [&](const Sizes &sizes, double deviation = 1) { return random.normal(sizes, deviation); };
    const auto heads = [&](const Sizes &sizes) {
        return std::vector<Tensor>{normal(sizes), normal(sizes), normal(sizes)};
    };
    return {
        {"linear 2x197x768 -> 3072", {normal({2, 197, 768}), normal({3072, 768}, 0.036), normal({3072})}, product},
        {"linear 3x5x37 -> 11", {normal({3, 5, 37}), normal({11, 37}, 0.16), normal({11})}, product},
        {"conv2d 3x3 /2, 64 -> 128", {normal({2, 64, 28, 28}), normal({128, 64, 3, 3}, 0.04)}, conv(2, 1)},
        {"conv2d 1x1, 256 -> 64", {normal({2, 256, 56, 56}), normal({64, 256, 1, 1}, 0.06)}, conv(1, 0)},
        {"conv2d 7x7 /2, 3 -> 64", {normal({2, 3, 224, 224}), normal({64, 3, 7, 7}, 0.08)}, conv(2, 3)},
        {"conv2d patches 16, 3 -> 768",
         {normal({2, 3, 224, 224}), normal({768, 3, 16, 16}, 0.036), normal({768})},
         conv(16, 0)},
        {"layer_norm 768",
         {normal({2, 197, 768}, 3), normal({768}), normal({768})},
         [](const std::vector<Tensor> &x) { return layer_norm(x[0], x[1], x[2]); }},
        {"batch_norm 64",
         {normal({2, 64, 56, 56}, 2), normal({64}), normal({64}), normal({64}), filled({64}, 0.7)},
         [](const std::vector<Tensor> &x) {
             return batch_norm(channels_last(x[0]), x[1], x[2], x[3], x[4]);
         }},
        {"gelu", {normal({2, 197, 3072}, 2)}, [](const std::vector<Tensor> &x) { return gelu(x[0]); }},
        {"gelu (tanh)", {normal({2, 197, 3072}, 2)}, [](const std::vector<Tensor> &x) { return gelu(x[0], true); }},
        {"attention 12 x 197 x 64", heads({2, 12, 197, 64}), fused},
        {"attention 16 x 1025 x 64", heads({1, 16, 1025, 64}), fused},
        {"attention 3 x 50 x 32, masked",
         heads({1, 3, 50, 32}),
         [](const std::vector<Tensor> &x) {
             // The last seven keys take no part.
             std::vector<uint8_t> present(50, 1);
             for (size_t i = 43; i < present.size(); ++i) present[i] = 0;
             const CTInt sizes[] = {1, 1, 1, 50};
             const auto mask = make(
                 [&](CTOut out) { return ct_tensor_from_bytes(present.data(), 50, sizes, 4, CT_BOOL, out); });
             return attention(x[0], x[1], x[2], to_device(mask, x[0].description().device));
         }},
        {"softmax 1000", {normal({8, 1000}, 4)}, [](const std::vector<Tensor> &x) { return softmax(x[0]); }},
        {"max_pool2d 3 /2",
         {normal({2, 64, 113, 111})},
         [](const std::vector<Tensor> &x) { return max_pool(channels_last(x[0]), 3, 2, 1); }},
        {"adaptive_avg_pool2d 1",
         {normal({2, 512, 7, 7})},
         [](const std::vector<Tensor> &x) { return average_pool(channels_last(x[0]), {1, 1}); }},
        {"mean over the image",
         {normal({2, 512, 7, 7})},
         [](const std::vector<Tensor> &x) { return mean(channels_last(x[0]), {2, 3}); }},
    };
}

/// Largest difference over the largest reference value, and the cosine. NaN anywhere gives an infinite error.
void compare(const std::vector<float> &reference, const std::vector<float> &measured, ParityRow &row) {
    if (reference.size() != measured.size()) {
        row.failure = "another number of elements than on the CPU";
        return;
    }
    double largest = 0, difference = 0, dot = 0, square_a = 0, square_b = 0;
    bool finite = true;
    for (size_t i = 0; i < reference.size(); ++i) {
        const double a = reference[i], b = measured[i];
        finite = finite && std::isfinite(a) && std::isfinite(b);
        largest = std::max(largest, std::abs(a));
        difference = std::max(difference, std::abs(a - b));
        dot += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    row.error = finite && largest > 0 ? difference / largest : std::numeric_limits<double>::infinity();
    row.cosine = finite ? dot / std::sqrt(square_a * square_b) : 0;
}

// A result of an operation is rounded once: half a unit in the last place is 2⁻¹¹ in fp16 and 2⁻⁸ in bf16 of the value;
// attention rounds its weights too. The sums themselves are kept in fp32 on both sides.
double operation_bound(CTDType dtype) {
    switch (dtype) {
        case CT_FLOAT16: return 2e-3;
        case CT_BFLOAT16: return 1e-2;
        default: return 2e-5;
    }
}

// Rounding adds up over the layers of a network; what counts there is the direction of the features.
void network_bounds(CTDType dtype, ParityRow &row) {
    switch (dtype) {
        case CT_FLOAT16: row.error_bound = 1e-2, row.cosine_bound = 0.9999; break;
        case CT_BFLOAT16: row.error_bound = 5e-2, row.cosine_bound = 0.9995; break;
        default: row.error_bound = 5e-4, row.cosine_bound = 0.99999;
    }
}

template <class Body>
ParityRow row(const std::string &name, CTDType dtype, Body &&body) {
    ParityRow result;
    result.name = name;
    result.precision = ::name(dtype);
    try {
        body(result);
    } catch (const Refusal &refusal) {
        result.failure = refusal.what();
    }
    return result;
}

constexpr CTDType precisions[] = {CT_FLOAT32, CT_FLOAT16, CT_BFLOAT16};

}  // namespace

void check_parity(const Options &options, Report &report) {
    check(ct_runtime_set_tf32(false));
    Random random(1);
    for (const auto &one : cases(random)) {
        for (const auto dtype : precisions) {
            report.parity.push_back(row(one.name, dtype, [&](ParityRow &row) {
                // The reference gets the rounded inputs, so that only the operation itself is compared.
                std::vector<Tensor> rounded, there;
                for (const auto &input : one.inputs) {
                    rounded.push_back(to_type(to_type(input, dtype), CT_FLOAT32));
                    there.push_back(to_device(to_type(input, dtype), options.device));
                }
                row.error_bound = operation_bound(dtype);
                compare(one.compute(rounded).floats(), one.compute(there).floats(), row);
            }));
        }
    }
    struct Whole {
        std::string name;
        std::unique_ptr<Network> network;
        bool channels_last;
    };
    std::vector<Whole> networks;
    networks.push_back({"ViT-B/16@224, 12 blocks", std::make_unique<ViT>(16, 768, 12, 12, 224, random), false});
    networks.push_back(
        {"ResNet bottlenecks {2, 2, 2, 2}", std::make_unique<ResNet>(std::vector<CTInt>{2, 2, 2, 2}, random), true});
    const auto images = random.normal({2, 3, 224, 224});
    for (const auto &one : networks) {
        const auto reference = (*one.network)(images).floats();
        for (const auto dtype : precisions) {
            report.parity.push_back(row(one.name, dtype, [&](ParityRow &row) {
                const Placement place{options.device, dtype, one.channels_last};
                network_bounds(dtype, row);
                compare(reference, (*one.network->placed(place))(place(images)).floats(), row);
            }));
        }
    }
}

void check_graphs(const Options &options, Report &report) {
    const auto note = [&](const std::string &name, const std::function<void(CheckRow &)> &body) {
        CheckRow row;
        row.name = name;
        try {
            body(row);
        } catch (const Refusal &refusal) {
            row.passed = false;
            row.note = refusal.what();
        }
        report.checks.push_back(row);
    };
    if (!ct_cuda_graph_built()) {
        report.checks.push_back(
            {"CUDA graphs", false, "not in this build: the headers of CUDA 12.4 or newer were not found"});
        return;
    }
    Random random(2);
    for (const auto dtype : {CT_FLOAT16, CT_BFLOAT16}) {
        note(std::string("a graph equals the pass, ViT, ") + ::name(dtype), [&](CheckRow &row) {
            const Placement place{options.device, dtype, false};
            const auto network = ViT(16, 384, 4, 6, 224, random).placed(place);
            const auto pass = [&](const Tensor &x) { return (*network)(x); };
            std::vector<Tensor> inputs, replayed;
            for (int i = 0; i < 3; ++i) inputs.push_back(random.normal({2, 3, 224, 224}));
            const Graph graph(place(inputs[0]), pass);
            // All are read after the last replay: a result must not change with the next one.
            for (const auto &x : inputs) replayed.push_back(graph.replay(x));
            row.passed = true;
            for (size_t i = 0; i < inputs.size(); ++i) {
                ParityRow difference;
                compare(pass(place(inputs[i])).floats(), replayed[i].floats(), difference);
                row.passed = row.passed && difference.failure.empty() && difference.error <= 1e-3;
                row.note += (i ? ", " : "largest difference ") + std::to_string(difference.error);
            }
        });
    }
    note("a graph equals the pass, ResNet, channels-last, fp16", [&](CheckRow &row) {
        const Placement place{options.device, CT_FLOAT16, true};
        const auto network = ResNet({1, 1, 1, 1}, random).placed(place);
        const auto pass = [&](const Tensor &x) { return (*network)(x); };
        const auto x = place(random.normal({2, 3, 224, 224}));
        const Graph graph(x, pass);
        ParityRow difference;
        compare(pass(x).floats(), graph.replay(x).floats(), difference);
        row.passed = difference.failure.empty() && difference.error <= 1e-3;
        row.note = "largest difference " + std::to_string(difference.error);
    });
    const auto x = to_device(random.normal({4, 8}), options.device);
    const auto doubled = [](const Tensor &x) { return add(x, x); };
    note("a pass that cannot be recorded is refused, and the device goes on", [&](CheckRow &row) {
        bool refused = false;
        try {
            const Graph graph(x, [&](const Tensor &y) {
                double value = 0;
                check(ct_tensor_item(mean(y, {0, 1}), &value));
                return doubled(y);
            });
        } catch (const Refusal &refusal) {
            refused = true;
            row.note = refusal.what();
        }
        const Graph graph(x, doubled);
        row.passed = refused && graph.replay(x).floats() == doubled(x).floats();
    });
    note("another shape is refused", [&](CheckRow &row) {
        const Graph graph(x, doubled);
        try {
            graph.replay(to_device(random.normal({5, 8}), options.device));
        } catch (const Refusal &refusal) {
            row.passed = refusal.status == CT_SHAPE;
            row.note = refusal.what();
        }
    });
}

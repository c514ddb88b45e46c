#include <algorithm>
#include <chrono>
#include <functional>

#include "gpu_check.hpp"
#include "networks.hpp"

namespace {

/// Milliseconds of each pass, the device's queue empty before and after.
std::vector<double> timed(CTDevice device, int runs, const std::function<void()> &pass) {
    constexpr int warm_ups = 3;
    std::vector<double> result;
    for (int i = -warm_ups; i < runs; ++i) {
        check(ct_runtime_synchronize(device));
        const auto start = std::chrono::steady_clock::now();
        pass();
        check(ct_runtime_synchronize(device));
        const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
        if (i >= 0) result.push_back(taken.count());
    }
    std::sort(result.begin(), result.end());
    return result;
}

double quantile(const std::vector<double> &sorted, double share) {
    return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

struct Subject {
    std::string architecture;
    CTInt size;
    bool channels_last;
    std::function<std::unique_ptr<Network>(Random &)> make;
};

BenchRow measured(
    const Options &options, const Subject &subject, const Network &network, const Placement &place, CTInt batch,
    bool uses_graph) {
    BenchRow row;
    row.architecture = subject.architecture;
    row.precision = name(place.dtype);
    row.mode = uses_graph ? "graph" : "eager";
    row.image_size = subject.size;
    row.batch = batch;
    try {
        check(ct_runtime_empty_cache());
        Random random(3);
        const auto images = place(random.normal({batch, 3, subject.size, subject.size}));
        const auto pass = [&](const Tensor &x) { return network(x); };
        std::vector<double> times;
        if (uses_graph) {
            const Graph graph(images, pass);
            times = timed(options.device, options.runs, [&] { graph.replay(images); });
        } else {
            times = timed(options.device, options.runs, [&] { pass(images); });
        }
        row.median_ms = quantile(times, 0.5);
        row.min_ms = times.front();
        row.p95_ms = quantile(times, 0.95);
        row.images_per_s = 1000 * static_cast<double>(batch) / row.median_ms;
        row.tflops = row.images_per_s * network.operations(subject.size) / 1e12;
        if (options.device != CT_CPU) {
            CTMemory memory;
            check(ct_runtime_memory(options.device, &memory));
            row.memory_mb = static_cast<double>(memory.reserved) / 1e6;
        }
    } catch (const Refusal &refusal) {
        row.failure = refusal.what();
    }
    return row;
}

void bench_copies(const Options &options, Report &report) {
    const Sizes sizes = {32, 3, 448, 448};
    const auto copied = [&](const std::string &memory, const Tensor &x, auto &&copy) {
        const auto times = timed(options.device, options.runs, [&] {
            make([&](CTOut out) { return copy(x, options.device, out); });
        });
        const double megabytes = static_cast<double>(x.description().count) * sizeof(float) / 1e6;
        const auto median = quantile(times, 0.5);
        report.copies.push_back({memory, megabytes, median, megabytes / median});
    };
    copied("pageable", filled(sizes, 1), ct_to_device);
    const auto pinned =
        make([&](CTOut out) { return ct_empty_pinned(sizes.data(), count(sizes), CT_FLOAT32, out); });
    check(ct_zero_(pinned.mutable_handle()));
    copied("page-locked, without waiting", pinned, ct_to_device_async);
}

}  // namespace

void run_bench(const Options &options, Report &report) {
    const auto resnet = [](Random &random) -> std::unique_ptr<Network> {
        return std::make_unique<ResNet>(std::vector<CTInt>{3, 4, 6, 3}, random);
    };
    std::vector<Subject> subjects = {
        {"vit-l-14", 448, false,
         [](Random &random) { return std::make_unique<ViT>(14, 1024, 24, 16, 448, random); }},
        {"resnet-50", 224, true, resnet},
    };
    std::vector<CTInt> batches = {1, 8, 32};
    if (options.is_dry_run) {
        // Small enough for a CPU: only whether it runs is seen there.
        subjects = {
            {"vit-s-16", 224, false,
             [](Random &random) { return std::make_unique<ViT>(16, 384, 12, 6, 224, random); }},
            {"resnet-50", 224, true, resnet},
        };
        batches = {1};
    }
    for (const auto &subject : subjects) {
        Random random(3);
        const auto network = subject.make(random);
        for (const auto dtype : {CT_FLOAT16, CT_BFLOAT16}) {
            const Placement place{options.device, dtype, subject.channels_last};
            const auto placed = network->placed(place);
            for (const auto batch : batches) {
                report.bench.push_back(measured(options, subject, *placed, place, batch, false));
                if (ct_cuda_graph_built() && !options.is_dry_run)
                    report.bench.push_back(measured(options, subject, *placed, place, batch, true));
            }
        }
    }
    if (!options.is_dry_run) bench_copies(options, report);
}

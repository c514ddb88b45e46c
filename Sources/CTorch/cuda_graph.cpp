#include "ct_cuda.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/GradMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <mutex>

#include "boundary.hpp"
#include "ct_runtime.h"

// CUDAConfig.h is there in CUDA builds of LibTorch only, and CUDA's own headers are no part of LibTorch. The layout of
// LibTorch's graph class depends on whether they are 12.4 or newer, as its libraries are.
#if __has_include(<ATen/cuda/CUDAConfig.h>) && __has_include(<cuda.h>) && __has_include(<cuda_runtime_api.h>) && \
    __has_include(<crt/host_defines.h>)
#include <cuda_runtime_api.h>
#if CUDART_VERSION >= 12040
#define CT_HAS_CUDA_GRAPHS 1
#include <ATen/cuda/CUDAGraph.h>
#endif
#endif

using namespace ctorch;

bool ct_cuda_graph_built(void) noexcept {
#ifdef CT_HAS_CUDA_GRAPHS
    return true;
#else
    return false;
#endif
}

#ifdef CT_HAS_CUDA_GRAPHS

struct CTGraph {
    at::Tensor input;
    at::Tensor output;
    at::cuda::CUDAGraph recording;
};

namespace {

at::Tensor computed(CTGraphBody body, void *context) {
    CTTensor *made = nullptr;
    const CTStatus status = body(context, &made);
    const std::unique_ptr<CTTensor> owned(made);
    // The message belongs to the body's last call and would be gone after the next one.
    if (status != CT_OK) throw Failure{status, ct_last_error()};
    return value(owned.get());
}

void synchronize(const at::Tensor &x) { at::detail::getCUDAHooks().deviceSynchronize(x.device().index()); }

/// Records `body` on the current stream, which leaves the recording state whatever happens.
void record(CTGraph &graph, CTGraphBody body, void *context) {
    // Only what this thread itself does may spoil the recording: other threads go on allocating.
    graph.recording.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
        graph.output = computed(body, context);
    } catch (...) {
        try {
            graph.recording.capture_end();
        } catch (...) {
            // The body's own failure says more than that of the recording which it spoilt.
        }
        throw;
    }
    graph.recording.capture_end();
}

}  // namespace

CTStatus ct_cuda_graph_capture(
    const CTTensor *input, CTInt warm_ups, CTGraphBody body, void *context, CTGraph **out) noexcept {
    return guarded([&] {
        const auto &x = value(input);
        if (!x.is_cuda()) throw Failure{CT_DEVICE, "the input of a CUDA graph must be on a CUDA device"};
        if (warm_ups < 1 || warm_ups > 100)
            throw Failure{CT_ARGUMENT, "a CUDA graph takes 1 to 100 warm-ups, not " + std::to_string(warm_ups)};
        // The device's default random generator can take part in one recording at a time.
        static std::mutex one_at_a_time;
        const std::lock_guard alone(one_at_a_time);
        const c10::NoGradGuard no_gradients;
        auto graph = std::make_unique<CTGraph>();
        graph->input = x;
        // Weights and input may still be on their way on another stream.
        synchronize(x);
        {
            const c10::impl::VirtualGuardImpl cuda(c10::DeviceType::CUDA);
            const c10::StreamGuard side(cuda.getStreamFromGlobalPool(x.device()));
            for (CTInt i = 0; i < warm_ups; ++i) computed(body, context);
            synchronize(x);
            // The warm-ups' memory belongs to this stream, which nobody else uses.
            at::getDeviceAllocator(at::kCUDA)->emptyCache();
            record(*graph, body, context);
        }
        clear_message();
        *out = graph.release();
    });
}

CTStatus ct_cuda_graph_replay(CTGraph *graph, const CTTensor *x, CTOut out) noexcept {
    return produce(out, [&] {
        const auto &values = value(x);
        if (values.sizes() != graph->input.sizes())
            throw Failure{CT_SHAPE, "the graph was recorded for another shape than that of its new input"};
        const c10::NoGradGuard no_gradients;
        const c10::DeviceGuard there(graph->input.device());
        graph->input.copy_(values, /*non_blocking=*/true);
        graph->recording.replay();
        return graph->output.clone();
    });
}

void ct_cuda_graph_free(CTGraph *graph) noexcept {
    if (graph == nullptr) return;
    guarded([&] { synchronize(graph->input); });
    guarded([&] { delete graph; });
}

#else

struct CTGraph {};

namespace {

[[noreturn]] void refuse() {
    if (ct_runtime_cuda_built())
        throw Failure{
            CT_UNSUPPORTED,
            "this build cannot record CUDA graphs: the headers of CUDA 12.4 or newer were missing when it was compiled"};
    throw Failure{CT_UNSUPPORTED, "CUDA graphs need a CUDA build of LibTorch, and this one was built without CUDA"};
}

}  // namespace

CTStatus ct_cuda_graph_capture(const CTTensor *, CTInt, CTGraphBody, void *, CTGraph **) noexcept {
    return guarded([] { refuse(); });
}

CTStatus ct_cuda_graph_replay(CTGraph *, const CTTensor *, CTOut) noexcept {
    return guarded([] { refuse(); });
}

void ct_cuda_graph_free(CTGraph *graph) noexcept { delete graph; }

#endif

CTStatus ct_empty_pinned(const CTInt *sizes, CTInt rank, CTDType dtype, CTOut out) noexcept {
    return produce(out, [&] {
        if (!at::hasCUDA())
            throw Failure{CT_UNSUPPORTED, "page-locked memory needs a CUDA device, and LibTorch sees none"};
        return at::empty(array(sizes, rank), options(dtype, CT_CPU).pinned_memory(true));
    });
}

CTStatus ct_to_device_async(const CTTensor *x, CTDevice where, CTOut out) noexcept {
    return produce(out, [&] {
        // Towards the host a copy that does not wait would give elements that are not there yet.
        const bool non_blocking = value(x).is_cpu() && where != CT_CPU;
        return value(x).to(device(where), value(x).scalar_type(), non_blocking);
    });
}

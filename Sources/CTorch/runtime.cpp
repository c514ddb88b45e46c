#include "ct_runtime.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
// Nothing but the version's macros: present in the same place in all versions that are accepted.
#include <torch/version.h>

#include <cstdio>
#include <new>
#include <stdexcept>

#include "boundary.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR < 11 || TORCH_VERSION_MINOR > 13
#error "CTorch is written for LibTorch 2.11 to 2.13: fetch one of them with Scripts/libtorch.sh"
#endif

using namespace ctorch;

namespace {

/// LibTorch's own description of how it was built; a constant of the process.
const std::string &configuration() {
    static const std::string text = at::show_config();
    return text;
}

/// The value of NAME=value in the build settings.
std::string setting(const std::string &name) {
    const auto start = configuration().find(" " + name + "=");
    if (start == std::string::npos) return "";
    const auto from = start + name.size() + 2;
    return configuration().substr(from, configuration().find_first_of(", \n", from) - from);
}

bool built_with_cuda() {
    const auto value = setting("USE_CUDA");
    return value == "1" || value == "ON";
}

}  // namespace

const char *ct_version(void) noexcept { return TORCH_VERSION; }

CTStatus ct_runtime_configuration(char *buffer, CTInt capacity) noexcept {
    return guarded([&] {
        if (capacity < 1) throw Failure{CT_ARGUMENT, "the buffer has no room"};
        const auto text = "CTorch for LibTorch " TORCH_VERSION "\n" + configuration();
        std::snprintf(buffer, static_cast<size_t>(capacity), "%s", text.c_str());
    });
}

CTStatus ct_runtime_check_facts(const char *loaded_version, bool cuda_built, bool cuda_present) noexcept {
    return guarded([&] {
        const std::string loaded = loaded_version;
        if (loaded != TORCH_VERSION)
            throw Failure{
                CT_VERSION, "LibTorch " + loaded + " is loaded, but this program was built for " TORCH_VERSION};
        if (cuda_built && !cuda_present)
            throw Failure{
                CT_VERSION,
                "LibTorch was built with CUDA, but its CUDA library is not loaded: link libtorch_cuda with "
                "--no-as-needed, or use a CPU build"};
        if (cuda_present && !cuda_built)
            throw Failure{CT_VERSION, "a CUDA library is loaded beside a LibTorch that was built without CUDA"};
    });
}

CTStatus ct_runtime_check(void) noexcept {
    CTStatus verdict = CT_OK;
    // The inner call passes the boundary itself and leaves its message in place.
    const CTStatus asked = guarded([&] {
        const auto loaded = setting("TORCH_VERSION");
        verdict = ct_runtime_check_facts(loaded.c_str(), built_with_cuda(), at::globalContext().hasCUDART());
    });
    return asked == CT_OK ? verdict : asked;
}

CTInt ct_runtime_threads(void) noexcept {
    CTInt count = 1;
    guarded([&] { count = at::get_num_threads(); });
    return count;
}

CTStatus ct_runtime_set_threads(CTInt count) noexcept {
    return guarded([&] {
        if (count < 1 || count > 4096)
            throw Failure{CT_ARGUMENT, "the number of threads must be 1 to 4096, not " + std::to_string(count)};
        at::set_num_threads(static_cast<int>(count));
    });
}

bool ct_runtime_cuda_built(void) noexcept {
    bool built = false;
    guarded([&] { built = built_with_cuda(); });
    return built;
}

CTInt ct_runtime_cuda_count(void) noexcept {
    CTInt count = 0;
    guarded([&] { count = at::hasCUDA() ? static_cast<CTInt>(at::getNumGPUs()) : 0; });
    return count;
}

CTStatus ct_runtime_synchronize(CTDevice where) noexcept {
    return guarded([&] {
        if (where == CT_CPU) return;
        at::detail::getCUDAHooks().deviceSynchronize(device(where).index());
    });
}

CTStatus ct_runtime_memory(CTDevice where, CTMemory *out) noexcept {
    return guarded([&] {
        if (where == CT_CPU) throw Failure{CT_DEVICE, "the CPU's memory is not counted by LibTorch"};
        const auto index = device(where).index();
        auto *allocator = at::getDeviceAllocator(at::kCUDA);
        const auto stats = allocator->getDeviceStats(index);
        const auto [free, total] = allocator->getMemoryInfo(index);
        constexpr size_t all = 0;
        *out = CTMemory{
            stats.allocated_bytes[all].current, stats.allocated_bytes[all].peak, stats.reserved_bytes[all].current,
            static_cast<int64_t>(free), static_cast<int64_t>(total)};
    });
}

CTStatus ct_runtime_empty_cache(void) noexcept {
    return guarded([] {
        if (at::hasCUDA()) at::getDeviceAllocator(at::kCUDA)->emptyCache();
    });
}

void ct_runtime_release_unused_memory(void) noexcept {
    // jemalloc where the program is linked with it, else the C library's allocator.
    using Control = int (*)(const char *, void *, size_t *, void *, size_t);
    static const auto control = reinterpret_cast<Control>(dlsym(RTLD_DEFAULT, "mallctl"));
    if (control != nullptr) {
        control("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
        // 4096 is jemalloc's name for all arenas.
        control("arena.4096.purge", nullptr, nullptr, nullptr, 0);
        return;
    }
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

CTStatus ct_runtime_set_deterministic(bool on) noexcept {
    return guarded([&] {
        at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/false);
        // Filling all new memory with NaN finds reads before writes, at the price of a write over every tensor.
        at::globalContext().setDeterministicFillUninitializedMemory(false);
    });
}

CTStatus ct_runtime_set_tf32(bool on) noexcept {
    return guarded([&] {
        at::globalContext().setAllowTF32CuBLAS(on);
        at::globalContext().setAllowTF32CuDNN(on);
    });
}

CTStatus ct_runtime_seed(uint64_t seed) noexcept {
    return guarded([&] { at::manual_seed(seed); });
}

CTStatus ct_boundary_probe(CTProbe probe) noexcept {
    return guarded([&] {
        switch (probe) {
            case CT_PROBE_NOTHING: return;
            case CT_PROBE_BAD_ALLOC: throw std::bad_alloc();
            case CT_PROBE_STANDARD: throw std::length_error("probe");
            case CT_PROBE_FOREIGN: throw 1;
            case CT_PROBE_TORCH: TORCH_CHECK(false, "probe");
        }
        throw Failure{CT_ARGUMENT, "unknown probe"};
    });
}

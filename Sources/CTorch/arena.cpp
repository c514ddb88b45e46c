#include "ct_arena.h"

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>

#include "boundary.hpp"
#include "ct_runtime.h"

using namespace ctorch;

namespace {

/// Stands before every block; its size keeps the block aligned to 64 bytes, as LibTorch wants it.
struct alignas(64) Header {
    CTArena *arena;
    size_t capacity;
};

}  // namespace

struct CTArena {
    mutable std::mutex lock;
    /// Unused blocks by capacity.
    std::multimap<size_t, Header *> unused;
    CTArenaUse use = {};
    /// The owner, and every block that is in use.
    std::atomic<int64_t> references = 1;

    Header *take(size_t bytes);
    void give(Header *block) noexcept;
    void release() noexcept;
};

namespace {

thread_local CTArena *current = nullptr;

constexpr size_t hugePage = 2 << 20;

Header *allocate_block(CTArena *arena, size_t capacity) {
    void *memory = nullptr;
    const bool isLarge = capacity >= 2 * hugePage;
    if (posix_memalign(&memory, isLarge ? hugePage : alignof(Header), sizeof(Header) + capacity) != 0)
        throw Failure{CT_MEMORY, "could not allocate memory for " + std::to_string(capacity) + " bytes"};
    // Only advice: without huge pages the block works as well, with 512 times the page faults.
    if (isLarge) madvise(memory, capacity / hugePage * hugePage, MADV_HUGEPAGE);
    return new (memory) Header{arena, capacity};
}

void release_data(void *data) {
    if (data == nullptr) return;
    auto *block = static_cast<Header *>(data) - 1;
    if (block->arena != nullptr) {
        block->arena->give(block);
    } else {
        std::free(block);
    }
}

/// LibTorch's CPU allocator with arenas: what a thread makes inside an arena comes from there, all else from the system.
class ArenaAllocator final : public c10::Allocator {
   public:
    c10::DataPtr allocate(size_t bytes) override {
        if (bytes == 0) return {nullptr, nullptr, &release_data, c10::Device(c10::kCPU)};
        auto *block = current != nullptr ? current->take(bytes) : allocate_block(nullptr, bytes);
        void *data = block + 1;
        return {data, data, &release_data, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release_data; }
    void copy_data(void *destination, const void *source, size_t bytes) const override {
        default_copy_data(destination, source, bytes);
    }
};

/// Registered before anything is allocated: a block must be freed by the allocator that made it.
const bool registered = [] {
    static ArenaAllocator allocator;
    c10::SetCPUAllocator(&allocator, /*priority=*/1);
    return true;
}();

}  // namespace

Header *CTArena::take(size_t bytes) {
    constexpr size_t page = 4096;
    const size_t wanted = bytes < page ? (bytes + 63) / 64 * 64 : (bytes + page - 1) / page * page;
    // A batch of one lies in the blocks of a batch of sixteen; a bias does not take a feature map's.
    constexpr size_t reach = 16;
    Header *outgrown = nullptr;
    {
        const std::lock_guard guard(lock);
        ++use.requests;
        auto found = unused.lower_bound(wanted);
        if (found != unused.end() && found->first <= wanted * reach) {
            auto *block = found->second;
            unused.erase(found);
            ++references;
            return block;
        }
        // The largest block that is too small makes room for the new one, so that an arena that has seen batches of
        // one, two and three has blocks for three, and not for each.
        if (found != unused.begin() && std::prev(found)->first >= wanted / reach) {
            found = std::prev(found);
            outgrown = found->second;
            use.bytes -= static_cast<int64_t>(found->first);
            unused.erase(found);
        }
    }
    std::free(outgrown);
    auto *block = allocate_block(this, wanted);
    const std::lock_guard guard(lock);
    ++use.misses;
    use.bytes += static_cast<int64_t>(wanted);
    ++references;
    return block;
}

void CTArena::give(Header *block) noexcept {
    try {
        const std::lock_guard guard(lock);
        unused.emplace(block->capacity, block);
    } catch (...) {
        // No memory for the note: the block goes back to the system.
        std::free(block);
    }
    release();
}

void CTArena::release() noexcept {
    if (--references > 0) return;
    for (auto &[capacity, block] : unused) std::free(block);
    delete this;
}

CTStatus ct_arena_create(CTArena **out) noexcept {
    return guarded([&] {
        if (!registered) throw Failure{CT_INTERNAL, "the arena's allocator is not registered"};
        *out = new CTArena();
    });
}

CTStatus ct_arena_enter(CTArena *arena, CTArena **previous) noexcept {
    return guarded([&] {
        *previous = current;
        current = arena;
    });
}

CTStatus ct_arena_use(const CTArena *arena, CTArenaUse *out) noexcept {
    return guarded([&] {
        const std::lock_guard guard(arena->lock);
        *out = arena->use;
    });
}

void ct_arena_free(CTArena *arena) noexcept {
    if (arena != nullptr) arena->release();
}

namespace {

/// The entry points of the OpenMP library that LibTorch itself runs on. They are looked up and not linked: a second
/// OpenMP library in the process would mean a second pool of threads that compete for the same cores.
struct OpenMP {
    using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
    using ThreadNumber = int (*)();
    Parallel parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    ThreadNumber thread_number = reinterpret_cast<ThreadNumber>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
};

struct Work {
    const OpenMP &library;
    int64_t count;
    CTTask task;
    void *context;
    std::atomic<int64_t> next = 0;
};

void work_off(void *argument) {
    auto &work = *static_cast<Work *>(argument);
    const int64_t worker = work.library.thread_number();
    for (int64_t i = work.next++; i < work.count; i = work.next++) work.task(work.context, i, worker);
}

}  // namespace

void ct_parallel(int64_t count, CTTask task, void *context) noexcept {
    static const OpenMP library;
    const auto threads = std::min<int64_t>(ct_runtime_threads(), count);
    if (threads < 2 || library.parallel == nullptr || library.thread_number == nullptr) {
        for (int64_t i = 0; i < count; ++i) task(context, i, 0);
        return;
    }
    Work work{library, count, task, context};
    library.parallel(work_off, &work, static_cast<unsigned>(threads), 0);
}

// The library as a whole: version, checks at start-up, threads, devices, memory, random generators.
#ifndef CT_RUNTIME_H
#define CT_RUNTIME_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// The message of the calling thread's last failed call, without backtrace, at most 2,047 bytes of UTF-8; empty after
/// a success. The pointer belongs to the thread and holds until its next call: copy the text at once. Never fails.
const char *ct_last_error(void) CT_NOEXCEPT;

/// The LibTorch version of the headers that this library was built with, such as "2.13.0". A constant; never fails.
const char *ct_version(void) CT_NOEXCEPT;

/// Copies a zero-terminated text that describes the loaded LibTorch (`ct_version`, compiler, libraries, processor
/// features, build settings) into `buffer`, cut off at `capacity` bytes. CT_ARGUMENT when `capacity` < 1.
CTStatus ct_runtime_configuration(char *buffer, CTInt capacity) CT_NOEXCEPT;

/// Call once at start-up: CT_VERSION when the loaded LibTorch has another version than the headers, or was built with
/// CUDA while its CUDA library is not in the process (a linker dropped it: link with --no-as-needed), or the reverse.
CTStatus ct_runtime_check(void) CT_NOEXCEPT;
/// What ct_runtime_check decides, for given facts: the loaded version, whether it was built with CUDA, and whether its
/// CUDA library is in the process. For tests of what a healthy machine does not show.
CTStatus ct_runtime_check_facts(const char *loaded_version, bool cuda_built, bool cuda_present) CT_NOEXCEPT;

/// Threads that one operation called from this thread may use. Never fails.
CTInt ct_runtime_threads(void) CT_NOEXCEPT;
/// Sets that number for this thread and for threads that have not yet used LibTorch. CT_ARGUMENT when `count` < 1.
CTStatus ct_runtime_set_threads(CTInt count) CT_NOEXCEPT;

/// Whether the loaded LibTorch was compiled with CUDA. Never fails.
bool ct_runtime_cuda_built(void) CT_NOEXCEPT;
/// Number of usable CUDA devices; 0 without CUDA. Never fails.
CTInt ct_runtime_cuda_count(void) CT_NOEXCEPT;
/// Waits until all work queued on the device is done, and reports errors that it met. Nothing to do for CT_CPU.
CTStatus ct_runtime_synchronize(CTDevice device) CT_NOEXCEPT;

/// Bytes on one device, as its caching allocator counts them.
typedef struct CTMemory {
    /// In use by tensors.
    int64_t allocated;
    /// Highest value of `allocated` so far.
    int64_t peak;
    /// Taken from the device, in use or kept for later.
    int64_t reserved;
    /// Free on the device, for any process.
    int64_t free;
    /// Size of the device's memory.
    int64_t total;
} CTMemory;
/// Writes the memory figures of a CUDA device to `out`. CT_DEVICE for CT_CPU, whose allocator does not count.
CTStatus ct_runtime_memory(CTDevice device, CTMemory *out) CT_NOEXCEPT;
/// Gives unused cached memory back to the CUDA devices. Nothing to do without CUDA.
CTStatus ct_runtime_empty_cache(void) CT_NOEXCEPT;

/// Gives freed host memory that the allocator keeps for later back to the system.
void ct_runtime_release_unused_memory(void) CT_NOEXCEPT;
/// Prefers algorithms with reproducible results for the whole process; operations that have none then fail with
/// CT_COMPUTE. Set before the first operation.
CTStatus ct_runtime_set_deterministic(bool on) CT_NOEXCEPT;
/// Lets CUDA round float32 operands of matrix products and convolutions to TF32 (10 bits of mantissa), for the whole
/// process. No effect on the CPU.
CTStatus ct_runtime_set_tf32(bool on) CT_NOEXCEPT;
/// Seeds the process-wide default generators of all devices.
CTStatus ct_runtime_seed(uint64_t seed) CT_NOEXCEPT;

/// A new generator (CPU: mt19937, of whose seed the low 32 bits count) in `out`, owned by the caller.
/// CT_DEVICE when the device is absent.
CTStatus ct_generator_create(uint64_t seed, CTDevice device, CTGenerator *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// Ends a generator. Null is allowed. Never fails.
void ct_generator_free(CTGenerator *_Nullable generator) CT_NOEXCEPT;
/// Starts the generator's sequence anew from `seed`.
CTStatus ct_generator_seed(CTGenerator *generator, uint64_t seed) CT_NOEXCEPT;
/// The generator's state as a uint8 tensor on the CPU.
CTStatus ct_generator_state(const CTGenerator *generator, CTOut out) CT_NOEXCEPT;
/// Restores a state that ct_generator_state gave for a generator of the same device.
CTStatus ct_generator_set_state(CTGenerator *generator, const CTTensor *state) CT_NOEXCEPT;

/// What ct_boundary_probe throws inside the exception boundary.
typedef enum CTProbe {
    CT_PROBE_NOTHING = 0,
    CT_PROBE_BAD_ALLOC = 1,
    CT_PROBE_STANDARD = 2,
    CT_PROBE_FOREIGN = 3,
    CT_PROBE_TORCH = 4
} CTProbe;
/// Throws inside the boundary and returns the code that comes of it: for tests of codes that no healthy call gives
/// (CT_MEMORY, CT_INTERNAL, CT_UNKNOWN, CT_COMPUTE).
CTStatus ct_boundary_probe(CTProbe probe) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

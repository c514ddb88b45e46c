// Memory that is kept between forward passes, and the threads that LibTorch's operations run on.
#ifndef CT_ARENA_H
#define CT_ARENA_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// CPU blocks that are given back for the next request that fits into them. Opaque; ended by ct_arena_free.
typedef struct CTArena CTArena;

/// How an arena was used so far.
typedef struct CTArenaUse {
    /// Requests that were answered.
    int64_t requests;
    /// Requests for which the system was asked for memory: stands still once the arena has all that a pass needs.
    int64_t misses;
    /// Bytes that the arena has, in use or not.
    int64_t bytes;
} CTArenaUse;

/// A new arena without memory.
CTStatus ct_arena_create(CTArena *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// From now on, CPU tensors (and oneDNN's own scratch) that this thread makes lie in `arena`; null is the system's
/// memory again. Writes what was in force before. Tensors may leave the thread and outlive the arena.
CTStatus ct_arena_enter(
    CTArena *_Nullable arena, CTArena *_Nullable *_Nonnull previous) CT_NOEXCEPT;
/// Use so far.
CTStatus ct_arena_use(const CTArena *arena, CTArenaUse *out) CT_NOEXCEPT;
/// Ends an arena that no thread has entered; blocks in use stay valid until their tensors end. Null is allowed.
void ct_arena_free(CTArena *_Nullable arena) CT_NOEXCEPT;

/// One task out of many.
typedef void (*CTTask)(void *context, int64_t index, int64_t worker);
/// Calls task(context, i, worker) once for each i in 0..<count from LibTorch's own threads (at most
/// ct_runtime_threads of the calling thread; `worker` is below that) and returns when all are done.
void ct_parallel(int64_t count, CTTask task, void *context) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

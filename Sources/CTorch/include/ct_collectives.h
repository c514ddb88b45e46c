// Collective operations over several processes, on LibTorch's own c10d: Gloo between CPUs, NCCL between GPUs.
//
// All ranks of a group call the same functions in the same order with tensors of the same shapes and types. A group is
// used by one thread at a time. Once a call on it has failed, every later one fails with the same code at once: end the
// group, and the run resumes from its last checkpoint.
#ifndef CT_COLLECTIVES_H
#define CT_COLLECTIVES_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// The ranks of one run, connected. Opaque; made by ct_process_group_create, ended by ct_process_group_free.
typedef struct CTProcessGroup CTProcessGroup;

/// Whether groups of CPU tensors (Gloo) can be made: this library was compiled with Gloo's headers. Never fails.
bool ct_collectives_gloo_built(void) CT_NOEXCEPT;
/// Whether groups of CUDA tensors (NCCL) can be made: compiled with a CUDA LibTorch's and NCCL's headers. Never fails.
bool ct_collectives_nccl_built(void) CT_NOEXCEPT;

/// Whether the headers that this library was compiled with fit the loaded LibTorch: compares the layout of an options
/// object that LibTorch made, and sums over a group of one rank in memory. Done before the first group; later calls
/// return the first one's result. CT_VERSION when they do not fit, CT_UNSUPPORTED when Gloo's headers were absent.
CTStatus ct_collectives_check(void) CT_NOEXCEPT;

/// Joins the group of `size` processes as `rank` and writes it to `out`. Rank 0 listens on `port` of all interfaces,
/// the others connect to `address`; all of them wait for each other.
///
/// `address` is a host name or a number, `port` 1 … 65535, `milliseconds` how long to wait for the others here and in
/// every later call, `device` CT_CPU for Gloo or the CUDA device of this rank for NCCL. CT_TIMEOUT names the ranks that
/// did not come; CT_VERSION names one that runs another LibTorch; CT_UNSUPPORTED when the backend was not compiled in.
CTStatus ct_process_group_create(
    CTInt rank, CTInt size, const char *address, CTInt port, CTInt milliseconds, CTDevice device,
    CTProcessGroup *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// Ends a group, without waiting for the other ranks. Null is allowed. Never fails.
void ct_process_group_free(CTProcessGroup *_Nullable group) CT_NOEXCEPT;

/// Replaces each tensor by its sum over all ranks. Neighbours of one type are sent together, up to `bucket_bytes` at a
/// time, and a bucket is filled while the one before is under way. CT_LOST_RANK when another process ended or its
/// connection broke, CT_TIMEOUT when one did not answer in time: then some tensors may be changed.
CTStatus ct_all_reduce_sum_(
    CTProcessGroup *group, const CTTensor *_Nonnull const *_Nonnull tensors, CTInt count, CTInt bucket_bytes)
    CT_NOEXCEPT;
/// Replaces each tensor by that of rank `root`. Fails as ct_all_reduce_sum_ does.
CTStatus ct_broadcast_(
    CTProcessGroup *group, const CTTensor *_Nonnull const *_Nonnull tensors, CTInt count, CTInt root,
    CTInt bucket_bytes) CT_NOEXCEPT;
/// Waits until every rank has called this. Fails as ct_all_reduce_sum_ does.
CTStatus ct_barrier(CTProcessGroup *group) CT_NOEXCEPT;
/// Every rank gives bytes (at most 16 MiB) and gets those of all: `lengths` has room for one number per rank, and `out`
/// is a uint8 tensor [ranks, longest] on the CPU whose rows are padded with zeros. Fails as ct_all_reduce_sum_ does.
CTStatus ct_all_gather_bytes(
    CTProcessGroup *group, const uint8_t *_Nullable bytes, CTInt count, CTInt *lengths, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

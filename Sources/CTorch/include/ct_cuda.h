// CUDA: a forward pass of one shape that the GPU repeats from a recording, and copies that do not wait.
#ifndef CT_CUDA_H
#define CT_CUDA_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

// MARK: Graphs

/// A recorded pass. Opaque; made by ct_cuda_graph_capture, ended by ct_cuda_graph_free. One thread at a time.
typedef struct CTGraph CTGraph;

/// Whether graphs can be recorded in this build: it was compiled against a CUDA LibTorch and beside the headers of CUDA
/// 12.4 or newer. A constant; never fails.
bool ct_cuda_graph_built(void) CT_NOEXCEPT;

/// The pass to record: computes from the graph's own input and writes a tensor to `out`, which the library then owns.
/// What it computes must depend on nothing but values on the device, and it must not wait for the device, read from it
/// or copy from pageable host memory. Another code than CT_OK ends the recording; nothing is then written to `out`.
typedef CTStatus (*CTGraphBody)(void *_Nullable context, CTOut out);

/// Runs `body` `warm_ups` times (1 … 100) on a stream of its own and then records it, without gradients. The graph keeps
/// `input`, whose elements each replay overwrites, and the result; what else `body` reads (weights) the caller keeps at
/// its place and alive as long as the graph. CT_DEVICE when `input` is not on a CUDA device or the pass does what a
/// recording cannot hold; CT_UNSUPPORTED where ct_cuda_graph_built is false, or LibTorch has no CUDA; the code and the
/// message of `body` when it fails. After a failure the pass still runs unrecorded.
CTStatus ct_cuda_graph_capture(
    const CTTensor *input, CTInt warm_ups, CTGraphBody body, void *_Nullable context,
    CTGraph *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// Copies `x` into the graph's input (converted to its type; without waiting where `x` is page-locked), repeats the
/// pass and copies its result to a new tensor, which the next replay does not change. All three are queued on the
/// calling thread's stream. CT_SHAPE when `x` has another shape than the input.
CTStatus ct_cuda_graph_replay(CTGraph *graph, const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// Waits for the device and ends the graph. Null is allowed. Never fails.
void ct_cuda_graph_free(CTGraph *_Nullable graph) CT_NOEXCEPT;

// MARK: Copies

/// A CPU tensor without set values in page-locked memory, from which a GPU copies while the host goes on.
/// CT_UNSUPPORTED where no CUDA device is.
CTStatus ct_empty_pinned(const CTInt *sizes, CTInt rank, CTDType dtype, CTOut out) CT_NOEXCEPT;
/// As ct_to_device, but queued only where `x` is page-locked and the device is CUDA. `x` may be ended at once; its
/// elements must not change before the copy is done.
CTStatus ct_to_device_async(const CTTensor *x, CTDevice device, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

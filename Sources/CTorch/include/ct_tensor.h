// Life of a tensor: creation, host copies, foreign memory, conversion, random values.
#ifndef CT_TENSOR_H
#define CT_TENSOR_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

// MARK: Handle and metadata

/// Ends the handle; the memory goes when no view, graph or other handle needs it. Null is allowed. Never fails.
void ct_tensor_free(CTTensor *_Nullable tensor) CT_NOEXCEPT;

/// What a tensor is, apart from its sizes.
typedef struct CTDescription {
    CTInt rank;
    CTInt count;
    CTDType dtype;
    CTDevice device;
    bool requires_grad;
    bool is_leaf;
} CTDescription;
/// Describes the tensor. Cannot fail for a live handle.
CTStatus ct_tensor_describe(const CTTensor *tensor, CTDescription *out) CT_NOEXCEPT;
/// Copies the sizes, outermost first, into `out`. CT_ARGUMENT when `capacity` is below the rank.
CTStatus ct_tensor_sizes(const CTTensor *tensor, CTInt *out, CTInt capacity) CT_NOEXCEPT;
/// Whether the elements lie in memory in that order without gaps. False for a format that needs another rank.
bool ct_tensor_is_contiguous(const CTTensor *tensor, CTMemoryFormat format) CT_NOEXCEPT;
/// Address of the first element of a tensor that is contiguous in that format and on the CPU; it holds as long as the
/// tensor's memory and is not to be written to when that is mapped. CT_ARGUMENT otherwise.
CTStatus ct_tensor_data(
    const CTTensor *tensor, CTMemoryFormat format, const void *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// As ct_tensor_data of a row-major tensor, for writing; the caller answers for it that nobody else uses the elements.
CTStatus ct_tensor_mutable_data(CTTensor *tensor, void *_Nullable *_Nonnull out) CT_NOEXCEPT;

// MARK: Creation

/// Zeros.
CTStatus ct_zeros(const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTOut out) CT_NOEXCEPT;
/// Elements with no set value: write before you read. Only 4-dimensional tensors can be channels-last.
CTStatus ct_empty(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTMemoryFormat format, CTOut out) CT_NOEXCEPT;
/// Every element `value`.
CTStatus ct_full(
    const CTInt *sizes, CTInt rank, CTScalar value, CTDType dtype, CTDevice device, CTOut out) CT_NOEXCEPT;
/// start, start + step, … below `end` (1-dimensional).
CTStatus ct_arange(
    CTScalar start, CTScalar end, CTScalar step, CTDType dtype, CTDevice device, CTOut out) CT_NOEXCEPT;
/// `count` values from `start` to `end`, both included.
CTStatus ct_linspace(
    double start, double end, CTInt count, CTDType dtype, CTDevice device, CTOut out) CT_NOEXCEPT;
/// The identity matrix [n, n].
CTStatus ct_eye(CTInt n, CTDType dtype, CTDevice device, CTOut out) CT_NOEXCEPT;

/// A copy of row-major bytes. CT_ARGUMENT unless `byte_count` is exactly what the sizes and the type need. Bool bytes
/// other than 0 and 1 become 1.
CTStatus ct_tensor_from_bytes(
    const void *bytes, CTInt byte_count, const CTInt *sizes, CTInt rank, CTDType dtype, CTOut out) CT_NOEXCEPT;

/// Called when a foreign block is no longer used, on whichever thread lets go last. It must not call this library.
typedef void (*CTReleaser)(void *_Nullable context);
/// A tensor over memory that somebody else owns (a mapped file): no copy. The block must stay readable, and unchanged,
/// until `release(context)` is called: exactly once on success, never on failure. If the memory is read-only, in-place
/// operations on the tensor end the process: clone it first. CT_ARGUMENT when the address is not aligned to
/// the element, or the block is shorter than the sizes need.
CTStatus ct_tensor_from_blob(
    const void *address, CTInt byte_count, const CTInt *sizes, CTInt rank, CTDType dtype, CTReleaser release,
    void *_Nullable context, CTOut out) CT_NOEXCEPT;

// MARK: Host copies

/// Converts to `dtype` and copies all elements in row-major order to `bytes`. CT_ARGUMENT when `byte_count` is not
/// exactly what they need.
CTStatus ct_tensor_read(const CTTensor *tensor, CTDType dtype, void *bytes, CTInt byte_count) CT_NOEXCEPT;
/// The only element as a double. CT_ARGUMENT when there is not exactly one.
CTStatus ct_tensor_item(const CTTensor *tensor, double *out) CT_NOEXCEPT;
/// The only element as an integer, fractions cut off. CT_ARGUMENT when there is not exactly one.
CTStatus ct_tensor_item_integer(const CTTensor *tensor, int64_t *out) CT_NOEXCEPT;
/// Whether no element is NaN or infinite; true for integers and for no elements. One pass, no temporary.
CTStatus ct_tensor_all_finite(const CTTensor *tensor, bool *out) CT_NOEXCEPT;
/// Whether both have the same shape, type and elements. CT_DEVICE when they are on different devices.
CTStatus ct_tensor_equal(const CTTensor *a, const CTTensor *b, bool *out) CT_NOEXCEPT;

// MARK: Conversion

/// The same values as another type; the same tensor when it is that type already.
CTStatus ct_to_dtype(const CTTensor *x, CTDType dtype, CTOut out) CT_NOEXCEPT;
/// The same values on another device; the same tensor when it is there already. CT_DEVICE when the device is absent.
CTStatus ct_to_device(const CTTensor *x, CTDevice device, CTOut out) CT_NOEXCEPT;
/// The same values in that order in memory; the same tensor when they lie so already.
CTStatus ct_contiguous(const CTTensor *x, CTMemoryFormat format, CTOut out) CT_NOEXCEPT;
/// A copy with memory of its own; gradients flow through.
CTStatus ct_clone(const CTTensor *x, CTOut out) CT_NOEXCEPT;
/// The same memory outside the gradient graph.
CTStatus ct_detach(const CTTensor *x, CTOut out) CT_NOEXCEPT;

// MARK: Random values. A null generator means the device's process-wide default one.

/// Uniform on [0, 1).
CTStatus ct_rand(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTGenerator *_Nullable generator,
    CTOut out) CT_NOEXCEPT;
/// Standard normal.
CTStatus ct_randn(
    const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device, CTGenerator *_Nullable generator,
    CTOut out) CT_NOEXCEPT;
/// Uniform integers on [low, high). CT_ARGUMENT or CT_COMPUTE when the range is empty.
CTStatus ct_randint(
    CTInt low, CTInt high, const CTInt *sizes, CTInt rank, CTDType dtype, CTDevice device,
    CTGenerator *_Nullable generator, CTOut out) CT_NOEXCEPT;
/// The integers 0 … n − 1 in random order, int64.
CTStatus ct_randperm(CTInt n, CTDevice device, CTGenerator *_Nullable generator, CTOut out) CT_NOEXCEPT;
/// Ones with probability `p`, else zeros, in the shape and type of `x`.
CTStatus ct_bernoulli(const CTTensor *x, double p, CTGenerator *_Nullable generator, CTOut out) CT_NOEXCEPT;
/// `count` indices drawn by the (unnormalised) weights of each row, int64.
CTStatus ct_multinomial(
    const CTTensor *weights, CTInt count, bool replacement, CTGenerator *_Nullable generator, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

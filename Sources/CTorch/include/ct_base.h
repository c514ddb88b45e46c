// The ground rules of the C face of LibTorch, and the types that every other header uses.
//
// Contract of every function below, unless its own comment says otherwise:
//
// Ownership  Inputs are borrowed for the time of the call. A tensor written to `out` belongs to the caller, who gives
//            it to ct_tensor_free exactly once. Views share memory with their source and keep it alive.
// Failure    Nothing is ever thrown. A function that fails returns a code other than CT_OK, leaves its out-parameters
//            as they were, and leaves a message that ct_last_error returns on the same thread until the next call.
//            In-place functions that fail half-way may have changed their target.
// Threads    Any thread may call. One tensor must not be changed on one thread while another uses it. Gradient modes,
//            messages and the number of intra-operation threads belong to the calling thread.
// Arrays     `sizes`, `dims` and lists are read during the call only; an empty one may be any non-null pointer with a
//            count of 0. Negative dimensions count from the end.
#ifndef CT_BASE_H
#define CT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CT_NOEXCEPT noexcept
#define CT_BEGIN_DECLARATIONS extern "C" {
#define CT_END_DECLARATIONS }
#else
#define CT_NOEXCEPT
#define CT_BEGIN_DECLARATIONS
#define CT_END_DECLARATIONS
#endif

#ifdef __clang__
#define CT_ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define CT_ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
#else
#define CT_ASSUME_NONNULL_BEGIN
#define CT_ASSUME_NONNULL_END
#define _Nullable
#define _Nonnull
#endif

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// What became of a call.
///
/// LibTorch throws one type for most refusals, so CT_SHAPE, CT_TYPE, CT_GRADIENT and CT_DEVICE are told apart by the
/// words of its message; what fits none of them is CT_COMPUTE. The message itself is always LibTorch's own.
typedef enum CTStatus {
    /// Done; the out-parameters are written.
    CT_OK = 0,
    /// Shapes do not fit the operation or each other.
    CT_SHAPE = 1,
    /// The element type is wrong for the operation, or unknown to this library.
    CT_TYPE = 2,
    /// An index or a dimension is out of range.
    CT_INDEX = 3,
    /// Memory could not be allocated, on the host or on the device.
    CT_MEMORY = 4,
    /// The device is absent, does not fit, or failed.
    CT_DEVICE = 5,
    /// An argument is invalid on its own (negative count, null handle, misaligned address, value out of range).
    CT_ARGUMENT = 6,
    /// LibTorch has no kernel for this combination of operation, element type and device.
    CT_UNSUPPORTED = 7,
    /// A gradient was asked for that the recorded graph cannot give.
    CT_GRADIENT = 8,
    /// The loaded LibTorch is not the one that this library was built for, or is incomplete.
    CT_VERSION = 9,
    /// Any other refusal by LibTorch.
    CT_COMPUTE = 10,
    /// A C++ exception that is not LibTorch's: a defect, here or there.
    CT_INTERNAL = 11,
    /// Something was thrown that is not even a C++ standard exception.
    CT_UNKNOWN = 12,
    /// Another process of a group ended, or the connection to it broke.
    CT_LOST_RANK = 13,
    /// Another process of a group did not come or did not answer in time.
    CT_TIMEOUT = 14
} CTStatus;

/// Element types. The values are this library's own, so that they stay when LibTorch renumbers its.
typedef enum CTDType {
    CT_FLOAT32 = 0,
    CT_FLOAT16 = 1,
    CT_BFLOAT16 = 2,
    CT_FLOAT64 = 3,
    CT_INT8 = 4,
    CT_UINT8 = 5,
    CT_INT16 = 6,
    CT_INT32 = 7,
    CT_INT64 = 8,
    CT_BOOL = 9
} CTDType;

/// Order of a 4-dimensional tensor's elements in memory.
typedef enum CTMemoryFormat {
    /// Row-major: N, C, H, W.
    CT_CONTIGUOUS = 0,
    /// N, H, W, C in memory, while the shape stays [N, C, H, W].
    CT_CHANNELS_LAST = 1
} CTMemoryFormat;

/// How a loss gathers its elements.
typedef enum CTReduction { CT_REDUCE_NONE = 0, CT_REDUCE_MEAN = 1, CT_REDUCE_SUM = 2 } CTReduction;

/// A tensor. Opaque; made by functions with a CTOut, ended by ct_tensor_free.
typedef struct CTTensor CTTensor;
/// A random-number generator. Opaque; made by ct_generator_create, ended by ct_generator_free.
typedef struct CTGenerator CTGenerator;

/// A signed 64-bit size, index or count (ptrdiff_t, because Swift sees that as Int).
typedef ptrdiff_t CTInt;
/// CT_CPU, or the index of a CUDA device.
typedef int32_t CTDevice;
#define CT_CPU ((CTDevice)-1)

/// Where a new tensor is written.
typedef CTTensor *_Nullable *_Nonnull CTOut;
/// Several tensors that are read.
typedef const CTTensor *_Nonnull const *_Nonnull CTList;

/// A number that keeps whether it is whole: adding 2 leaves an integer tensor integer, adding 2.0 does not.
typedef struct CTScalar {
    bool is_integer;
    int64_t integer;
    double real;
} CTScalar;

/// A vertical and a horizontal extent, in elements.
typedef struct CTPair {
    CTInt height;
    CTInt width;
} CTPair;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

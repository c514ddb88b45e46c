// Mixed precision. The mode belongs to the calling thread.
#ifndef CT_AUTOCAST_H
#define CT_AUTOCAST_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// A mode that is in force. Opaque.
typedef struct CTAutocastScope CTAutocastScope;
/// From here on, this thread's matrix products and convolutions on `device`'s kind take float32 operands as `dtype`
/// (CT_BFLOAT16, CT_FLOAT16); CT_FLOAT32 switches that off. Which operations do is LibTorch's own list. Weights are cast
/// at each use; casts are recorded, so gradients have the weights' type. The scope in `out` must be left on the same
/// thread, last entered first left.
CTStatus ct_autocast_enter(CTDevice device, CTDType dtype, CTAutocastScope *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// Restores the mode from before and ends the scope. Null is allowed. Never fails.
void ct_autocast_leave(CTAutocastScope *_Nullable scope) CT_NOEXCEPT;
/// The type that is in force on this thread for `device`'s kind; CT_FLOAT32 where none is.
CTStatus ct_autocast_dtype(CTDevice device, CTDType *out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

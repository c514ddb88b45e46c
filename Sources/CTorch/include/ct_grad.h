// Gradients. Modes belong to the calling thread.
#ifndef CT_GRAD_H
#define CT_GRAD_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Gradients of `output` with respect to each of `inputs`, written to `out` (`count` places, owned by the caller).
/// `weights`, of the output's shape, multiply the output's elements; null needs an output of one element. An input that
/// the output does not depend on gives null when `allow_unused`, else CT_GRADIENT. The graph is freed unless `retain`;
/// `create` records the gradients' own graph. All places are written or none.
CTStatus ct_grad(
    const CTTensor *output, const CTTensor *_Nullable weights, CTList inputs, CTInt count, bool retain, bool create,
    bool allow_unused, CTTensor *_Nullable *_Nonnull out) CT_NOEXCEPT;

/// Starts or stops recording what is done with a tensor, in place. CT_TYPE for integers, CT_GRADIENT for results of
/// recorded operations.
CTStatus ct_tensor_set_requires_grad(CTTensor *tensor, bool on) CT_NOEXCEPT;

/// What a scope does to the calling thread.
typedef enum CTGradMode {
    /// Operations are recorded.
    CT_GRAD_ON = 0,
    /// Operations are not recorded.
    CT_GRAD_OFF = 1,
    /// Not recorded, and the results can never take part in a recorded operation: the cheapest.
    CT_GRAD_INFERENCE = 2
} CTGradMode;
/// A mode that is in force. Opaque.
typedef struct CTGradScope CTGradScope;
/// Puts the mode in force on this thread. The scope in `out` must be left on the same thread, last entered first left.
CTStatus ct_grad_scope_enter(CTGradMode mode, CTGradScope *_Nullable *_Nonnull out) CT_NOEXCEPT;
/// Restores the mode from before and ends the scope. Null is allowed. Never fails.
void ct_grad_scope_leave(CTGradScope *_Nullable scope) CT_NOEXCEPT;
/// Whether operations of this thread are recorded. Never fails.
bool ct_grad_enabled(void) CT_NOEXCEPT;

/// A computation that is done again in the backward pass instead of being kept (Chen et al. 2016).
typedef struct CTCheckpoint {
    /// Handed to the functions. Given to `release` exactly once, whatever becomes of the call.
    void *context;
    /// Computes the result, unrecorded, and writes a handle of its own to `out`.
    CTStatus (*forward)(void *context, CTOut out);
    /// Computes the result again and writes its gradients with respect to each input to `out` (`count` places): handles
    /// of their own, or null. A failure leaves a sentence in `message`. Called on the thread that the engine chooses.
    CTStatus (*backward)(
        void *context, const CTTensor *gradient, CTTensor *_Nullable *_Nonnull out, char *message, CTInt capacity);
    void (*release)(void *context);
} CTCheckpoint;
/// The result of `computation.forward`, recorded as one operation on `inputs` whose gradients `computation.backward`
/// gives. A failure of `forward` is passed on.
CTStatus ct_checkpoint(CTList inputs, CTInt count, CTCheckpoint computation, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

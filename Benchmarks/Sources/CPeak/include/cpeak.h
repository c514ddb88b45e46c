// CPeak: how many operations a second this CPU does at best, measured on registers alone.
//
// Each loop holds enough independent sums to hide the latency of its instruction and touches no memory. A multiply and
// the addition of its product count as two operations.
#ifndef CPEAK_H
#define CPEAK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __clang__
#pragma clang assume_nonnull begin
#endif

typedef enum CPeakKind {
    /// Fused multiply-add on float32.
    CPEAK_FLOAT32 = 0,
    /// Dot products of bf16 pairs, summed in float32.
    CPEAK_BFLOAT16 = 1,
    /// Dot products of four uint8 by four int8, summed in int32.
    CPEAK_INT8 = 2
} CPeakKind;

/// The instruction that measures a kind on this CPU, such as "vdpbf16ps zmm"; null where it has none.
const char *_Nullable cpeak_instruction(CPeakKind kind);

/// Runs the loop on `threads` threads at once for about `seconds` and gives operations per second of all together;
/// 0 where the CPU has no such instruction or a thread cannot start.
double cpeak_measure(CPeakKind kind, int threads, double seconds);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif
#endif

// The loop of arm64: NEON, whose fused multiply-add every such CPU has. Other families than x86-64 have none.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "cpeak.h"
#include "loops.h"

static void float32_neon(int64_t iterations) {
    float32x4_t sums[CPEAK_SUMS];
    for (int i = 0; i < CPEAK_SUMS; i++) sums[i] = vdupq_n_f32(0);
    for (int64_t n = 0; n < iterations; n++) {
        _Pragma("unroll") for (int i = 0; i < CPEAK_SUMS; i++) {
            sums[i] = vfmaq_f32(sums[i], vdupq_n_f32(1.0f), vdupq_n_f32(0.5f));
            // Keeps each sum in a register and each iteration in the loop.
            __asm__ volatile("" : "+w"(sums[i]));
        }
    }
}

CPeakLoop cpeak_loop(int kind) {
    if (kind == CPEAK_FLOAT32) return (CPeakLoop){float32_neon, CPEAK_SUMS * 4 * 2, "fmla v.4s"};
    return (CPeakLoop){0};
}
#elif !defined(__x86_64__)
#include "loops.h"

CPeakLoop cpeak_loop(int kind) {
    (void)kind;
    return (CPeakLoop){0};
}
#endif

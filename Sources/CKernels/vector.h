// What the vectors of every level share. Each vector_*.h defines CK_TARGET, includes this and gives
//   Vector, LANES; v_set, v_add, v_subtract, v_multiply, v_divide, v_fma, v_max, v_keep, v_sum, v_largest, v_exp2;
//   loads and stores of float32 and bf16, whole and of the first `count` lanes; stores of quantised bytes;
//   v_transpose; and for the tiles of attention TILE_ROWS and TILE_VECTORS, whose product of accumulators, with what
//   feeds them, fills the registers.
// Nothing beyond the first `count` lanes is read or written.
#ifndef VECTOR_H
#define VECTOR_H

#define CK_INLINE CK_TARGET __attribute__((always_inline)) static inline

#if defined(__clang__)
#define CK_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CK_UNROLL _Pragma("GCC unroll 16")
#endif

/// clamp(round(x · inverse_scale), low, high) + zero; the bounds come before the addition, where they are exact.
typedef struct Quantiser {
    float inverse_scale, low, high;
    int32_t zero;
} Quantiser;

static inline Quantiser quantiser(float inverse_scale, int32_t zero) {
    return (Quantiser){inverse_scale, -(float)zero, 255.0f - (float)zero, zero};
}


#endif

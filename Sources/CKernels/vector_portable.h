// Vectors of four floats in the compilers' own notation, for any CPU.
#ifndef VECTOR_PORTABLE_H
#define VECTOR_PORTABLE_H

#include <string.h>

#include "kernels.h"

#define CK_TARGET
#include "vector.h"

typedef float Vector __attribute__((vector_size(16)));
typedef uint32_t Bits __attribute__((vector_size(16)));

// 32 registers there, 16 elsewhere.
#if defined(__aarch64__)
#define CK_TILE_VECTORS 4
#else
#define CK_TILE_VECTORS 2
#endif
enum { LANES = 4, TILE_ROWS = 6, TILE_VECTORS = CK_TILE_VECTORS };

CK_INLINE Vector v_set(float x) { return (Vector){x, x, x, x}; }
CK_INLINE Vector v_add(Vector a, Vector b) { return a + b; }
CK_INLINE Vector v_subtract(Vector a, Vector b) { return a - b; }
CK_INLINE Vector v_multiply(Vector a, Vector b) { return a * b; }
CK_INLINE Vector v_divide(Vector a, Vector b) { return a / b; }
CK_INLINE Vector v_fma(Vector a, Vector b, Vector c) { return a * b + c; }

CK_INLINE Vector v_load(const float *p) {
    Vector x;
    memcpy(&x, p, sizeof x);
    return x;
}
CK_INLINE void v_store(float *p, Vector x) { memcpy(p, &x, sizeof x); }
CK_INLINE Vector v_load_part(const float *p, int64_t count) {
    Vector x = {0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) x[i] = p[i];
    return x;
}
CK_INLINE void v_store_part(float *p, Vector x, int64_t count) {
    for (int64_t i = 0; i < count; i++) p[i] = x[i];
}

CK_INLINE Vector v_load_bf16_part(const uint16_t *p, int64_t count) {
    Bits bits = {0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) bits[i] = (uint32_t)p[i] << 16;
    return (Vector)bits;
}
CK_INLINE Vector v_load_bf16(const uint16_t *p) { return v_load_bf16_part(p, LANES); }
CK_INLINE void v_store_bf16_part(uint16_t *p, Vector x, int64_t count) {
    const Bits bits = (Bits)x;
    const Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    for (int64_t i = 0; i < count; i++) p[i] = (uint16_t)(x[i] != x[i] ? (bits[i] >> 16) | 0x40 : rounded[i]);
}
CK_INLINE void v_store_bf16(uint16_t *p, Vector x) { v_store_bf16_part(p, x, LANES); }

// a where the lane of the mask is set, else b.
CK_INLINE Vector v_choose(Bits mask, Vector a, Vector b) { return (Vector)((mask & (Bits)a) | (~mask & (Bits)b)); }
/// The larger; b where either is not a number.
CK_INLINE Vector v_max(Vector a, Vector b) { return v_choose((Bits)(a > b), a, b); }
/// The smaller; b where either is not a number.
CK_INLINE Vector v_min(Vector a, Vector b) { return v_choose((Bits)(a < b), a, b); }
/// The first `count` lanes, 0 in the others.
CK_INLINE Vector v_keep(Vector x, int64_t count) {
    for (int64_t i = count; i < LANES; i++) x[i] = 0;
    return x;
}
CK_INLINE float v_sum(Vector x) { return (x[0] + x[1]) + (x[2] + x[3]); }
CK_INLINE float v_largest(Vector x) {
    x = v_max(x, (Vector){x[2], x[3], x[0], x[1]});
    return v_max(x, (Vector){x[1], x[0], x[3], x[2]})[0];
}

// Adding 3 · 2²² leaves a float no bits below 1: the sum's low bits are the nearest integer.
static const float v_magic = 12582912.0f;

// 2ˣ over −½…½, minimax in the relative error: 7.5e-8.
static const float exp2_terms[6] = {
    1.00000007f, 0.693146967f, 0.240221197f, 0.0555071327f, 0.00967554133f, 0.0013276472f};

CK_INLINE Vector v_exp2(Vector x) {
    const Vector t = v_min(v_set(128), v_max(v_set(-127), x));
    const Vector shifted = t + v_magic;
    const Vector power = (Vector)(((Bits)shifted - 0x4b400000u + 127u) << 23);
    const Vector f = t - (shifted - v_magic);
    Vector y = v_set(exp2_terms[5]);
    for (int i = 4; i >= 0; i--) y = y * f + exp2_terms[i];
    return y * power;
}

CK_INLINE void v_store_bytes_part(uint8_t *p, Vector x, Quantiser q, int64_t count) {
    const Vector clamped = v_min(v_max(x * q.inverse_scale, v_set(q.low)), v_set(q.high));
    const Bits rounded = (Bits)(clamped + v_magic) - 0x4b400000u;
    for (int64_t i = 0; i < count; i++) p[i] = (uint8_t)(rounded[i] + (uint32_t)q.zero);
}
CK_INLINE void v_store_bytes(uint8_t *p, Vector x, Quantiser q) { v_store_bytes_part(p, x, q, LANES); }

/// Swaps the rows and columns of LANES vectors.
CK_INLINE void v_transpose(Vector rows[LANES]) {
    Vector columns[LANES];
    for (int i = 0; i < LANES; i++) columns[i] = (Vector){rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
    for (int i = 0; i < LANES; i++) rows[i] = columns[i];
}

#endif

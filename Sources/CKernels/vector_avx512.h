// Vectors of sixteen floats for AVX-512; with bf16 dot products where CK_BF16_DOT is defined.
#ifndef VECTOR_AVX512_H
#define VECTOR_AVX512_H

#include <immintrin.h>

#include "kernels.h"

#ifdef CK_BF16_DOT
#define CK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c")))
#else
#define CK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#endif
#include "vector.h"

typedef __m512 Vector;

#define CK_TILE_VECTORS 4
enum { LANES = 16, TILE_ROWS = 6, TILE_VECTORS = CK_TILE_VECTORS };

CK_INLINE Vector v_set(float x) { return _mm512_set1_ps(x); }
CK_INLINE Vector v_add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
CK_INLINE Vector v_subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
CK_INLINE Vector v_multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
CK_INLINE Vector v_divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
CK_INLINE Vector v_fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
/// The larger; b where either is not a number.
CK_INLINE Vector v_max(Vector a, Vector b) { return _mm512_max_ps(a, b); }

CK_INLINE __mmask16 v_mask(int64_t count) { return (__mmask16)((1u << count) - 1); }

CK_INLINE Vector v_load(const float *p) { return _mm512_loadu_ps(p); }
CK_INLINE void v_store(float *p, Vector x) { _mm512_storeu_ps(p, x); }
CK_INLINE Vector v_load_part(const float *p, int64_t count) { return _mm512_maskz_loadu_ps(v_mask(count), p); }
CK_INLINE void v_store_part(float *p, Vector x, int64_t count) { _mm512_mask_storeu_ps(p, v_mask(count), x); }

CK_INLINE Vector v_widen(__m256i x) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
CK_INLINE __m256i v_narrow(Vector x) {
#ifdef CK_BF16_DOT
    return (__m256i)_mm512_cvtneps_pbh(x);
#else
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16));
#endif
}
CK_INLINE Vector v_load_bf16(const uint16_t *p) { return v_widen(_mm256_loadu_si256((const __m256i *)p)); }
CK_INLINE Vector v_load_bf16_part(const uint16_t *p, int64_t count) {
    return v_widen(_mm256_maskz_loadu_epi16(v_mask(count), p));
}
CK_INLINE void v_store_bf16(uint16_t *p, Vector x) { _mm256_storeu_si256((__m256i *)p, v_narrow(x)); }
CK_INLINE void v_store_bf16_part(uint16_t *p, Vector x, int64_t count) {
    _mm256_mask_storeu_epi16(p, v_mask(count), v_narrow(x));
}

/// The first `count` lanes, 0 in the others.
CK_INLINE Vector v_keep(Vector x, int64_t count) { return _mm512_maskz_mov_ps(v_mask(count), x); }
CK_INLINE float v_sum(Vector x) { return _mm512_reduce_add_ps(x); }
CK_INLINE float v_largest(Vector x) { return _mm512_reduce_max_ps(x); }

// 2ˣ over 0…1, minimax in the relative error: 7.5e-8, and 7.5e-5 for few terms, where a bf16 is good to 2e-3.
static const float exp2_terms[6] = {
    0.999999925f, 0.693153073f, 0.240153617f, 0.0558263181f, 0.00898934009f, 0.00187757667f};
static const float exp2_few_terms[4] = {0.999925219f, 0.695833541f, 0.226067155f, 0.0780245227f};

CK_INLINE Vector v_exp2_by(Vector x, const float *terms, const int degree) {
    // What is left above the next integer below, 0 for infinities; the scaling finds that integer again by itself.
    const Vector f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    Vector y = v_set(terms[degree]);
    CK_UNROLL for (int i = degree - 1; i >= 0; i--) y = v_fma(y, f, v_set(terms[i]));
    return _mm512_scalef_ps(y, x);
}
CK_INLINE Vector v_exp2(Vector x) { return v_exp2_by(x, exp2_terms, 5); }

CK_INLINE __m512i v_bytes(Vector x, Quantiser q) {
    const Vector scaled = _mm512_max_ps(v_multiply(x, v_set(q.inverse_scale)), v_set(q.low));
    const __m512i rounded = _mm512_cvtps_epi32(_mm512_min_ps(scaled, v_set(q.high)));
    return _mm512_add_epi32(rounded, _mm512_set1_epi32(q.zero));
}
CK_INLINE void v_store_bytes(uint8_t *p, Vector x, Quantiser q) {
    _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(v_bytes(x, q)));
}
CK_INLINE void v_store_bytes_part(uint8_t *p, Vector x, Quantiser q, int64_t count) {
    _mm512_mask_cvtepi32_storeu_epi8(p, v_mask(count), v_bytes(x, q));
}

/// Swaps the rows and columns of LANES vectors.
CK_INLINE void v_transpose(Vector rows[LANES]) {
    Vector pairs[LANES], quads[LANES];
    CK_UNROLL for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    CK_UNROLL for (int i = 0; i < LANES; i += 4) {
        quads[i] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        quads[i + 1] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        quads[i + 2] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        quads[i + 3] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    CK_UNROLL for (int i = 0; i < 4; i++) {
        const Vector low = _mm512_shuffle_f32x4(quads[i], quads[i + 4], 0x88);
        const Vector high = _mm512_shuffle_f32x4(quads[i], quads[i + 4], 0xdd);
        const Vector low8 = _mm512_shuffle_f32x4(quads[i + 8], quads[i + 12], 0x88);
        const Vector high8 = _mm512_shuffle_f32x4(quads[i + 8], quads[i + 12], 0xdd);
        rows[i] = _mm512_shuffle_f32x4(low, low8, 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(low, low8, 0xdd);
        rows[i + 4] = _mm512_shuffle_f32x4(high, high8, 0x88);
        rows[i + 12] = _mm512_shuffle_f32x4(high, high8, 0xdd);
    }
}

#endif

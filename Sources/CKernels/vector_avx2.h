// Vectors of eight floats for AVX2 with FMA.
#ifndef VECTOR_AVX2_H
#define VECTOR_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "kernels.h"

#define CK_TARGET __attribute__((target("avx2,fma,f16c")))
#include "vector.h"

typedef __m256 Vector;

#define CK_TILE_VECTORS 2
enum { LANES = 8, TILE_ROWS = 6, TILE_VECTORS = CK_TILE_VECTORS };

CK_INLINE Vector v_set(float x) { return _mm256_set1_ps(x); }
CK_INLINE Vector v_add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
CK_INLINE Vector v_subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
CK_INLINE Vector v_multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
CK_INLINE Vector v_divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
CK_INLINE Vector v_fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
/// The larger; b where either is not a number.
CK_INLINE Vector v_max(Vector a, Vector b) { return _mm256_max_ps(a, b); }

static const int32_t v_mask_bits[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
CK_INLINE __m256i v_mask(int64_t count) {
    return _mm256_loadu_si256((const __m256i *)(v_mask_bits + LANES - count));
}

CK_INLINE Vector v_load(const float *p) { return _mm256_loadu_ps(p); }
CK_INLINE void v_store(float *p, Vector x) { _mm256_storeu_ps(p, x); }
CK_INLINE Vector v_load_part(const float *p, int64_t count) { return _mm256_maskload_ps(p, v_mask(count)); }
CK_INLINE void v_store_part(float *p, Vector x, int64_t count) { _mm256_maskstore_ps(p, v_mask(count), x); }

CK_INLINE Vector v_widen(__m128i x) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}
CK_INLINE __m128i v_narrow(Vector x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
}
CK_INLINE Vector v_load_bf16(const uint16_t *p) { return v_widen(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE Vector v_load_bf16_part(const uint16_t *p, int64_t count) {
    uint16_t part[LANES] = {0};
    memcpy(part, p, (size_t)count * sizeof *p);
    return v_load_bf16(part);
}
CK_INLINE void v_store_bf16(uint16_t *p, Vector x) { _mm_storeu_si128((__m128i *)p, v_narrow(x)); }
CK_INLINE void v_store_bf16_part(uint16_t *p, Vector x, int64_t count) {
    uint16_t part[LANES];
    v_store_bf16(part, x);
    memcpy(p, part, (size_t)count * sizeof *p);
}

/// The first `count` lanes, 0 in the others.
CK_INLINE Vector v_keep(Vector x, int64_t count) { return _mm256_and_ps(x, _mm256_castsi256_ps(v_mask(count))); }
CK_INLINE float v_sum(Vector x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
CK_INLINE float v_largest(Vector x) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

// 2ˣ over −½…½, minimax in the relative error: 7.5e-8.
static const float exp2_terms[6] = {
    1.00000007f, 0.693146967f, 0.240221197f, 0.0555071327f, 0.00967554133f, 0.0013276472f};

CK_INLINE Vector v_exp2(Vector x) {
    const Vector t = _mm256_min_ps(v_set(128), _mm256_max_ps(v_set(-127), x));
    const Vector n = _mm256_round_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vector f = v_subtract(t, n);
    Vector y = v_set(exp2_terms[5]);
    CK_UNROLL for (int i = 4; i >= 0; i--) y = v_fma(y, f, v_set(exp2_terms[i]));
    // The product, not a sum of bits, lets a NaN through and 2⁻¹²⁷ become 0.
    const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return v_multiply(y, _mm256_castsi256_ps(power));
}

CK_INLINE __m128i v_bytes(Vector x, Quantiser q) {
    const Vector scaled = _mm256_max_ps(v_multiply(x, v_set(q.inverse_scale)), v_set(q.low));
    const __m256i rounded = _mm256_cvtps_epi32(_mm256_min_ps(scaled, v_set(q.high)));
    const __m256i moved = _mm256_add_epi32(rounded, _mm256_set1_epi32(q.zero));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(moved), _mm256_extracti128_si256(moved, 1));
    return _mm_packus_epi16(words, words);
}
CK_INLINE void v_store_bytes(uint8_t *p, Vector x, Quantiser q) { _mm_storel_epi64((__m128i *)p, v_bytes(x, q)); }
CK_INLINE void v_store_bytes_part(uint8_t *p, Vector x, Quantiser q, int64_t count) {
    uint8_t part[LANES];
    v_store_bytes(part, x, q);
    memcpy(p, part, (size_t)count);
}

/// Swaps the rows and columns of LANES vectors.
CK_INLINE void v_transpose(Vector rows[LANES]) {
    Vector pairs[LANES], quads[LANES];
    CK_UNROLL for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    CK_UNROLL for (int i = 0; i < LANES; i += 4) {
        quads[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        quads[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        quads[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        quads[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    CK_UNROLL for (int i = 0; i < 4; i++) {
        rows[i] = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31);
    }
}

#endif

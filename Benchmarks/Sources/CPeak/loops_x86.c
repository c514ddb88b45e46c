// The loops of x86-64: AVX-512 with its dot products, AVX-VNNI, AVX2 with FMA.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>

#include "cpeak.h"
#include "loops.h"

// The empty asm keeps each sum in a register and each iteration in the loop.
#define CPEAK_LOOP(name, features, vector, zero, step)                                                                 \
    __attribute__((target(features))) static void name(int64_t iterations) {                                          \
        vector sums[CPEAK_SUMS];                                                                                       \
        for (int i = 0; i < CPEAK_SUMS; i++) sums[i] = zero;                                                           \
        for (int64_t n = 0; n < iterations; n++) {                                                                     \
            _Pragma("unroll") for (int i = 0; i < CPEAK_SUMS; i++) {                                                   \
                sums[i] = step;                                                                                        \
                __asm__ volatile("" : "+v"(sums[i]));                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }

CPEAK_LOOP(
    float32_avx512, "avx512f", __m512, _mm512_setzero_ps(),
    _mm512_fmadd_ps(_mm512_set1_ps(1.0f), _mm512_set1_ps(0.5f), sums[i]))
CPEAK_LOOP(
    float32_avx2, "avx2,fma", __m256, _mm256_setzero_ps(),
    _mm256_fmadd_ps(_mm256_set1_ps(1.0f), _mm256_set1_ps(0.5f), sums[i]))
CPEAK_LOOP(
    bfloat16_avx512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
    _mm512_dpbf16_ps(sums[i], (__m512bh)_mm512_set1_epi16(0x3f80), (__m512bh)_mm512_set1_epi16(0x3f00)))
CPEAK_LOOP(
    int8_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(),
    _mm512_dpbusd_epi32(sums[i], _mm512_set1_epi8(3), _mm512_set1_epi8(2)))
CPEAK_LOOP(
    int8_avx2, "avx2,avxvnni", __m256i, _mm256_setzero_si256(),
    _mm256_dpbusd_avx_epi32(sums[i], _mm256_set1_epi8(3), _mm256_set1_epi8(2)))

static bool has_avx_vnni(void) {
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4));
}

CPeakLoop cpeak_loop(int kind) {
    const bool avx512 = __builtin_cpu_supports("avx512f");
    switch (kind) {
    case CPEAK_FLOAT32:
        if (avx512) return (CPeakLoop){float32_avx512, CPEAK_SUMS * 16 * 2, "vfmadd231ps zmm"};
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            return (CPeakLoop){float32_avx2, CPEAK_SUMS * 8 * 2, "vfmadd231ps ymm"};
        break;
    case CPEAK_BFLOAT16:
        if (avx512 && __builtin_cpu_supports("avx512bf16"))
            return (CPeakLoop){bfloat16_avx512, CPEAK_SUMS * 32 * 2, "vdpbf16ps zmm"};
        break;
    case CPEAK_INT8:
        if (avx512 && __builtin_cpu_supports("avx512vnni"))
            return (CPeakLoop){int8_avx512, CPEAK_SUMS * 64 * 2, "vpdpbusd zmm"};
        if (has_avx_vnni()) return (CPeakLoop){int8_avx2, CPEAK_SUMS * 32 * 2, "vpdpbusd ymm"};
        break;
    }
    return (CPeakLoop){0};
}
#endif

// CKernels: the few computations in which LibTorch is far from what a CPU can do.
//
// Contract of every kernel:
//
// Variants   Each exists as portable C, for AVX2 with FMA, for AVX-512, and where it pays for AVX-512 with bf16 dot
//            products. The best one that the CPU can run is chosen at the first call; ck_select forces another.
// Threads    A kernel has none of its own: it hands independent tasks to `run`, which the caller ties to LibTorch's
//            pool. A kernel allocates nothing: what it needs beside its arguments is the caller's `scratch`.
// Numbers    bf16 is the upper half of a float32 (uint16_t here), rounded to nearest even. Sums are in float32.
//            The bf16 dot products of a CPU take subnormal numbers as 0. Quantised, a NaN is the least byte.
// Bounds     Sizes and strides are taken as they are: the caller has checked them. Strides count elements.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __clang__
#pragma clang assume_nonnull begin
#else
#define _Nullable
#endif

/// Which instructions the kernels use; each level has those before it.
typedef enum CKInstructions {
    CK_PORTABLE = 0,
    /// AVX2, FMA and F16C.
    CK_AVX2 = 1,
    /// AVX-512 F, BW, DQ and VL.
    CK_AVX512 = 2,
    /// AVX-512 with bf16 dot products.
    CK_AVX512_BF16 = 3
} CKInstructions;

/// The highest level that this CPU and its system can run.
CKInstructions ck_supported(void);
/// The level that kernels called from this thread use.
CKInstructions ck_selected(void);
/// Uses another level for the kernels that this thread calls, for tests and comparisons; false, without a change, where
/// the CPU cannot run it.
bool ck_select(CKInstructions level);
/// The level of all threads that select none; false, without a change, where the CPU cannot run it.
bool ck_limit(CKInstructions level);
/// Whether the CPU has int8 dot products (AVX-512 VNNI or AVX-VNNI), for callers that choose a precision.
bool ck_has_int8_dot(void);
/// Whether the CPU multiplies whole tiles of bf16 (AMX), with which oneDNN's products are far ahead of ours.
bool ck_has_bf16_tiles(void);

/// One task; `worker` is below the number of workers that the runner announced.
typedef void (*CKTask)(void *context, int64_t index, int64_t worker);

/// Where tasks run.
typedef struct CKRunner {
    /// Calls task(context, i, worker) once for each i in 0..<count, from at most `workers` threads, and returns when
    /// all are done.
    void (*run)(int64_t count, CKTask task, void *context);
    /// How many threads `run` may use, at least 1.
    int64_t workers;
} CKRunner;

typedef enum CKType { CK_FLOAT32 = 0, CK_BFLOAT16 = 1, CK_UINT8 = 2 } CKType;

/// Soft-max attention, out = softmax(q · kᵀ · scale + mask) · v, without stored scores (Dao et al. 2022; Rabe and
/// Staats 2021). Strides let q, k and v lie in one packed product [batch, tokens, 3, heads, width].
typedef struct CKAttention {
    /// At least one key; where one of the others is 0, nothing is done.
    int64_t batch, heads, queries, keys;
    /// Numbers per head, 1…256, any.
    int64_t width;
    float scale;
    /// Type of q, k and v: CK_FLOAT32 or CK_BFLOAT16.
    CKType type;
    const void *q, *k, *v;
    /// Steps of batch, head and token; the numbers of a token lie side by side.
    int64_t q_steps[3], k_steps[3], v_steps[3];
    /// Type of out: that of q, or CK_UINT8 (quantised by `inverse_scale` and `zero`).
    CKType out_type;
    void *out;
    int64_t out_steps[3];
    /// Added to the scaled scores before the soft-max, −∞ hides a key; null adds nothing. Steps of batch, head, query
    /// (0 repeats); the keys lie side by side. A query whose keys are all hidden gives zeros.
    const float *_Nullable mask;
    int64_t mask_steps[3];
    /// out = clamp(round(x · inverse_scale) + zero, 0, 255) for CK_UINT8.
    float inverse_scale;
    int32_t zero;
} CKAttention;

/// Bytes of scratch that ck_attention needs with so many workers; to be aligned to 64.
size_t ck_attention_scratch(const CKAttention *job, int64_t workers);
void ck_attention(const CKAttention *job, void *scratch, CKRunner runner);

/// A convolution of images stored channels-last, out = activation(x ∗ weight + bias), where `adds` says so with what
/// `out` holds added before the activation.
typedef struct CKConvolution {
    /// Of x. An image must be at least as large as the window, less the padding.
    int64_t batch, height, width, inputs;
    int64_t outputs, kernel_height, kernel_width;
    /// In both directions.
    int64_t stride, padding;
    /// Type of x and out: CK_FLOAT32 or CK_BFLOAT16.
    CKType type;
    /// [batch, height, width, inputs].
    const void *_Nullable x;
    /// As ck_pack_convolution leaves it; aligned to 64.
    const float *_Nullable weight;
    bool adds;
    /// Whether a ReLU follows.
    bool rectifies;
    /// [batch, height', width', outputs]; not x.
    void *_Nullable out;
} CKConvolution;

/// Whether the level that this thread uses has a kernel for such a window and type, whatever the images: float32 with
/// AVX-512, bf16 where the CPU has bf16 dot products. Elsewhere oneDNN has its own.
bool ck_convolution_runs(const CKConvolution *job);
/// Floats of the packed weight of a job, which depends on its channels, window and type alone.
size_t ck_convolution_weight(const CKConvolution *job);
/// Packs weight [outputs, inputs, kernel_height, kernel_width], of the job's type, and bias [outputs].
void ck_pack_convolution(const CKConvolution *job, const void *weight, const float *_Nullable bias, float *packed);
/// Bytes of scratch that ck_convolution needs, to be aligned to 64; 0 for images of many channels.
size_t ck_convolution_scratch(const CKConvolution *job);
void ck_convolution(const CKConvolution *job, void *_Nullable scratch, CKRunner runner);

/// Residual addition, layer normalisation and, for CK_UINT8, quantisation in one pass over each row:
/// x += branch; out = (x − mean) / √(variance + ε) · weight + bias.
typedef struct CKLayerNorm {
    int64_t rows, width;
    float epsilon;
    /// The residual stream [rows, width]; changed in place where `branch` is given.
    float *x;
    /// CK_FLOAT32 or CK_BFLOAT16 [rows, width]; null adds nothing.
    const void *_Nullable branch;
    CKType branch_type;
    /// [width]; null for out normalises nothing and only adds.
    const float *_Nullable weight;
    const float *_Nullable bias;
    /// [rows, width] of out_type; null only adds.
    void *_Nullable out;
    CKType out_type;
    float inverse_scale;
    int32_t zero;
} CKLayerNorm;

void ck_layer_norm(const CKLayerNorm *job, CKRunner runner);

/// Soft-max over rows of float32; may work in place.
void ck_softmax(const float *x, float *out, int64_t rows, int64_t width, CKRunner runner);

/// clamp(round(x · inverse_scale) + zero, 0, 255), halves to even, for x of CK_FLOAT32 or CK_BFLOAT16.
void ck_quantise(
    const void *x, CKType type, uint8_t *out, int64_t count, float inverse_scale, int32_t zero, CKRunner runner);

/// out = silu(a) · b over rows of [a | b], each half `width` long; type CK_FLOAT32 or CK_BFLOAT16.
void ck_gated_silu(const void *x, CKType type, void *out, int64_t rows, int64_t width, CKRunner runner);

#ifdef __clang__
#pragma clang assume_nonnull end
#else
#undef _Nullable
#endif
#ifdef __cplusplus
}
#endif
#endif

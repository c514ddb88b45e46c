// The kernels for AVX-512 with bf16 dot products.
#if defined(__x86_64__)
#define CK_BF16_DOT
#include "vector_avx512.h"

#include "rows_template.h"

#include "attention_template.h"

#include "convolution_template.h"

const CKTable ck_avx512_bf16_table = {
    layer_norm_rows, softmax_rows, quantise_range, gated_silu_rows, {ck_avx512_attend, attend},
    {ck_avx512_convolve, convolve}};
#endif

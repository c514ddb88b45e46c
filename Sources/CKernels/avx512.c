// The kernels for AVX-512; bf16 is widened as it is packed.
#if defined(__x86_64__)
#include "vector_avx512.h"

#include "rows_template.h"

#include "attention_template.h"

#include "convolution_template.h"

const CKTable ck_avx512_table = {
    layer_norm_rows, softmax_rows, quantise_range, gated_silu_rows, {attend, attend}, {convolve, NULL}};

// For the level above, which has nothing better for float32.
void ck_avx512_convolve(const CKConvolutionPlan *plan, int64_t index) { convolve(plan, index); }
void ck_avx512_attend(const CKAttentionPlan *plan, int64_t index, int64_t worker) { attend(plan, index, worker); }
#endif

// The kernels for AVX2 with FMA; bf16 is widened as it is packed.
#if defined(__x86_64__)
#include "vector_avx2.h"

#include "rows_template.h"

#include "attention_template.h"

const CKTable ck_avx2_table = {
    layer_norm_rows, softmax_rows, quantise_range, gated_silu_rows, {attend, attend}, {NULL, NULL}};
#endif

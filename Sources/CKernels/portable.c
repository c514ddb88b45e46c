// The kernels in portable C; bf16 is widened as it is packed.
#include "vector_portable.h"

#include "rows_template.h"

#include "attention_template.h"

const CKTable ck_portable_table = {
    layer_norm_rows, softmax_rows, quantise_range, gated_silu_rows, {attend, attend}, {NULL, NULL}};

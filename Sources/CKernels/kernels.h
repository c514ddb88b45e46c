// Private: what the levels of instructions give to dispatch.c and attention.c.
#ifndef KERNELS_H
#define KERNELS_H

#include "ckernels.h"

typedef struct CKTable CKTable;

/// How ck_attention cuts a job into tasks and a worker's scratch into parts; the same for every level.
typedef struct CKAttentionPlan {
    /// The kernels of the level that the caller uses.
    const CKTable *table;
    const CKAttention *job;
    /// Tasks per head, and queries per task but the last.
    int64_t chunks, chunk_queries;
    /// Keys per block; a query block meets one such block at a time.
    int64_t block_keys;
    unsigned char *scratch;
    /// Bytes of one worker.
    size_t worker_bytes;
    /// Where the parts of a worker's scratch start, in bytes.
    size_t keys_at, values_at, queries_at, scores_at, outputs_at, sums_at, maxima_at, references_at;
    /// Floats from one query's scores to the next.
    size_t score_pitch;
} CKAttentionPlan;

/// How ck_convolution cuts a job into tasks; the same for every level. The rows of its products are the pixels of the
/// result, the columns its channels, in panels.
typedef struct CKConvolutionPlan {
    /// The kernels of the level that the caller uses.
    const CKTable *table;
    const CKConvolution *job;
    int64_t out_height, out_width;
    /// What the windows read: the job's images, or copies with the padding in them.
    const void *images;
    /// Numbers from one pixel, row and image of these to the next.
    int64_t pixel_pitch, row_pitch, image_pitch;
    /// Of these, in pixels, and the padding that they have not.
    int64_t height, width, padding;
    /// Positions of the window that are read apart from each other, in both directions; of copies a row of the window
    /// is one, for there it lies in one piece.
    int64_t window_height, window_width;
    /// All of them, and the 32-bit units of each.
    int64_t taps, units;
    /// What a window reads beyond the edge: one position's units.
    const float *zeros;
    /// Whether the images are copied first, to the scratch, and the bytes of that.
    bool copies;
    size_t copy_bytes;
    unsigned char *scratch;
    /// Tasks beside each other in a row of pixels, and the pixels and panels of each.
    int64_t panel_tasks, task_rows, task_panels;
    /// Pixels that share a pass over the weights; the last block of a task takes up to `block_most`.
    int64_t block_rows, block_most;
} CKConvolutionPlan;

enum {
    /// Queries that share a pass over the keys; the last block of a task takes up to CK_QUERY_BLOCK_MOST, for a pass
    /// for a few alone would cost nearly as much as for a whole block.
    CK_QUERY_BLOCK = 48,
    CK_QUERY_BLOCK_MOST = 60,
    /// Most keys whose scores are held at a time.
    CK_KEY_BLOCK = 512,
    /// Most positions of a convolution's window, and pointers to such in a block of pixels.
    CK_WINDOW_MOST = 256,
    CK_WINDOW_POINTERS = 3072,
    /// Channels of a panel of a convolution's weights.
    CK_PANEL = 64,
    /// Lanes of the widest vector; scratch is padded for it at every level.
    CK_LANES = 16
};

/// Rows from `first` to before `end`.
typedef void CKLayerNormRows(const CKLayerNorm *job, int64_t first, int64_t end);
typedef void CKSoftmaxRows(const float *x, float *out, int64_t width, int64_t first, int64_t end);
typedef void CKQuantiseRange(
    const void *x, CKType type, uint8_t *out, float inverse_scale, int32_t zero, int64_t first, int64_t end);
typedef void CKGatedSiluRows(const void *x, CKType type, void *out, int64_t width, int64_t first, int64_t end);
typedef void CKAttentionTask(const CKAttentionPlan *plan, int64_t index, int64_t worker);
typedef void CKConvolutionTask(const CKConvolutionPlan *plan, int64_t index);

/// The kernels of one level.
struct CKTable {
    CKLayerNormRows *layer_norm;
    CKSoftmaxRows *softmax;
    CKQuantiseRange *quantise;
    CKGatedSiluRows *gated_silu;
    /// By the type of q, k and v: CK_FLOAT32, CK_BFLOAT16.
    CKAttentionTask *attention[2];
    /// By the type of the images; null where the level has none.
    CKConvolutionTask *convolution[2];
};

extern const CKTable ck_portable_table;
#if defined(__x86_64__)
extern const CKTable ck_avx2_table, ck_avx512_table, ck_avx512_bf16_table;
CKAttentionTask ck_avx512_attend;
CKConvolutionTask ck_avx512_convolve;
#endif

/// The table of the level that this thread uses.
const CKTable *ck_table(void);

static inline int64_t ck_smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ck_larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ck_divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t ck_round_up(int64_t a, int64_t b) { return ck_divide_up(a, b) * b; }

#endif

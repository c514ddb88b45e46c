// The kernels that work row by row: how their rows become tasks.
#include "kernels.h"

// Elements that one task should have at least, so that handing it out costs little beside its work.
enum { TASK_ELEMENTS = 1 << 14 };

typedef struct Rows {
    const CKTable *table;
    int64_t rows, rows_per_task;
    const CKLayerNorm *layer_norm;
    const void *x;
    CKType type;
    void *out;
    int64_t width;
    float inverse_scale;
    int32_t zero;
} Rows;

static void split(Rows *rows, int64_t count, int64_t width, int64_t unit, CKTask task, CKRunner runner) {
    if (count <= 0) return;
    const int64_t least = ck_larger(1, TASK_ELEMENTS / ck_larger(1, width));
    const int64_t even = ck_divide_up(count, ck_larger(1, runner.workers));
    rows->table = ck_table();
    rows->rows = count;
    rows->rows_per_task = ck_round_up(ck_larger(least, even), unit);
    runner.run(ck_divide_up(count, rows->rows_per_task), task, rows);
}

static int64_t first(const Rows *rows, int64_t index) { return index * rows->rows_per_task; }
static int64_t end(const Rows *rows, int64_t index) {
    return ck_smaller(rows->rows, (index + 1) * rows->rows_per_task);
}

static void layer_norm_task(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const Rows *rows = context;
    rows->table->layer_norm(rows->layer_norm, first(rows, index), end(rows, index));
}

void ck_layer_norm(const CKLayerNorm *job, CKRunner runner) {
    Rows rows = {.layer_norm = job};
    if (job->width > 0) split(&rows, job->rows, job->width, 1, layer_norm_task, runner);
}

static void softmax_task(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const Rows *rows = context;
    rows->table->softmax(rows->x, rows->out, rows->width, first(rows, index), end(rows, index));
}

void ck_softmax(const float *x, float *out, int64_t rows, int64_t width, CKRunner runner) {
    Rows context = {.x = x, .out = out, .width = width};
    if (width > 0) split(&context, rows, width, 1, softmax_task, runner);
}

static void quantise_task(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const Rows *rows = context;
    rows->table->quantise(
        rows->x, rows->type, rows->out, rows->inverse_scale, rows->zero, first(rows, index), end(rows, index));
}

void ck_quantise(
    const void *x, CKType type, uint8_t *out, int64_t count, float inverse_scale, int32_t zero, CKRunner runner) {
    Rows rows = {.x = x, .type = type, .out = out, .inverse_scale = inverse_scale, .zero = zero};
    // Whole cache lines of bytes per task, so that no two workers write to one.
    split(&rows, count, 1, 64, quantise_task, runner);
}

static void gated_silu_task(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const Rows *rows = context;
    rows->table->gated_silu(rows->x, rows->type, rows->out, rows->width, first(rows, index), end(rows, index));
}

void ck_gated_silu(const void *x, CKType type, void *out, int64_t rows, int64_t width, CKRunner runner) {
    Rows context = {.x = x, .type = type, .out = out, .width = width};
    if (width > 0) split(&context, rows, width, 1, gated_silu_task, runner);
}

// How an attention becomes tasks and what each worker's scratch holds.
#include "kernels.h"

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static CKAttentionPlan plan_for(const CKAttention *job) {
    CKAttentionPlan plan = {.job = job};
    const size_t lanes = CK_LANES, queries = CK_QUERY_BLOCK_MOST;
    const size_t width = (size_t)ck_round_up(job->width, CK_LANES);
    const size_t keys = (size_t)ck_round_up(job->keys, CK_LANES);
    // Blocks of equal size: a short last one would cost as much per pass as a long one.
    const int64_t blocks = ck_larger(1, ck_divide_up(job->keys, CK_KEY_BLOCK));
    plan.block_keys = ck_round_up(ck_larger(1, ck_divide_up(job->keys, blocks)), 4 * CK_LANES);
    // The odd line keeps the scores of neighbouring queries out of one cache set.
    plan.score_pitch = (size_t)plan.block_keys + lanes;
    size_t at = 64;
    plan.keys_at = at, at += aligned(keys * width * sizeof(float));
    plan.values_at = at, at += aligned(keys * width * sizeof(float));
    plan.queries_at = at, at += aligned(queries * width * sizeof(float));
    plan.scores_at = at, at += aligned(queries * plan.score_pitch * sizeof(float));
    plan.outputs_at = at, at += aligned(queries * width * sizeof(float));
    plan.sums_at = at, at += aligned(queries * lanes * sizeof(float));
    plan.maxima_at = at, at += aligned(queries * lanes * sizeof(float));
    plan.references_at = at, at += aligned(queries * sizeof(float));
    plan.worker_bytes = at;
    return plan;
}

size_t ck_attention_scratch(const CKAttention *job, int64_t workers) {
    return plan_for(job).worker_bytes * (size_t)ck_larger(1, workers);
}

// Whole heads where they share out evenly, else parts of heads: packing the keys again costs a part as much as some
// twenty queries.
static void split(CKAttentionPlan *plan, int64_t workers) {
    const CKAttention *job = plan->job;
    const int64_t heads = job->batch * job->heads;
    const int64_t most = ck_larger(1, job->queries / (2 * CK_QUERY_BLOCK));
    int64_t best = 1;
    double least = 0;
    for (int64_t chunks = 1; chunks <= most; chunks++) {
        const int64_t rounds = ck_divide_up(heads * chunks, workers);
        const double cost = (double)rounds / (double)chunks * ((double)job->queries + 20.0 * (double)chunks);
        if (chunks == 1 || cost < least * 0.98) best = chunks, least = cost;
        if (heads * chunks % workers == 0) break;
    }
    plan->chunk_queries = ck_divide_up(job->queries, best);
    plan->chunks = ck_divide_up(job->queries, plan->chunk_queries);
}

static void task(void *context, int64_t index, int64_t worker) {
    const CKAttentionPlan *plan = context;
    plan->table->attention[plan->job->type == CK_BFLOAT16](plan, index, worker);
}

void ck_attention(const CKAttention *job, void *scratch, CKRunner runner) {
    if (job->batch <= 0 || job->heads <= 0 || job->queries <= 0) return;
    CKAttentionPlan plan = plan_for(job);
    plan.scratch = scratch;
    plan.table = ck_table();
    split(&plan, ck_larger(1, runner.workers));
    runner.run(job->batch * job->heads * plan.chunks, task, &plan);
}

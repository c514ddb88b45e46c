// Soft-max attention for one task, in the vectors of the level that includes this.
//
// The keys are packed once; then each block of queries meets the keys block by block. The scores of one block lie in
// the caches and never reach memory.
#ifndef ATTENTION_TEMPLATE_H
#define ATTENTION_TEMPLATE_H

// Each needs those before it.
#include "attention_tiles.h"

#include "attention_pack.h"

#include "attention_softmax.h"

/// Scores of the block's queries with `keys` keys from `first_key` on.
CK_TARGET static void score(const Block *block, int64_t first_key, int64_t keys) {
    const int64_t vectors = ck_divide_up(keys, LANES);
    for (int64_t row = 0; row < block->rows; row++) v_store(block->maxima + row * LANES, v_set(-__builtin_inff()));
    const float *panels = block->keys + first_key * block->units;
    for (int64_t start = 0; start < vectors;) {
        const int panel = next_tile(vectors - start, TILE_VECTORS);
        for (int64_t row = 0; row < block->rows;) {
            const int rows = next_tile(block->rows - row, TILE_ROWS);
            const Operands operands = {
                .a = block->queries + (size_t)row * block->query_pitch,
                .a_pitch = block->query_pitch,
                .b = panels + start * LANES * block->units,
                .b_pitch = (size_t)panel * LANES,
                .units = block->units,
                .c = block->scores + (size_t)row * block->score_pitch + start * LANES,
                .c_pitch = block->score_pitch,
                .maxima = block->maxima + row * LANES};
            score_tiles[panel - 1][rows - 1](&operands);
            row += rows;
        }
        start += panel;
    }
}

/// Adds the products of probabilities and values of `keys` keys from `first_key` on to the block's outputs.
CK_TARGET static void add_values(const Block *block, int64_t first_key, int64_t keys) {
    const int64_t vectors = (int64_t)block->width_pitch / LANES;
    const float *values = block->values + (size_t)(first_key / UNIT) * block->width_pitch;
    for (int64_t start = 0; start < vectors;) {
        const int columns = next_tile(vectors - start, TILE_VECTORS);
        for (int64_t row = 0; row < block->rows;) {
            const int rows = next_tile(block->rows - row, TILE_ROWS);
            const Operands operands = {
                .a = block->scores + (size_t)row * block->score_pitch,
                .a_pitch = block->score_pitch,
                .b = values + start * LANES,
                .b_pitch = block->width_pitch,
                .units = ck_divide_up(keys, UNIT),
                .c = block->outputs + (size_t)row * block->width_pitch + start * LANES,
                .c_pitch = block->width_pitch,
                .adds = first_key > 0};
            value_tiles[columns - 1][rows - 1](&operands);
            row += rows;
        }
        start += columns;
    }
}

CK_INLINE void write_outputs_as(const Block *block, CKType type) {
    const CKAttention *job = block->job;
    const Quantiser q = quantiser(job->inverse_scale, job->zero);
    for (int64_t row = 0; row < block->rows; row++) {
        const float sum = v_sum(v_load(block->sums + row * LANES));
        const Vector inverse = v_set(sum == 0 ? 0 : 1 / sum);
        const float *output = block->outputs + (size_t)row * block->width_pitch;
        const int64_t at = (block->first + row) * job->out_steps[2];
        CK_ROW(job->width, {
            store_as(block->out_head, type, at + i, count, v_multiply(v_load(output + i), inverse), q);
        });
    }
}

CK_TARGET static void write_outputs(const Block *block) {
    if (block->job->out_type == CK_UINT8) write_outputs_as(block, CK_UINT8);
    else if (block->job->out_type == CK_BFLOAT16) write_outputs_as(block, CK_BFLOAT16);
    else write_outputs_as(block, CK_FLOAT32);
}

static inline const void *head_of(const void *p, CKType type, const int64_t steps[3], int64_t batch, int64_t head) {
    return (const char *)p + (batch * steps[0] + head * steps[1]) * bytes_of(type);
}

CK_TARGET static void pack_head(const CKAttentionPlan *plan, const Block *block, int64_t batch, int64_t head) {
    const CKAttention *job = plan->job;
    const void *keys = head_of(job->k, job->type, job->k_steps, batch, head);
    for (int64_t first = 0; first < job->keys; first += plan->block_keys) {
        const int64_t count = ck_smaller(plan->block_keys, job->keys - first);
        pack_keys(job, keys, block->keys + first * block->units, first, count, block->units);
    }
    const void *values = head_of(job->v, job->type, job->v_steps, batch, head);
    pack_values(job, values, block->values, (int64_t)block->width_pitch);
}

CK_TARGET static void attend(const CKAttentionPlan *plan, int64_t index, int64_t worker) {
    const CKAttention *job = plan->job;
    const int64_t heads = index / plan->chunks, chunk = index % plan->chunks;
    const int64_t batch = heads / job->heads, head = heads % job->heads;
    unsigned char *scratch = plan->scratch + (size_t)worker * plan->worker_bytes;
    const int64_t units = ck_divide_up(job->width, UNIT);
    Block block = {
        .job = job,
        .keys = (float *)(scratch + plan->keys_at),
        .values = (float *)(scratch + plan->values_at),
        .queries = (float *)(scratch + plan->queries_at),
        .scores = (float *)(scratch + plan->scores_at),
        .outputs = (float *)(scratch + plan->outputs_at),
        .sums = (float *)(scratch + plan->sums_at),
        .maxima = (float *)(scratch + plan->maxima_at),
        .references = (float *)(scratch + plan->references_at),
        .score_pitch = plan->score_pitch,
        .query_pitch = (size_t)ck_round_up(units, LANES),
        .width_pitch = (size_t)ck_round_up(job->width, LANES),
        .units = units};
    pack_head(plan, &block, batch, head);

    block.query_head = head_of(job->q, job->type, job->q_steps, batch, head);
    block.out_head = (char *)job->out
                     + (batch * job->out_steps[0] + head * job->out_steps[1]) * bytes_of(job->out_type);
    const float *mask =
        job->mask ? job->mask + batch * job->mask_steps[0] + head * job->mask_steps[1] : (const float *)0;
    const int64_t end = ck_smaller(job->queries, (chunk + 1) * plan->chunk_queries);
    for (int64_t first = chunk * plan->chunk_queries; first < end; first += block.rows) {
        block.first = first;
        block.rows = end - first <= CK_QUERY_BLOCK_MOST ? end - first : CK_QUERY_BLOCK;
        pack_queries(job, block.query_head, block.queries, first, block.rows, (int64_t)block.query_pitch);
        const float *rows_mask = mask ? mask + first * job->mask_steps[2] : (const float *)0;
        for (int64_t key = 0; key < job->keys; key += plan->block_keys) {
            const int64_t keys = ck_smaller(plan->block_keys, job->keys - key);
            score(&block, key, keys);
            soften(&block, rows_mask, job->mask_steps[2], key, keys);
            add_values(&block, key, keys);
        }
        write_outputs(&block);
    }
}

#endif

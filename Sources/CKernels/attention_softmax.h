// The soft-max of attention, one block of queries and keys at a time.
//
// Probabilities are taken relative to a reference, the largest score so far, which moves only when a later one is so
// much larger that the exponential could overflow; sums and outputs are scaled then (online soft-max, Milakov and
// Gimelshein 2018).
#ifndef ATTENTION_SOFTMAX_H
#define ATTENTION_SOFTMAX_H

#ifdef CK_BF16_DOT
CK_INLINE Vector v_probability(Vector power) { return v_exp2_by(power, exp2_few_terms, 3); }
/// Two vectors of a row of probabilities, the first at key `at`.
CK_INLINE void store_probabilities(float *row, int64_t at, Vector first, Vector second) {
    _mm512_storeu_si512(row + at / UNIT, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}
#else
CK_INLINE Vector v_probability(Vector power) { return v_exp2(power); }
CK_INLINE void store_probabilities(float *row, int64_t at, Vector first, Vector second) {
    v_store(row + at, first);
    v_store(row + at + LANES, second);
}
#endif

// A probability may grow to 2⁸ before the reference moves.
static const float reference_slack = 8;

/// What the functions below share: one worker's view of one head and block of queries.
typedef struct Block {
    const CKAttention *job;
    float *keys, *values, *queries, *scores, *outputs, *sums, *maxima, *references;
    size_t score_pitch, query_pitch, width_pitch;
    int64_t first, rows, units;
    const void *query_head;
    void *out_head;
} Block;

/// Asks for what comes after the current products: the row's output and, for the next block, its query.
CK_INLINE void prefetch_next(const Block *block, int64_t row) {
    const CKAttention *job = block->job;
    const int64_t query = block->first + block->rows + row, size = bytes_of(job->type);
    if (query < job->queries) {
        prefetch_token((const char *)block->query_head + query * job->q_steps[2] * size, job->width * size);
    }
    const int64_t out_size = bytes_of(job->out_type);
    const char *out = (const char *)block->out_head + (block->first + row) * job->out_steps[2] * out_size;
    for (int64_t i = 0; i < job->width * out_size; i += 64) __builtin_prefetch(out + i, 1);
}

/// Scaled and masked scores of one row in place of raw ones; gives the largest.
CK_INLINE float add_mask(float *row, const float *mask, float scale, int64_t keys) {
    Vector most = v_set(-__builtin_inff());
    int64_t i = 0;
    for (; i + LANES <= keys; i += LANES) {
        const Vector x = v_fma(v_load(row + i), v_set(scale), v_load(mask + i));
        v_store(row + i, x);
        most = v_max(most, x);
    }
    float largest = v_largest(most);
    for (; i < keys; i++) {
        row[i] = row[i] * scale + mask[i];
        largest = largest > row[i] ? largest : row[i];
    }
    return largest;
}

/// Probabilities of one row in place of its scores, as the units that the value tiles read; adds their sum.
CK_INLINE void exponentiate(float *row, int64_t keys, float reference, float factor, float *sum) {
    float start = -reference * factor;
    if (!(__builtin_fabsf(start) < 0x1p24f)) {
        // Below this the product's rounding scales all probabilities alike and cancels; here it could overflow them.
        for (int64_t i = 0; i < keys; i += LANES) v_store(row + i, v_subtract(v_load(row + i), v_set(reference)));
        start = 0;
    }
    const Vector origin = v_set(start), scale = v_set(factor);
    Vector sums[2] = {v_load(sum), v_set(0)};
    int64_t i = 0;
    for (; i + 2 * LANES <= keys; i += 2 * LANES) {
        const Vector first = v_probability(v_fma(v_load(row + i), scale, origin));
        const Vector second = v_probability(v_fma(v_load(row + i + LANES), scale, origin));
        sums[0] = v_add(sums[0], first);
        sums[1] = v_add(sums[1], second);
        store_probabilities(row, i, first, second);
    }
    if (i < keys) {
        const int64_t left = keys - i;
        const Vector first = v_probability(v_fma(v_load(row + i), scale, origin));
        const Vector first_kept = v_keep(first, ck_smaller(LANES, left));
        Vector second = v_set(0);
        if (left > LANES) {
            second = v_probability(v_fma(v_load(row + i + LANES), scale, origin));
            second = v_keep(second, left - LANES);
        }
        sums[0] = v_add(sums[0], first_kept);
        sums[1] = v_add(sums[1], second);
        store_probabilities(row, i, first_kept, second);
    }
    v_store(sum, v_add(sums[0], sums[1]));
}

/// Moves a row's reference: what was summed up relative to the old one is scaled.
CK_INLINE void move_reference(const Block *block, int64_t row, float largest, float factor) {
    const Vector scale = v_exp2(v_set((block->references[row] - largest) * factor));
    float *sum = block->sums + row * LANES, *output = block->outputs + (size_t)row * block->width_pitch;
    v_store(sum, v_multiply(v_load(sum), scale));
    for (size_t i = 0; i < block->width_pitch; i += LANES) v_store(output + i, v_multiply(v_load(output + i), scale));
    block->references[row] = largest;
}

CK_TARGET static void soften(
    const Block *block, const float *mask, int64_t mask_step, int64_t first_key, int64_t keys) {
    const float scale = __builtin_fabsf(block->job->scale);
    const float factor = mask ? log2_e : log2_e * scale;
    // A loop of its own: the steps to one row's largest score wait for each other, those of many rows do not.
    for (int64_t row = 0; row < block->rows; row++) {
        float *scores = block->scores + (size_t)row * block->score_pitch;
        const float largest = mask ? add_mask(scores, mask + row * mask_step + first_key, scale, keys)
                                   : v_largest(v_load(block->maxima + row * LANES));
        if (first_key == 0) {
            block->references[row] = largest;
            v_store(block->sums + row * LANES, v_set(0));
        } else if ((largest - block->references[row]) * factor > reference_slack) {
            move_reference(block, row, largest, factor);
        }
    }
    for (int64_t row = 0; row < block->rows; row++) {
        if (first_key == 0) prefetch_next(block, row);
        // Where all is hidden so far, every distance from 0 is −∞ and its probability 0.
        const float reference = block->references[row] == -__builtin_inff() ? 0 : block->references[row];
        float *scores = block->scores + (size_t)row * block->score_pitch;
        exponentiate(scores, keys, reference, factor, block->sums + row * LANES);
    }
}

#endif

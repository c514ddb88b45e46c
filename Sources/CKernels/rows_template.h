// The kernels that work row by row, in the vectors of the level that includes this.
#ifndef ROWS_TEMPLATE_H
#define ROWS_TEMPLATE_H

// An inlined caller's constant type leaves one of the branches.
CK_INLINE Vector load_as(const void *p, CKType type, int64_t at, int64_t count) {
    if (type == CK_BFLOAT16) {
        const uint16_t *x = (const uint16_t *)p + at;
        return count >= LANES ? v_load_bf16(x) : v_load_bf16_part(x, count);
    }
    const float *x = (const float *)p + at;
    return count >= LANES ? v_load(x) : v_load_part(x, count);
}

CK_INLINE void store_as(void *p, CKType type, int64_t at, int64_t count, Vector x, Quantiser q) {
    const bool whole = count >= LANES;
    if (type == CK_UINT8) {
        uint8_t *out = (uint8_t *)p + at;
        whole ? v_store_bytes(out, x, q) : v_store_bytes_part(out, x, q, count);
    } else if (type == CK_BFLOAT16) {
        uint16_t *out = (uint16_t *)p + at;
        whole ? v_store_bf16(out, x) : v_store_bf16_part(out, x, count);
    } else {
        float *out = (float *)p + at;
        whole ? v_store(out, x) : v_store_part(out, x, count);
    }
}

// A statement for each vector of a row, `count` lanes from number `i` on: the whole ones without a look at the count.
#define CK_ROW(width, ...) \
    do { \
        int64_t i = 0; \
        for (; i + LANES <= (width); i += LANES) { \
            enum { count = LANES }; \
            __VA_ARGS__ \
        } \
        if (i < (width)) { \
            const int64_t count = (width)-i; \
            __VA_ARGS__ \
        } \
    } while (0)

// Sums of a row in several registers: one would wait for itself.
enum { SUMS = 4 };

CK_INLINE float total(const Vector sums[SUMS]) {
    return v_sum(v_add(v_add(sums[0], sums[1]), v_add(sums[2], sums[3])));
}

// Adds the branch to the row where there is one, and gives the row's sum.
CK_INLINE float add_branch(float *x, const void *branch, CKType type, int64_t at, int64_t width) {
    Vector sums[SUMS] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    int64_t i = 0;
    for (; i + SUMS * LANES <= width; i += SUMS * LANES) {
        CK_UNROLL for (int j = 0; j < SUMS; j++) {
            Vector value = v_load(x + i + j * LANES);
            if (branch) {
                value = v_add(value, load_as(branch, type, at + i + j * LANES, LANES));
                v_store(x + i + j * LANES, value);
            }
            sums[j] = v_add(sums[j], value);
        }
    }
    for (; i < width; i += LANES) {
        const int64_t count = ck_smaller(LANES, width - i);
        Vector value = load_as(x, CK_FLOAT32, i, count);
        if (branch) {
            value = v_add(value, load_as(branch, type, at + i, count));
            store_as(x, CK_FLOAT32, i, count, value, quantiser(0, 0));
        }
        sums[0] = v_add(sums[0], value);
    }
    return total(sums);
}

CK_INLINE float squared_distance(const float *x, float mean, int64_t width) {
    Vector sums[SUMS] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    const Vector centre = v_set(mean);
    int64_t i = 0;
    for (; i + SUMS * LANES <= width; i += SUMS * LANES) {
        CK_UNROLL for (int j = 0; j < SUMS; j++) {
            const Vector distance = v_subtract(v_load(x + i + j * LANES), centre);
            sums[j] = v_fma(distance, distance, sums[j]);
        }
    }
    for (; i < width; i += LANES) {
        const int64_t count = ck_smaller(LANES, width - i);
        const Vector distance = v_keep(v_subtract(load_as(x, CK_FLOAT32, i, count), centre), count);
        sums[0] = v_fma(distance, distance, sums[0]);
    }
    return total(sums);
}

CK_INLINE void normalise(const CKLayerNorm *job, CKType type, int64_t at, float mean, float factor, Quantiser q) {
    const float *x = job->x + at, *weight = job->weight, *bias = job->bias;
    void *out = job->out;
    const int64_t width = job->width;
    const Vector centre = v_set(mean), scale = v_set(factor);
    CK_ROW(width, {
        Vector y = v_multiply(v_subtract(load_as(x, CK_FLOAT32, i, count), centre), scale);
        if (weight) y = v_multiply(y, load_as(weight, CK_FLOAT32, i, count));
        if (bias) y = v_add(y, load_as(bias, CK_FLOAT32, i, count));
        store_as(out, type, at + i, count, y, q);
    });
}

CK_TARGET static void layer_norm_rows(const CKLayerNorm *job, int64_t first, int64_t end) {
    const Quantiser q = quantiser(job->inverse_scale, job->zero);
    const int64_t width = job->width;
    for (int64_t row = first; row < end; row++) {
        const int64_t at = row * width;
        float *x = job->x + at;
        const float sum = job->branch_type == CK_BFLOAT16 ? add_branch(x, job->branch, CK_BFLOAT16, at, width)
                                                          : add_branch(x, job->branch, CK_FLOAT32, at, width);
        if (!job->out) continue;
        const float mean = sum / (float)width;
        const float variance = squared_distance(x, mean, width) / (float)width;
        const float factor = 1.0f / __builtin_sqrtf(variance + job->epsilon);
        if (job->out_type == CK_UINT8) normalise(job, CK_UINT8, at, mean, factor, q);
        else if (job->out_type == CK_BFLOAT16) normalise(job, CK_BFLOAT16, at, mean, factor, q);
        else normalise(job, CK_FLOAT32, at, mean, factor, q);
    }
}

static const float log2_e = 1.44269504f;

CK_TARGET static void softmax_rows(const float *all, float *all_out, int64_t width, int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
        const float *x = all + row * width;
        float *out = all_out + row * width;
        Vector most[SUMS], sums[SUMS] = {v_set(0), v_set(0), v_set(0), v_set(0)};
        CK_UNROLL for (int j = 0; j < SUMS; j++) most[j] = v_set(-__builtin_inff());
        int64_t i = 0;
        for (; i + SUMS * LANES <= width; i += SUMS * LANES) {
            CK_UNROLL for (int j = 0; j < SUMS; j++) most[j] = v_max(most[j], v_load(x + i + j * LANES));
        }
        float largest = v_largest(v_max(v_max(most[0], most[1]), v_max(most[2], most[3])));
        for (; i < width; i++) largest = largest > x[i] ? largest : x[i];

        const Vector peak = v_set(largest), factor = v_set(log2_e);
        for (i = 0; i + SUMS * LANES <= width; i += SUMS * LANES) {
            CK_UNROLL for (int j = 0; j < SUMS; j++) {
                const Vector y = v_exp2(v_multiply(v_subtract(v_load(x + i + j * LANES), peak), factor));
                v_store(out + i + j * LANES, y);
                sums[j] = v_add(sums[j], y);
            }
        }
        for (; i < width; i += LANES) {
            const int64_t count = ck_smaller(LANES, width - i);
            const Vector distance = v_subtract(load_as(x, CK_FLOAT32, i, count), peak);
            const Vector y = v_keep(v_exp2(v_multiply(distance, factor)), count);
            store_as(out, CK_FLOAT32, i, count, y, quantiser(0, 0));
            sums[0] = v_add(sums[0], y);
        }
        const Vector inverse = v_set(1.0f / total(sums));
        CK_ROW(width, {
            const Vector y = v_multiply(load_as(out, CK_FLOAT32, i, count), inverse);
            store_as(out, CK_FLOAT32, i, count, y, quantiser(0, 0));
        });
    }
}

CK_INLINE void quantise_as(const void *x, CKType type, uint8_t *out, Quantiser q, int64_t first, int64_t end) {
    CK_ROW(end - first, { store_as(out, CK_UINT8, first + i, count, load_as(x, type, first + i, count), q); });
}

CK_TARGET static void quantise_range(
    const void *x, CKType type, uint8_t *out, float inverse_scale, int32_t zero, int64_t first, int64_t end) {
    const Quantiser q = quantiser(inverse_scale, zero);
    if (type == CK_BFLOAT16) quantise_as(x, CK_BFLOAT16, out, q, first, end);
    else quantise_as(x, CK_FLOAT32, out, q, first, end);
}

CK_INLINE void gated_silu_as(const void *x, CKType type, void *out, int64_t width, int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
        CK_ROW(width, {
            const Vector a = load_as(x, type, 2 * row * width + i, count);
            const Vector b = load_as(x, type, (2 * row + 1) * width + i, count);
            // Below −200 the exponential is infinite already, and a product with log₂ e could be.
            const Vector power = v_exp2(v_multiply(v_max(v_set(-200), a), v_set(-log2_e)));
            const Vector y = v_multiply(v_divide(a, v_add(v_set(1), power)), b);
            store_as(out, type, row * width + i, count, y, quantiser(0, 0));
        });
    }
}

CK_TARGET static void gated_silu_rows(
    const void *x, CKType type, void *out, int64_t width, int64_t first, int64_t end) {
    if (type == CK_BFLOAT16) gated_silu_as(x, CK_BFLOAT16, out, width, first, end);
    else gated_silu_as(x, CK_FLOAT32, out, width, first, end);
}

#endif

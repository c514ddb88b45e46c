// Copies of one head's keys, values and queries in the order in which the tiles read them.
#ifndef ATTENTION_PACK_H
#define ATTENTION_PACK_H

static inline int64_t bytes_of(CKType type) { return type == CK_FLOAT32 ? 4 : type == CK_BFLOAT16 ? 2 : 1; }

/// A vector of units of one token from number `at` on; only `count` numbers where that is fewer, 0 beyond.
CK_INLINE Vector load_units(const void *token, CKType type, int64_t at, int64_t count) {
#ifdef CK_BF16_DOT
    (void)type;
    const uint16_t *p = (const uint16_t *)token + at;
    if (count >= UNIT * LANES) return _mm512_castsi512_ps(_mm512_loadu_si512(p));
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16((__mmask32)((1u << count) - 1), p));
#else
    return load_as(token, type, at, count);
#endif
}

/// Asks for the numbers of a token ahead of their use: tokens lie so far apart that the hardware foresees none.
CK_INLINE void prefetch_token(const void *token, int64_t bytes) {
    for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)token + i);
}

enum { PREFETCH_TOKENS = 32 };

/// Sixteen keys, or as many as a vector has lanes, as vectors of one unit each, `pitch` floats apart.
CK_INLINE void pack_key_vector(
    const CKAttention *job, const char *first, int64_t step, int64_t last, float *out, int64_t units, int64_t pitch) {
    for (int64_t unit = 0; unit < units; unit += LANES) {
        const int64_t count = job->width - unit * UNIT;
        Vector rows[LANES];
        if (last >= LANES - 1 && count >= UNIT * LANES) {
            CK_UNROLL for (int i = 0; i < LANES; i++) {
                rows[i] = load_units(first + i * step, job->type, unit * UNIT, UNIT * LANES);
            }
        } else {
            // The last key again beyond the end: it changes no maximum.
            CK_UNROLL for (int i = 0; i < LANES; i++) {
                rows[i] = load_units(first + ck_smaller(i, last) * step, job->type, unit * UNIT, count);
            }
        }
        v_transpose(rows);
        float *at = out + unit * pitch;
        if (units - unit >= LANES) {
            CK_UNROLL for (int i = 0; i < LANES; i++) v_store(at + i * pitch, rows[i]);
        } else {
            for (int i = 0; i < units - unit; i++) v_store(at + i * pitch, rows[i]);
        }
    }
}

/// Keys as panels of TILE_VECTORS vectors: [panel][unit][key].
CK_TARGET static void pack_keys(
    const CKAttention *job, const void *head, float *out, int64_t first, int64_t count, int64_t units) {
    const int64_t vectors = ck_divide_up(count, LANES);
    const int64_t step = job->k_steps[2] * bytes_of(job->type), bytes = job->width * bytes_of(job->type);
    for (int64_t start = 0; start < vectors;) {
        const int panel = next_tile(vectors - start, TILE_VECTORS);
        float *base = out + start * LANES * units;
        for (int v = 0; v < panel; v++) {
            const int64_t key = (start + v) * LANES;
            const char *token = (const char *)head + (first + key) * step;
            for (int i = PREFETCH_TOKENS; i < PREFETCH_TOKENS + LANES && key + i < count; i++) {
                prefetch_token(token + i * step, bytes);
            }
            pack_key_vector(job, token, step, count - 1 - key, base + v * LANES, units, panel * LANES);
        }
        start += panel;
    }
}

/// Values as rows of `pitch` units: [key][width], or [pair of keys][width][2].
CK_TARGET static void pack_values(const CKAttention *job, const void *head, float *out, int64_t pitch) {
    const int64_t step = job->v_steps[2] * bytes_of(job->type), bytes = job->width * bytes_of(job->type);
    const char *token = (const char *)head;
    for (int64_t key = 0; key < job->keys; key += UNIT, token += UNIT * step, out += pitch) {
        for (int i = PREFETCH_TOKENS; i < PREFETCH_TOKENS + UNIT && key + i < job->keys; i++) {
            prefetch_token(token + i * step, bytes);
        }
#ifdef CK_BF16_DOT
        const __m512i low_half = _mm512_set_epi16(
            47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2,
            33, 1, 32, 0);
        const __m512i high_half = _mm512_add_epi16(low_half, _mm512_set1_epi16(16));
        for (int64_t i = 0; i < pitch; i += UNIT * LANES) {
            const __m512i even = _mm512_castps_si512(load_units(token, job->type, i, job->width - i));
            __m512i odd = _mm512_setzero_si512();
            if (key + 1 < job->keys) {
                odd = _mm512_castps_si512(load_units(token + step, job->type, i, job->width - i));
            }
            v_store(out + i, _mm512_castsi512_ps(_mm512_permutex2var_epi16(even, low_half, odd)));
            if (i + LANES < pitch) {
                v_store(out + i + LANES, _mm512_castsi512_ps(_mm512_permutex2var_epi16(even, high_half, odd)));
            }
        }
#else
        for (int64_t i = 0; i < pitch; i += LANES) v_store(out + i, load_units(token, job->type, i, job->width - i));
#endif
    }
}

#ifdef CK_BF16_DOT
CK_INLINE Vector v_negate_units(Vector x) {
    return _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(x), _mm512_set1_epi32((int)0x80008000)));
}
#else
CK_INLINE Vector v_negate_units(Vector x) { return v_subtract(v_set(-0.0f), x); }
#endif

/// Queries as rows of `pitch` units; negated for a negative scale, so that the soft-max may take the scale as positive.
CK_TARGET static void pack_queries(
    const CKAttention *job, const void *head, float *out, int64_t first, int64_t count, int64_t pitch) {
    const int64_t step = job->q_steps[2] * bytes_of(job->type);
    const char *token = (const char *)head + first * step;
    const bool negates = job->scale < 0;
    for (int64_t query = 0; query < count; query++, token += step, out += pitch) {
        for (int64_t unit = 0; unit < pitch; unit += LANES) {
            const Vector x = load_units(token, job->type, unit * UNIT, job->width - unit * UNIT);
            v_store(out + unit, negates ? v_negate_units(x) : x);
        }
    }
}

#endif

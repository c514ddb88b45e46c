// Products of small tiles: `rows` rows of a, whose 32-bit units are broadcast one at a time, with `vectors` vectors
// from each row of b. A unit is a float32 or, where CK_BF16_DOT is defined, a pair of bf16.
#ifndef ATTENTION_TILES_H
#define ATTENTION_TILES_H

#ifdef CK_BF16_DOT
enum { UNIT = 2 };
CK_INLINE Vector v_dot(Vector a, Vector b, Vector sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
#else
enum { UNIT = 1 };
CK_INLINE Vector v_dot(Vector a, Vector b, Vector sum) { return v_fma(a, b, sum); }
#endif

typedef struct Operands {
    const float *a;
    size_t a_pitch;
    const float *b;
    size_t b_pitch;
    int64_t units;
    float *c;
    size_t c_pitch;
    /// Of scores: for each row the largest so far in each lane.
    float *maxima;
    /// Of values: whether c is added to.
    bool adds;
} Operands;

CK_INLINE void multiply(const int rows, const int vectors, const Operands *o, Vector sums[TILE_ROWS][TILE_VECTORS]) {
    const float *b = o->b;
    const float *a[TILE_ROWS];
    CK_UNROLL for (int r = 0; r < rows; r++) a[r] = o->a + (size_t)r * o->a_pitch;
    for (int64_t i = 0; i < o->units; i++, b += o->b_pitch) {
        Vector columns[TILE_VECTORS];
        CK_UNROLL for (int v = 0; v < vectors; v++) columns[v] = v_load(b + v * LANES);
        CK_UNROLL for (int r = 0; r < rows; r++) {
            const Vector x = v_set(a[r][i]);
            CK_UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = v_dot(x, columns[v], sums[r][v]);
        }
    }
}

CK_INLINE void score_tile(const int rows, const int vectors, const Operands *o) {
    Vector sums[TILE_ROWS][TILE_VECTORS];
    CK_UNROLL for (int r = 0; r < rows; r++) {
        CK_UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = v_set(0);
    }
    multiply(rows, vectors, o, sums);
    CK_UNROLL for (int r = 0; r < rows; r++) {
        Vector most = v_load(o->maxima + r * LANES);
        CK_UNROLL for (int v = 0; v < vectors; v++) {
            most = v_max(most, sums[r][v]);
            v_store(o->c + (size_t)r * o->c_pitch + v * LANES, sums[r][v]);
        }
        v_store(o->maxima + r * LANES, most);
    }
}

CK_INLINE void value_tile(const int rows, const int vectors, const Operands *o) {
    Vector sums[TILE_ROWS][TILE_VECTORS];
    CK_UNROLL for (int r = 0; r < rows; r++) {
        CK_UNROLL for (int v = 0; v < vectors; v++) {
            sums[r][v] = o->adds ? v_load(o->c + (size_t)r * o->c_pitch + v * LANES) : v_set(0);
        }
    }
    multiply(rows, vectors, o, sums);
    CK_UNROLL for (int r = 0; r < rows; r++) {
        CK_UNROLL for (int v = 0; v < vectors; v++) {
            v_store(o->c + (size_t)r * o->c_pitch + v * LANES, sums[r][v]);
        }
    }
}

#define CK_TILE(kind, rows, vectors) \
    CK_TARGET static void kind##_##rows##_##vectors(const Operands *o) { kind(rows, vectors, o); }
#define CK_TILES(kind, vectors) \
    CK_TILE(kind, 1, vectors) \
    CK_TILE(kind, 2, vectors) \
    CK_TILE(kind, 3, vectors) \
    CK_TILE(kind, 4, vectors) \
    CK_TILE(kind, 5, vectors) \
    CK_TILE(kind, 6, vectors)
#define CK_TILE_NAMES(kind, vectors) \
    {kind##_1_##vectors, kind##_2_##vectors, kind##_3_##vectors, \
     kind##_4_##vectors, kind##_5_##vectors, kind##_6_##vectors}

typedef void Tile(const Operands *);

CK_TILES(score_tile, 1)
CK_TILES(score_tile, 2)
CK_TILES(value_tile, 1)
CK_TILES(value_tile, 2)
#if CK_TILE_VECTORS == 4
CK_TILES(score_tile, 3)
CK_TILES(score_tile, 4)
CK_TILES(value_tile, 3)
CK_TILES(value_tile, 4)
#endif

/// By vectors − 1 and rows − 1.
static Tile *const score_tiles[TILE_VECTORS][TILE_ROWS] = {
    CK_TILE_NAMES(score_tile, 1),
    CK_TILE_NAMES(score_tile, 2),
#if CK_TILE_VECTORS == 4
    CK_TILE_NAMES(score_tile, 3),
    CK_TILE_NAMES(score_tile, 4),
#endif
};
static Tile *const value_tiles[TILE_VECTORS][TILE_ROWS] = {
    CK_TILE_NAMES(value_tile, 1),
    CK_TILE_NAMES(value_tile, 2),
#if CK_TILE_VECTORS == 4
    CK_TILE_NAMES(value_tile, 3),
    CK_TILE_NAMES(value_tile, 4),
#endif
};

/// How many of the `left` rows or vectors the next tile takes of at most `most`: the last two share, for a tile of one
/// has too few sums to fill the pipelines.
static inline int next_tile(int64_t left, int most) {
    if (left <= most) return (int)left;
    return left < most + most / 2 ? (int)((left + 1) / 2) : most;
}

#endif

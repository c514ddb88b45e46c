// What the tiles of attention and of convolutions have in common: 32-bit units, a float32 or, where CK_BF16_DOT is
// defined, a pair of bf16; sizes; and a function of its own for each size.
#ifndef TILES_H
#define TILES_H

#ifdef CK_BF16_DOT
enum { UNIT = 2 };
CK_INLINE Vector v_dot(Vector a, Vector b, Vector sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
#else
enum { UNIT = 1 };
CK_INLINE Vector v_dot(Vector a, Vector b, Vector sum) { return v_fma(a, b, sum); }
#endif

/// How many of the `left` rows or vectors the next tile takes of at most `most`: the last two share, for a tile of one
/// has too few sums to fill the pipelines.
static inline int next_tile(int64_t left, int most) {
    if (left <= most) return (int)left;
    return left < most + most / 2 ? (int)((left + 1) / 2) : most;
}

#define CK_TILE(tile, Job, rows, vectors) \
    CK_TARGET static void tile##_##rows##_##vectors(const Job *job) { tile(rows, vectors, job); }
#define CK_TILES_OF(tile, Job, vectors) \
    CK_TILE(tile, Job, 1, vectors) \
    CK_TILE(tile, Job, 2, vectors) \
    CK_TILE(tile, Job, 3, vectors) \
    CK_TILE(tile, Job, 4, vectors) \
    CK_TILE(tile, Job, 5, vectors) \
    CK_TILE(tile, Job, 6, vectors)
#define CK_TILE_NAMES(tile, vectors) \
    {tile##_1_##vectors, tile##_2_##vectors, tile##_3_##vectors, \
     tile##_4_##vectors, tile##_5_##vectors, tile##_6_##vectors}

/// A function for each size of `tile(rows, vectors, job)`, and their table `tile##s`, by vectors − 1 and rows − 1.
#if CK_TILE_VECTORS == 4
#define CK_TILES(tile, Job) \
    CK_TILES_OF(tile, Job, 1) CK_TILES_OF(tile, Job, 2) CK_TILES_OF(tile, Job, 3) CK_TILES_OF(tile, Job, 4) \
    static void (*const tile##s[TILE_VECTORS][TILE_ROWS])(const Job *) = { \
        CK_TILE_NAMES(tile, 1), CK_TILE_NAMES(tile, 2), CK_TILE_NAMES(tile, 3), CK_TILE_NAMES(tile, 4)};
#else
#define CK_TILES(tile, Job) \
    CK_TILES_OF(tile, Job, 1) CK_TILES_OF(tile, Job, 2) \
    static void (*const tile##s[TILE_VECTORS][TILE_ROWS])(const Job *) = { \
        CK_TILE_NAMES(tile, 1), CK_TILE_NAMES(tile, 2)};
#endif

#endif

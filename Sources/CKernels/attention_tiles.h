// Products of small tiles: `rows` rows of a, whose units are broadcast one at a time, with `vectors` vectors from each
// row of b.
#ifndef ATTENTION_TILES_H
#define ATTENTION_TILES_H

#include "tiles.h"

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

CK_TILES(score_tile, Operands)
CK_TILES(value_tile, Operands)

#endif

// One task of a convolution, in the vectors of the level that includes this.
//
// No window is copied: a tile of neighbouring pixels reads each position of its windows where it lies, through pointers
// (the indirect convolution of Dukhan 2019), and keeps its sums in registers from the bias to the ReLU.
#ifndef CONVOLUTION_TEMPLATE_H
#define CONVOLUTION_TEMPLATE_H

#include "tiles.h"

#ifdef CK_BF16_DOT
typedef uint16_t Number;
enum { NUMBER_TYPE = CK_BFLOAT16 };
#else
typedef float Number;
enum { NUMBER_TYPE = CK_FLOAT32 };
#endif

typedef struct ConvolutionTile {
    /// [row][tap]: where the inputs of each position of a pixel's window begin.
    const Number *const *windows;
    int64_t taps, units;
    /// The panel from the tile's first column on: biases, then a row for each unit of each tap.
    const float *panel;
    size_t panel_pitch;
    /// Weights that come next: one line is asked for with each unit.
    const char *ahead;
    Number *out;
    size_t out_pitch;
    /// Columns of the result that exist, at most those of the tile's vectors.
    int64_t columns;
    bool adds, rectifies;
} ConvolutionTile;

CK_INLINE void store_tile(
    const int rows, const int vectors, const ConvolutionTile *t, const bool whole,
    Vector sums[TILE_ROWS][TILE_VECTORS]) {
    CK_UNROLL for (int r = 0; r < rows; r++) {
        CK_UNROLL for (int v = 0; v < vectors; v++) {
            Number *out = t->out + (size_t)r * t->out_pitch + v * LANES;
            const int64_t count = whole ? LANES : t->columns - v * LANES;
            if (count <= 0) continue;
            Vector y = sums[r][v];
            if (t->adds) y = v_add(y, load_as(out, NUMBER_TYPE, 0, count));
            // In this order a NaN stays one.
            if (t->rectifies) y = v_max(v_set(0), y);
            store_as(out, NUMBER_TYPE, 0, count, y, quantiser(1, 0));
        }
    }
}

CK_INLINE void convolution_tile(const int rows, const int vectors, const ConvolutionTile *t) {
    Vector sums[TILE_ROWS][TILE_VECTORS];
    CK_UNROLL for (int r = 0; r < rows; r++) {
        CK_UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = v_load(t->panel + v * LANES);
        const char *out = (const char *)(t->out + (size_t)r * t->out_pitch);
        for (int64_t i = 0; i < vectors * LANES * (int64_t)sizeof(Number); i += 64) __builtin_prefetch(out + i, 1);
    }
    const float *b = t->panel + t->panel_pitch;
    const char *ahead = t->ahead;
    for (int64_t tap = 0; tap < t->taps; tap++) {
        const float *a[TILE_ROWS];
        CK_UNROLL for (int r = 0; r < rows; r++) a[r] = (const float *)t->windows[r * t->taps + tap];
        for (int64_t i = 0; i < t->units; i++, b += t->panel_pitch, ahead += 64) {
            Vector columns[TILE_VECTORS];
            __builtin_prefetch(ahead, 0, 2);
            CK_UNROLL for (int v = 0; v < vectors; v++) columns[v] = v_load(b + v * LANES);
            CK_UNROLL for (int r = 0; r < rows; r++) {
                const Vector x = v_set(a[r][i]);
                CK_UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = v_dot(x, columns[v], sums[r][v]);
            }
        }
    }
    if (t->columns >= vectors * LANES) store_tile(rows, vectors, t, true, sums);
    else store_tile(rows, vectors, t, false, sums);
}

CK_TILES(convolution_tile, ConvolutionTile)

/// A pixel of the result, and the image that its window reads.
typedef struct Pixel {
    const Number *image;
    int64_t y, x;
} Pixel;

/// Numbers from the first position of a window to each.
CK_TARGET static void find_offsets(const CKConvolutionPlan *plan, int64_t *offsets) {
    for (int64_t y = 0; y < plan->window_height; y++) {
        for (int64_t x = 0; x < plan->window_width; x++) *offsets++ = y * plan->row_pitch + x * plan->pixel_pitch;
    }
}

/// Where the window of a pixel finds its inputs, one pointer for each position; zeros beyond the edge.
CK_INLINE void find_window(
    const CKConvolutionPlan *plan, const Pixel *pixel, const int64_t *offsets, const Number **window) {
    const int64_t top = pixel->y * plan->job->stride - plan->padding;
    const int64_t left = pixel->x * plan->job->stride - plan->padding;
    const Number *first = pixel->image + top * plan->row_pitch + left * plan->pixel_pitch;
    if (top >= 0 && left >= 0 && top + plan->window_height <= plan->height
        && left + plan->window_width <= plan->width) {
        for (int64_t tap = 0; tap < plan->taps; tap++) window[tap] = first + offsets[tap];
        return;
    }
    for (int64_t y = top, tap = 0; y < top + plan->window_height; y++) {
        for (int64_t x = left; x < left + plan->window_width; x++, tap++) {
            const bool lies = y >= 0 && y < plan->height && x >= 0 && x < plan->width;
            window[tap] = lies ? first + offsets[tap] : (const Number *)plan->zeros;
        }
    }
}

/// Windows of `rows` pixels from `pixel` on; moves the pixel behind the last.
CK_TARGET static void find_windows(
    const CKConvolutionPlan *plan, Pixel *pixel, int64_t rows, const int64_t *offsets, const Number **windows) {
    for (int64_t row = 0; row < rows; row++, windows += plan->taps) {
        find_window(plan, pixel, offsets, windows);
        if (++pixel->x < plan->out_width) continue;
        pixel->x = 0;
        if (++pixel->y < plan->out_height) continue;
        pixel->y = 0;
        pixel->image += plan->image_pitch;
    }
}

/// The columns of one panel for `rows` pixels from `first` on.
CK_TARGET static void convolve_panel(
    const CKConvolutionPlan *plan, const Number *const *windows, int64_t first, int64_t rows, int64_t panel,
    bool is_last) {
    const CKConvolution *job = plan->job;
    const int64_t step = CK_PANEL * (1 + plan->taps * plan->units), column = panel * CK_PANEL;
    const int64_t width = ck_smaller(CK_PANEL, job->outputs - column);
    const float *weights = job->weight + panel * step;
    ConvolutionTile tile = {
        .taps = plan->taps,
        .units = plan->units,
        .panel_pitch = (size_t)ck_round_up(width, CK_LANES),
        .out_pitch = (size_t)job->outputs,
        .adds = job->adds,
        .rectifies = job->rectifies};
    // The first tiles ask for the next panel while they compute: a whole one takes the memory longer than one tile.
    const int64_t share = plan->taps * plan->units * 64, shares = is_last ? 0 : CK_PANEL * 4 / 64;
    int64_t tiles = 0;
    const int64_t vectors = ck_divide_up(width, LANES);
    for (int64_t start = 0; start < vectors;) {
        const int count = next_tile(vectors - start, TILE_VECTORS);
        tile.panel = weights + start * LANES;
        tile.columns = width - start * LANES;
        tile.windows = windows;
        for (int64_t row = 0; row < rows; tiles++) {
            const int tall = next_tile(rows - row, TILE_ROWS);
            tile.ahead = tiles < shares ? (const char *)(weights + step) + tiles * share : (const char *)weights;
            tile.out = (Number *)job->out + (first + row) * job->outputs + column + start * LANES;
            convolution_tiles[count - 1][tall - 1](&tile);
            tile.windows += tall * plan->taps;
            row += tall;
        }
        start += count;
    }
}

CK_TARGET static void convolve(const CKConvolutionPlan *plan, int64_t index) {
    const CKConvolution *job = plan->job;
    const int64_t pixels = plan->out_height * plan->out_width, rows = job->batch * pixels;
    const int64_t panels = ck_divide_up(job->outputs, CK_PANEL);
    const int64_t start = index / plan->panel_tasks * plan->task_rows, end = ck_smaller(rows, start + plan->task_rows);
    const int64_t first_panel = index % plan->panel_tasks * plan->task_panels;
    const int64_t last_panel = ck_smaller(panels, first_panel + plan->task_panels) - 1;
    int64_t offsets[CK_WINDOW_MOST];
    const Number *windows[CK_WINDOW_POINTERS];
    find_offsets(plan, offsets);
    Pixel pixel = {
        .image = (const Number *)plan->images + start / pixels * plan->image_pitch,
        .y = start % pixels / plan->out_width,
        .x = start % plan->out_width};
    for (int64_t first = start; first < end;) {
        const int64_t count = end - first <= plan->block_most ? end - first : plan->block_rows;
        find_windows(plan, &pixel, count, offsets, windows);
        for (int64_t panel = first_panel; panel <= last_panel; panel++) {
            convolve_panel(plan, windows, first, count, panel, panel == last_panel);
        }
        first += count;
    }
}

#endif

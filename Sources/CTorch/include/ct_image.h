// Geometry of [N, C, H, W] images: resizing, sampling grids, padding.
#ifndef CT_IMAGE_H
#define CT_IMAGE_H

#include "ct_base.h"

CT_BEGIN_DECLARATIONS
CT_ASSUME_NONNULL_BEGIN

/// Ways to resize. Nearest takes floor(i · scale); nearest-exact takes pixel centres.
typedef enum CTInterpolation {
    CT_NEAREST = 0,
    CT_NEAREST_EXACT = 1,
    CT_BILINEAR = 2,
    CT_BICUBIC = 3
} CTInterpolation;
/// Resizes to `size`. `antialias` widens the windows when shrinking (bilinear and bicubic only; cubic constant −0.5
/// then, −0.75 without). `scales`, two factors output/input (vertical, horizontal), or null: takes the sampling
/// positions from them instead of from the sizes. CT_ARGUMENT for antialias or `align_corners` with a nearest mode.
CTStatus ct_interpolate(
    const CTTensor *x, CTPair size, CTInterpolation mode, bool antialias, bool align_corners,
    const double *_Nullable scales, CTOut out) CT_NOEXCEPT;

/// Sampling positions [N, H, W, 2] in [−1, 1] from affine maps `theta` [N, 2, 3] for images of `sizes` [N, C, H, W].
CTStatus ct_affine_grid(
    const CTTensor *theta, const CTInt *sizes, CTInt rank, bool align_corners, CTOut out) CT_NOEXCEPT;

/// What lies outside the image.
typedef enum CTGridPadding { CT_GRID_ZEROS = 0, CT_GRID_BORDER = 1, CT_GRID_REFLECTION = 2 } CTGridPadding;
/// Values of x at the positions of `grid` [N, H, W, 2]. `mode`: CT_NEAREST, CT_BILINEAR or CT_BICUBIC.
CTStatus ct_grid_sample(
    const CTTensor *x, const CTTensor *grid, CTInterpolation mode, CTGridPadding padding, bool align_corners,
    CTOut out) CT_NOEXCEPT;

/// How ct_pad fills.
typedef enum CTPadding { CT_PAD_CONSTANT = 0, CT_PAD_REFLECT = 1, CT_PAD_REPLICATE = 2, CT_PAD_CIRCULAR = 3 } CTPadding;
/// Pads; `amounts` holds (before, after) for each dimension, the LAST dimension first. Negative amounts cut.
CTStatus ct_pad(
    const CTTensor *x, const CTInt *amounts, CTInt count, CTPadding mode, double value, CTOut out) CT_NOEXCEPT;

CT_ASSUME_NONNULL_END
CT_END_DECLARATIONS

#endif

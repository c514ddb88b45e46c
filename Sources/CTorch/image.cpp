#include "ct_image.h"

#include "boundary.hpp"

using namespace ctorch;

namespace {

/// The number by which LibTorch's sampler knows a mode.
int64_t grid_mode(CTInterpolation mode) {
    switch (mode) {
        case CT_BILINEAR: return 0;
        case CT_NEAREST: return 1;
        case CT_BICUBIC: return 2;
        default: throw Failure{CT_ARGUMENT, "a grid is sampled nearest, bilinear or bicubic"};
    }
}

const char *padding_name(CTPadding mode) {
    switch (mode) {
        case CT_PAD_CONSTANT: return "constant";
        case CT_PAD_REFLECT: return "reflect";
        case CT_PAD_REPLICATE: return "replicate";
        case CT_PAD_CIRCULAR: return "circular";
    }
    throw Failure{CT_ARGUMENT, "unknown padding " + std::to_string(static_cast<int>(mode))};
}

}  // namespace

CTStatus ct_interpolate(
    const CTTensor *x, CTPair size, CTInterpolation mode, bool antialias, bool align_corners, const double *scales,
    CTOut out) noexcept {
    return produce(out, [&] {
        const auto &image = value(x);
        const auto target = pair(size);
        const auto vertical = optional(scales), horizontal = optional(scales == nullptr ? nullptr : scales + 1);
        if ((antialias || align_corners) && (mode == CT_NEAREST || mode == CT_NEAREST_EXACT))
            throw Failure{CT_ARGUMENT, "nearest modes have neither antialias nor align_corners"};
        switch (mode) {
            case CT_NEAREST: return at::upsample_nearest2d(image, target, vertical, horizontal);
            case CT_NEAREST_EXACT: return at::_upsample_nearest_exact2d(image, target, vertical, horizontal);
            case CT_BILINEAR:
                return antialias ? at::_upsample_bilinear2d_aa(image, target, align_corners, vertical, horizontal)
                                 : at::upsample_bilinear2d(image, target, align_corners, vertical, horizontal);
            case CT_BICUBIC:
                return antialias ? at::_upsample_bicubic2d_aa(image, target, align_corners, vertical, horizontal)
                                 : at::upsample_bicubic2d(image, target, align_corners, vertical, horizontal);
        }
        throw Failure{CT_ARGUMENT, "unknown interpolation " + std::to_string(static_cast<int>(mode))};
    });
}

CTStatus ct_affine_grid(
    const CTTensor *theta, const CTInt *sizes, CTInt rank, bool align_corners, CTOut out) noexcept {
    return produce(
        out, [&] { return at::affine_grid_generator(value(theta), array(sizes, rank), align_corners); });
}

CTStatus ct_grid_sample(
    const CTTensor *x, const CTTensor *grid, CTInterpolation mode, CTGridPadding padding, bool align_corners,
    CTOut out) noexcept {
    return produce(out, [&] {
        return at::grid_sampler(
            value(x), value(grid), grid_mode(mode), static_cast<int64_t>(padding), align_corners);
    });
}

CTStatus ct_pad(
    const CTTensor *x, const CTInt *amounts, CTInt count, CTPadding mode, double number, CTOut out) noexcept {
    return produce(out, [&] {
        // LibTorch refuses a value with the other modes.
        const auto fill = mode == CT_PAD_CONSTANT ? std::optional<double>(number) : std::nullopt;
        return at::pad(value(x), array(amounts, count), padding_name(mode), fill);
    });
}

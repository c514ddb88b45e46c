// A narrow C face of libvips: decode one image from memory, colour-manage it, encode PNG.
//
// Rules that hold for every function
// - A status of 0 is success, any other value is failure; outputs are untouched on failure.
// - A failure writes one line of libvips' own text to `message` (always terminated, possibly empty). The text is
//   only a detail for people: libvips keeps it in one buffer for the whole process, so under concurrency it may
//   belong to another thread's failure.
// - All functions may be called from any thread after cvips_start() returned 0. One handle belongs to one thread at
//   a time.
// - Nothing here follows a file name: all input and output is memory.
#ifndef CUTIS_CVIPS_H
#define CUTIS_CVIPS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define CVIPS_NULLABLE _Nullable
#define CVIPS_NONNULL _Nonnull
#else
#define CVIPS_NULLABLE
#define CVIPS_NONNULL
#endif

/// The loaders that may run. Every other loader of libvips is blocked by cvips_start().
typedef enum CVipsLoader {
    CVIPS_LOADER_JPEG = 0,
    CVIPS_LOADER_PNG = 1,
    CVIPS_LOADER_WEBP = 2,
    CVIPS_LOADER_TIFF = 3,
    CVIPS_LOADER_GIF = 4,
    CVIPS_LOADER_HEIF = 5,
} CVipsLoader;

/// How the samples of a decoded image are to be read.
typedef enum CVipsModel {
    CVIPS_MODEL_GRAY = 0,
    CVIPS_MODEL_RGB = 1,
    CVIPS_MODEL_CMYK = 2,
    CVIPS_MODEL_OTHER = 3,
} CVipsModel;

/// What libvips says about an opened image.
typedef struct CVipsInfo {
    int32_t width;
    int32_t height;
    /// Samples per pixel, the alpha sample included.
    int32_t bands;
    /// 1 for unsigned 8-bit samples, 2 for unsigned 16-bit samples, 0 for anything else.
    int32_t sample_bytes;
    CVipsModel model;
    /// 1 when the image carries an ICC profile.
    int32_t has_profile;
} CVipsInfo;

/// An opened image. It borrows the bytes that it was opened with.
typedef struct CVipsImage CVipsImage;

/// Starts libvips once for the process: untrusted operations blocked, every loader but the six above and that of
/// cvips_draw_svg() blocked, the operation cache off, one worker per call, warnings silent. Not thread-safe: call it once, before anything else.
int cvips_start(char *message, size_t capacity);

/// The version of libvips that is running, such as "8.14.1".
const char *cvips_version(void);

/// Reads the header of an image; pixels are decoded by cvips_read().
///
/// `bytes` must stay valid and unchanged until cvips_close(). Only the first page or frame is opened. Returns NULL on
/// failure. Truncated and damaged data is an error (fail_on level "error").
///
/// `shrink` is 1, 2, 4 or 8: a JPEG's blocks are transformed to 1/shrink of their size, and each side of the image is
/// that share of its own in whole samples. Any other loader takes 1 only.
CVipsImage *CVIPS_NULLABLE cvips_open(
    const void *bytes, size_t length, CVipsLoader loader, int32_t shrink, char *message, size_t capacity);

/// Describes an opened image.
CVipsInfo cvips_info(const CVipsImage *image);

/// The embedded ICC profile, which the image owns until cvips_close(); NULL where there is none.
const void *CVIPS_NULLABLE cvips_profile(const CVipsImage *image, size_t *length);

/// Converts through the embedded ICC profile to 8-bit sRGB; afterwards cvips_info() tells the new layout.
///
/// Fails, and leaves the image as it was, when there is no profile or the profile does not fit the image.
int cvips_to_srgb(CVipsImage *image, char *message, size_t capacity);

/// Decodes all pixels, interleaved and row-major, samples in host order.
///
/// `length` must equal width * height * bands * sample_bytes of cvips_info(). After a failure the content of
/// `output` is undefined. The decode stops with a failure when it takes longer than `seconds` of wall time.
int cvips_read(
    CVipsImage *image, void *output, size_t length, double seconds, char *message, size_t capacity);

/// Closes an image. The bytes that it was opened with may be freed afterwards.
void cvips_close(CVipsImage *CVIPS_NULLABLE image);

/// Encodes interleaved 8-bit samples (1 gray, 2 gray+alpha, 3 RGB, 4 RGBA) as PNG without metadata.
///
/// On success `*png` is owned by the caller and is released with cvips_free().
int cvips_encode_png(
    const void *pixels, int32_t width, int32_t height, int32_t bands, int32_t compression,
    void *CVIPS_NULLABLE *CVIPS_NONNULL png, size_t *length, char *message, size_t capacity);

/// Encodes interleaved 8-bit samples (1 gray, 3 RGB) as baseline JPEG without metadata; `quality` is 1…100.
///
/// On success `*jpeg` is owned by the caller and is released with cvips_free().
int cvips_encode_jpeg(
    const void *pixels, int32_t width, int32_t height, int32_t bands, int32_t quality,
    void *CVIPS_NULLABLE *CVIPS_NONNULL jpeg, size_t *length, char *message, size_t capacity);

/// Draws an SVG text of the program's own as PNG; never give it a text that came from outside.
///
/// `scale` is pixels per CSS pixel. On success `*png` is owned by the caller and is released with cvips_free().
int cvips_draw_svg(
    const void *text, size_t size, double scale, void *CVIPS_NULLABLE *CVIPS_NONNULL png, size_t *length,
    char *message, size_t capacity);

/// Releases what the encoders made.
void cvips_free(void *CVIPS_NULLABLE memory);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif

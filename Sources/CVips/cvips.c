#include "cvips.h"

#include <string.h>
#include <vips/vips.h>

struct CVipsImage {
    VipsImage *image;
};

// Moves libvips' error text out of its process-wide buffer; only the first line, which names the cause.
static void take_message(char *message, size_t capacity) {
    char *text = vips_error_buffer_copy();
    if (capacity > 0) {
        g_strlcpy(message, text ? text : "", capacity);
        message[strcspn(message, "\r\n")] = '\0';
        for (char *c = message; *c; c++) {
            if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = ' ';
        }
        g_strchomp(message);
    }
    g_free(text);
}

static void ignore_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data) {
    (void)domain;
    (void)level;
    (void)text;
    (void)data;
}

int cvips_start(char *message, size_t capacity) {
    static const char *const loaders[] = {
        "VipsForeignLoadJpeg", "VipsForeignLoadPng",   "VipsForeignLoadWebp",
        "VipsForeignLoadTiff", "VipsForeignLoadNsgif", "VipsForeignLoadHeif",
    };
    if (vips_init("cutis")) {
        take_message(message, capacity);
        return -1;
    }
    // Decoders warn about harmless oddities of files; standard error belongs to the application.
    g_log_set_handler(
        "VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, ignore_log, NULL);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(loaders); i++) vips_operation_block_set(loaders[i], FALSE);
    // Drawings of our own. Images are opened by the loader of their format only, so none of them gets here.
    vips_operation_block_set("VipsForeignLoadSvgBuffer", FALSE);
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    return 0;
}

const char *cvips_version(void) { return vips_version_string(); }

static int load(VipsSource *source, CVipsLoader loader, int32_t shrink, VipsImage **image) {
    if (shrink != 1 && loader != CVIPS_LOADER_JPEG) {
        vips_error("cvips", "only JPEG is decoded at a reduced size");
        return -1;
    }
    switch (loader) {
        case CVIPS_LOADER_JPEG:
            return vips_jpegload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, "shrink",
                (int)shrink, NULL);
        case CVIPS_LOADER_PNG:
            return vips_pngload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        case CVIPS_LOADER_WEBP:
            return vips_webpload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        case CVIPS_LOADER_TIFF:
            return vips_tiffload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        case CVIPS_LOADER_GIF:
            return vips_gifload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        case CVIPS_LOADER_HEIF:
            return vips_heifload_source(
                source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
    }
    vips_error("cvips", "unknown loader %d", (int)loader);
    return -1;
}

CVipsImage *cvips_open(
    const void *bytes, size_t length, CVipsLoader loader, int32_t shrink, char *message, size_t capacity) {
    VipsSource *source = vips_source_new_from_memory(bytes, length);
    if (!source) {
        take_message(message, capacity);
        return NULL;
    }
    VipsImage *image = NULL;
    int status = load(source, loader, shrink, &image);
    // The image holds its own reference to the source.
    g_object_unref(source);
    if (status || !image) {
        if (image) g_object_unref(image);
        take_message(message, capacity);
        return NULL;
    }
    CVipsImage *handle = g_try_new0(CVipsImage, 1);
    if (!handle) {
        g_object_unref(image);
        g_strlcpy(message, "out of memory", capacity);
        return NULL;
    }
    handle->image = image;
    return handle;
}

CVipsInfo cvips_info(const CVipsImage *handle) {
    VipsImage *image = handle->image;
    CVipsInfo info = {
        .width = vips_image_get_width(image),
        .height = vips_image_get_height(image),
        .bands = vips_image_get_bands(image),
        .sample_bytes = 0,
        .model = CVIPS_MODEL_OTHER,
        .has_profile = vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0,
    };
    if (vips_image_get_format(image) == VIPS_FORMAT_UCHAR) info.sample_bytes = 1;
    if (vips_image_get_format(image) == VIPS_FORMAT_USHORT) info.sample_bytes = 2;
    if (vips_image_get_coding(image) != VIPS_CODING_NONE) info.sample_bytes = 0;
    switch (vips_image_get_interpretation(image)) {
        case VIPS_INTERPRETATION_B_W:
        case VIPS_INTERPRETATION_GREY16:
            info.model = CVIPS_MODEL_GRAY;
            break;
        case VIPS_INTERPRETATION_sRGB:
        case VIPS_INTERPRETATION_RGB:
        case VIPS_INTERPRETATION_RGB16:
            info.model = CVIPS_MODEL_RGB;
            break;
        case VIPS_INTERPRETATION_CMYK:
            info.model = CVIPS_MODEL_CMYK;
            break;
        default:
            break;
    }
    return info;
}

const void *cvips_profile(const CVipsImage *handle, size_t *length) {
    const void *data = NULL;
    if (!vips_image_get_typeof(handle->image, VIPS_META_ICC_NAME)) return NULL;
    if (vips_image_get_blob(handle->image, VIPS_META_ICC_NAME, &data, length)) {
        vips_error_clear();
        return NULL;
    }
    return data;
}

int cvips_to_srgb(CVipsImage *handle, char *message, size_t capacity) {
    if (!vips_image_get_typeof(handle->image, VIPS_META_ICC_NAME)) {
        g_strlcpy(message, "no embedded profile", capacity);
        return -1;
    }
    VipsImage *converted = NULL;
    if (vips_icc_transform(
            handle->image, &converted, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_RELATIVE, "depth", 8,
            NULL)) {
        if (converted) g_object_unref(converted);
        take_message(message, capacity);
        return -1;
    }
    g_object_unref(handle->image);
    handle->image = converted;
    return 0;
}

// libvips reports progress while it fills the output; a decode that is past its time is told to stop.
static void stop_when_late(VipsImage *image, VipsProgress *progress, gpointer seconds) {
    (void)progress;
    VipsProgress *own = image->time;
    if (own && g_timer_elapsed(own->start, NULL) > *(const double *)seconds) vips_image_set_kill(image, TRUE);
}

int cvips_read(
    CVipsImage *handle, void *output, size_t length, double seconds, char *message, size_t capacity) {
    VipsImage *image = handle->image;
    if (length != VIPS_IMAGE_SIZEOF_IMAGE(image)) {
        g_strlcpy(message, "the output buffer has the wrong size", capacity);
        return -1;
    }
    VipsImage *target = vips_image_new_from_memory(
        output, length, vips_image_get_width(image), vips_image_get_height(image), vips_image_get_bands(image),
        vips_image_get_format(image));
    if (!target) {
        take_message(message, capacity);
        return -1;
    }
    vips_image_set_progress(image, TRUE);
    gulong watch = g_signal_connect(image, "eval", G_CALLBACK(stop_when_late), &seconds);
    int status = vips_image_write(image, target);
    g_signal_handler_disconnect(image, watch);
    g_object_unref(target);
    if (status) take_message(message, capacity);
    return status;
}

void cvips_close(CVipsImage *handle) {
    if (!handle) return;
    g_object_unref(handle->image);
    g_free(handle);
}

// Gives the bytes that a saver made to the caller.
static int hand_over(
    int status, void *data, size_t count, void **bytes, size_t *length, char *message, size_t capacity) {
    if (status) {
        take_message(message, capacity);
        return -1;
    }
    *bytes = data;
    *length = count;
    return 0;
}

static VipsImage *wrap(const void *pixels, int32_t width, int32_t height, int32_t bands) {
    size_t size = (size_t)width * (size_t)height * (size_t)bands;
    VipsImage *raw = vips_image_new_from_memory(pixels, size, width, height, bands, VIPS_FORMAT_UCHAR);
    if (!raw) return NULL;
    VipsImage *image = NULL;
    int status = vips_copy(
        raw, &image, "interpretation", bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL);
    g_object_unref(raw);
    return status ? NULL : image;
}

int cvips_encode_png(
    const void *pixels, int32_t width, int32_t height, int32_t bands, int32_t compression, void **png,
    size_t *length, char *message, size_t capacity) {
    VipsImage *image = wrap(pixels, width, height, bands);
    void *data = NULL;
    size_t count = 0;
    int status = -1;
    if (image) status = vips_pngsave_buffer(image, &data, &count, "compression", compression, "strip", TRUE, NULL);
    if (image) g_object_unref(image);
    return hand_over(status, data, count, png, length, message, capacity);
}

int cvips_encode_jpeg(
    const void *pixels, int32_t width, int32_t height, int32_t bands, int32_t quality, void **jpeg,
    size_t *length, char *message, size_t capacity) {
    VipsImage *image = wrap(pixels, width, height, bands);
    void *data = NULL;
    size_t count = 0;
    int status = -1;
    if (image) {
        status = vips_jpegsave_buffer(
            image, &data, &count, "Q", quality, "optimize_coding", TRUE, "strip", TRUE, NULL);
    }
    if (image) g_object_unref(image);
    return hand_over(status, data, count, jpeg, length, message, capacity);
}

int cvips_draw_svg(
    const void *text, size_t size, double scale, void **png, size_t *length, char *message, size_t capacity) {
    VipsImage *image = NULL;
    void *data = NULL;
    size_t count = 0;
    int status = vips_svgload_buffer((void *)text, size, &image, "scale", scale, NULL);
    if (!status) status = vips_pngsave_buffer(image, &data, &count, "compression", 9, "strip", TRUE, NULL);
    if (image) g_object_unref(image);
    return hand_over(status, data, count, png, length, message, capacity);
}

void cvips_free(void *memory) { g_free(memory); }

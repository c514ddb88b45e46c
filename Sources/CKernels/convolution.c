// How a convolution becomes tasks, and the order of its weights.
#include <string.h>

#include "kernels.h"

enum {
    /// Products that one task should have at least, so that handing it out costs little beside its work.
    TASK_PRODUCTS = 1 << 21,
    /// Images of fewer channels are copied: a position of the window alone would be too short to read.
    FEW_INPUTS = 16,
    /// Pixels that share a pass over the weights, and as many as the last such pass of a task may take.
    ROW_BLOCK = 48,
    ROW_BLOCK_MOST = 60
};

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static int64_t extent(int64_t size, int64_t kernel, const CKConvolution *job) {
    return (size + 2 * job->padding - kernel) / job->stride + 1;
}

static size_t bytes_of_number(const CKConvolution *job) { return job->type == CK_BFLOAT16 ? 2 : 4; }

static CKConvolutionPlan plan_for(const CKConvolution *job) {
    // Numbers in a unit.
    const int64_t each = (int64_t)(sizeof(float) / bytes_of_number(job));
    const bool copies = job->inputs < FEW_INPUTS || job->inputs % each != 0;
    // A window must begin with a whole unit.
    const bool fits = job->inputs * job->stride % each == 0;
    const int64_t pixel = copies && !fits ? ck_round_up(job->inputs, each) : job->inputs;
    CKConvolutionPlan plan = {
        .job = job,
        .out_height = extent(job->height, job->kernel_height, job),
        .out_width = extent(job->width, job->kernel_width, job),
        .images = job->x,
        .pixel_pitch = pixel,
        .height = job->height + (copies ? 2 * job->padding : 0),
        .width = job->width + (copies ? 2 * job->padding : 0),
        .padding = copies ? 0 : job->padding,
        .window_height = job->kernel_height,
        .window_width = copies ? 1 : job->kernel_width,
        .copies = copies};
    const int64_t read = copies ? (job->kernel_width - 1) * pixel + job->inputs : job->inputs;
    plan.taps = plan.window_height * plan.window_width;
    plan.units = ck_divide_up(read, each);
    plan.row_pitch = ck_round_up(plan.width * pixel, each);
    plan.image_pitch = plan.height * plan.row_pitch;
    // The last window's last unit may reach a number beyond the images.
    if (copies) plan.copy_bytes = aligned((size_t)(job->batch * plan.image_pitch + each) * bytes_of_number(job));
    plan.block_most = ck_smaller(ROW_BLOCK_MOST, CK_WINDOW_POINTERS / plan.taps);
    plan.block_rows = ck_smaller(ROW_BLOCK, plan.block_most);
    return plan;
}

static size_t panel_floats(const CKConvolutionPlan *plan) {
    return (size_t)ck_round_up(plan->job->outputs, CK_LANES) * (size_t)(1 + plan->taps * plan->units);
}

bool ck_convolution_runs(const CKConvolution *job) {
    if (job->type == CK_UINT8 || ck_table()->convolution[job->type] == NULL) return false;
    // Each alone first: a product of two wild sizes has no value.
    return job->kernel_height <= CK_WINDOW_MOST && job->kernel_width <= CK_WINDOW_MOST
           && job->kernel_height * job->kernel_width <= CK_WINDOW_MOST;
}

size_t ck_convolution_weight(const CKConvolution *job) {
    const CKConvolutionPlan plan = plan_for(job);
    return panel_floats(&plan) + (size_t)plan.units;
}

void ck_pack_convolution(const CKConvolution *job, const void *weight, const float *bias, float *packed) {
    const CKConvolutionPlan plan = plan_for(job);
    memset(packed, 0, ck_convolution_weight(job) * sizeof(float));
    const size_t size = bytes_of_number(job);
    const int64_t each = (int64_t)(sizeof(float) / size);
    const char *number = weight;
    for (int64_t column = 0; column < job->outputs; column++) {
        const int64_t first = column / CK_PANEL * CK_PANEL;
        const int64_t pitch = ck_round_up(ck_smaller(CK_PANEL, job->outputs - first), CK_LANES);
        float *at = packed + first * (1 + plan.taps * plan.units) + column - first;
        if (bias) *at = bias[column];
        for (int64_t input = 0; input < job->inputs; input++) {
            for (int64_t y = 0; y < job->kernel_height; y++) {
                for (int64_t x = 0; x < job->kernel_width; x++, number += size) {
                    const int64_t tap = plan.copies ? y : y * job->kernel_width + x;
                    const int64_t place = input + (plan.copies ? x * plan.pixel_pitch : 0);
                    float *unit = at + (1 + tap * plan.units + place / each) * pitch;
                    memcpy((char *)unit + (size_t)(place % each) * size, number, size);
                }
            }
        }
    }
}

size_t ck_convolution_scratch(const CKConvolution *job) { return plan_for(job).copy_bytes; }

// One row of the copies, the padding with it.
static void copy_row(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const CKConvolutionPlan *plan = context;
    const CKConvolution *job = plan->job;
    const size_t size = bytes_of_number(job), row = (size_t)plan->row_pitch * size;
    const size_t pixel = (size_t)plan->pixel_pitch * size, own = (size_t)job->inputs * size;
    char *to = (char *)plan->scratch + (size_t)index * row;
    memset(to, 0, row);
    const int64_t image = index / plan->height, y = index % plan->height - job->padding;
    if (y < 0 || y >= job->height) return;
    const char *from = (const char *)job->x + (size_t)((image * job->height + y) * job->width) * own;
    to += (size_t)job->padding * pixel;
    if (pixel == own) {
        memcpy(to, from, (size_t)job->width * own);
    } else {
        for (int64_t x = 0; x < job->width; x++) memcpy(to + (size_t)x * pixel, from + (size_t)x * own, own);
    }
}

static void copy_images(CKConvolutionPlan *plan, CKRunner runner) {
    const int64_t rows = plan->job->batch * plan->height;
    const size_t used = (size_t)(rows * plan->row_pitch) * bytes_of_number(plan->job);
    memset(plan->scratch + used, 0, plan->copy_bytes - used);
    plan->images = plan->scratch;
    runner.run(rows, copy_row, plan);
}

// Each worker reads the smaller of weights and images whole and its part of the larger.
static void split(CKConvolutionPlan *plan, int64_t workers) {
    const CKConvolution *job = plan->job;
    const int64_t rows = job->batch * plan->out_height * plan->out_width;
    const int64_t panels = ck_divide_up(job->outputs, CK_PANEL), depth = plan->taps * plan->units;
    const int64_t products = rows * job->outputs * depth;
    const int64_t wanted = ck_larger(1, ck_smaller(workers, products / TASK_PRODUCTS));
    const bool by_panels = depth * job->outputs > job->batch * job->height * job->width * plan->units;
    plan->panel_tasks = by_panels ? ck_smaller(panels, wanted) : 1;
    const int64_t row_tasks = ck_divide_up(wanted, plan->panel_tasks);
    plan->task_rows = ck_divide_up(rows, row_tasks);
    plan->task_panels = ck_divide_up(panels, plan->panel_tasks);
    plan->panel_tasks = ck_divide_up(panels, plan->task_panels);
}

static void task(void *context, int64_t index, int64_t worker) {
    (void)worker;
    const CKConvolutionPlan *plan = context;
    plan->table->convolution[plan->job->type](plan, index);
}

void ck_convolution(const CKConvolution *job, void *scratch, CKRunner runner) {
    CKConvolutionPlan plan = plan_for(job);
    plan.table = ck_table();
    plan.scratch = scratch;
    plan.zeros = job->weight + panel_floats(&plan);
    if (plan.copies) copy_images(&plan, runner);
    split(&plan, ck_larger(1, runner.workers));
    const int64_t rows = job->batch * plan.out_height * plan.out_width;
    runner.run(ck_divide_up(rows, plan.task_rows) * plan.panel_tasks, task, &plan);
}

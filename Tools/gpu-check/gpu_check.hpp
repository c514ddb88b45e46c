#pragma once

#include "report.hpp"
#include "tensor.hpp"

/// What is asked of one run.
struct Options {
    /// CT_CPU in a dry run.
    CTDevice device = 0;
    bool is_dry_run = false;
    bool runs_bench = true;
    /// Timed passes of each line of the bench.
    int runs = 30;
};

/// Compares the device with the CPU in fp32.
void check_parity(const Options &options, Report &report);
/// Compares CUDA graphs with the unrecorded pass, and sees that a failed recording leaves the device usable.
void check_graphs(const Options &options, Report &report);
/// Times whole networks and copies.
void run_bench(const Options &options, Report &report);

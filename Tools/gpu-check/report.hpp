// What was found, as a table for people and as JSON for programs.
#pragma once

#include <string>
#include <vector>

/// One comparison with the CPU in fp32.
struct ParityRow {
    std::string name, precision;
    /// Largest difference over the largest reference value; NaN counts as a failure.
    double error = 0, error_bound = 0;
    /// Cosine of both results; 0 as a bound means that only the error counts.
    double cosine = 0, cosine_bound = 0;
    /// Why there is no figure; empty where there is one.
    std::string failure;

    bool passed() const {
        return failure.empty() && error <= error_bound && cosine >= cosine_bound;
    }
};

/// One yes-or-no check.
struct CheckRow {
    std::string name;
    bool passed = false;
    std::string note;
};

/// One timing.
struct BenchRow {
    std::string architecture, precision, mode;
    long image_size = 0, batch = 0;
    double median_ms = 0, min_ms = 0, p95_ms = 0, images_per_s = 0, tflops = 0, memory_mb = 0;
    std::string failure;
};

/// A copy from the host to the device.
struct CopyRow {
    std::string memory;
    double megabytes = 0, median_ms = 0, gigabytes_per_s = 0;
};

struct Report {
    std::string device, libtorch, date;
    bool is_dry_run = false;
    std::vector<ParityRow> parity;
    std::vector<CheckRow> checks;
    std::vector<BenchRow> bench;
    std::vector<CopyRow> copies;

    bool passed() const;
    void print() const;
    std::string json() const;
};

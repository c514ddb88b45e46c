#include "report.hpp"

#include <cmath>
#include <cstdio>
#include <sstream>

namespace {

std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", c);
            result += code;
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string number(double value) {
    // JSON has no NaN.
    if (!std::isfinite(value)) return "null";
    std::ostringstream text;
    text.precision(6);
    text << value;
    return text.str();
}

template <class Row, class Line>
std::string list(const std::vector<Row> &rows, Line &&line) {
    std::string result = "[";
    for (size_t i = 0; i < rows.size(); ++i) result += (i ? ",\n    {" : "\n    {") + line(rows[i]) + "}";
    return result + (rows.empty() ? "]" : "\n  ]");
}

std::string boolean(bool value) { return value ? "true" : "false"; }

}  // namespace

bool Report::passed() const {
    for (const auto &row : parity)
        if (!row.passed()) return false;
    for (const auto &row : checks)
        if (!row.passed) return false;
    for (const auto &row : bench)
        if (!row.failure.empty()) return false;
    return true;
}

void Report::print() const {
    std::printf("device    %s\nLibTorch  %s\ndate      %s\n", device.c_str(), libtorch.c_str(), date.c_str());
    if (!parity.empty())
        std::printf("\n%-34s %-5s %11s %9s %11s %9s\n", "parity with the CPU in fp32", "", "error", "bound", "cosine",
                    "bound");
    for (const auto &row : parity) {
        if (!row.failure.empty()) {
            std::printf("%-34s %-5s FAILED: %s\n", row.name.c_str(), row.precision.c_str(), row.failure.c_str());
            continue;
        }
        std::printf("%-34s %-5s %11.2e %9.1e %11.7f ", row.name.c_str(), row.precision.c_str(), row.error,
                    row.error_bound, row.cosine);
        if (row.cosine_bound > 0) {
            std::printf("%9.5f", row.cosine_bound);
        } else {
            std::printf("%9s", "");
        }
        std::printf("%s\n", row.passed() ? "" : "  FAILED");
    }
    if (!checks.empty()) std::printf("\nchecks\n");
    for (const auto &row : checks)
        std::printf("%-60s %s%s%s\n", row.name.c_str(), row.passed ? "passed" : "FAILED", row.note.empty() ? "" : ": ",
                    row.note.c_str());
    if (!bench.empty())
        std::printf("\n%-12s %5s %-5s %5s %-6s %10s %10s %10s %11s %8s %9s\n", "speed", "size", "", "batch", "",
                    "median ms", "min ms", "p95 ms", "images/s", "TFLOP/s", "memory MB");
    for (const auto &row : bench) {
        std::printf("%-12s %5ld %-5s %5ld %-6s ", row.architecture.c_str(), row.image_size, row.precision.c_str(),
                    row.batch, row.mode.c_str());
        if (!row.failure.empty()) {
            std::printf("FAILED: %s\n", row.failure.c_str());
            continue;
        }
        std::printf("%10.3f %10.3f %10.3f %11.1f %8.1f %9.0f\n", row.median_ms, row.min_ms, row.p95_ms,
                    row.images_per_s, row.tflops, row.memory_mb);
    }
    if (!copies.empty()) std::printf("\n%-34s %10s %10s %8s\n", "copies to the device", "MB", "median ms", "GB/s");
    for (const auto &row : copies)
        std::printf("%-34s %10.1f %10.3f %8.1f\n", row.memory.c_str(), row.megabytes, row.median_ms,
                    row.gigabytes_per_s);
}

std::string Report::json() const {
    std::string text = "{\n  \"device\": " + quoted(device) + ",\n  \"libtorch\": " + quoted(libtorch) +
                       ",\n  \"date\": " + quoted(date) + ",\n  \"dry_run\": " + boolean(is_dry_run) +
                       ",\n  \"gpu_tested\": " + boolean(!is_dry_run) + ",\n  \"passed\": " + boolean(passed());
    text += ",\n  \"parity\": " + list(parity, [](const ParityRow &row) {
                return "\"name\": " + quoted(row.name) + ", \"precision\": " + quoted(row.precision) +
                       ", \"error\": " + number(row.error) + ", \"error_bound\": " + number(row.error_bound) +
                       ", \"cosine\": " + number(row.cosine) + ", \"cosine_bound\": " + number(row.cosine_bound) +
                       ", \"passed\": " + boolean(row.passed()) + ", \"failure\": " + quoted(row.failure);
            });
    text += ",\n  \"checks\": " + list(checks, [](const CheckRow &row) {
                return "\"name\": " + quoted(row.name) + ", \"passed\": " + boolean(row.passed) +
                       ", \"note\": " + quoted(row.note);
            });
    text += ",\n  \"bench\": " + list(bench, [](const BenchRow &row) {
                return "\"architecture\": " + quoted(row.architecture) +
                       ", \"image_size\": " + std::to_string(row.image_size) +
                       ", \"precision\": " + quoted(row.precision) + ", \"batch\": " + std::to_string(row.batch) +
                       ", \"mode\": " + quoted(row.mode) + ", \"median_ms\": " + number(row.median_ms) +
                       ", \"min_ms\": " + number(row.min_ms) + ", \"p95_ms\": " + number(row.p95_ms) +
                       ", \"images_per_s\": " + number(row.images_per_s) + ", \"tflops\": " + number(row.tflops) +
                       ", \"memory_mb\": " + number(row.memory_mb) + ", \"failure\": " + quoted(row.failure);
            });
    text += ",\n  \"copies\": " + list(copies, [](const CopyRow &row) {
                return "\"memory\": " + quoted(row.memory) + ", \"mb\": " + number(row.megabytes) +
                       ", \"median_ms\": " + number(row.median_ms) +
                       ", \"gb_per_s\": " + number(row.gigabytes_per_s);
            });
    return text + "\n}\n";
}

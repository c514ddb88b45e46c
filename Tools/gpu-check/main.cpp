// Checks and times what Cutis runs on a GPU, through CTorch's C interface alone. Scripts/gpu-check.sh builds and runs it.
//
// Exit codes: 0 all checks passed on a GPU; 1 a check failed; 2 wrong arguments; 3 nothing was tested on a GPU, because
// there is none or because this was a dry run.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

#include "gpu_check.hpp"

namespace {

constexpr int failed = 1, wrong_arguments = 2, not_tested = 3;

[[noreturn]] void usage() {
    std::fputs(
        "usage: gpu_check [--json FILE] [--runs N] [--no-bench] [--name TEXT] [--dry-run]\n"
        "  --json FILE  write the figures there too\n"
        "  --runs N     timed passes per line, 1 to 10000 (default 30)\n"
        "  --no-bench   parity and checks only\n"
        "  --name TEXT  the device's name, for the report\n"
        "  --dry-run    run the same code with the CPU in the GPU's place: tests this program, no GPU\n",
        stderr);
    std::exit(wrong_arguments);
}

std::string now() {
    const auto time = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
    return text;
}

}  // namespace

int main(int argc, char **argv) {
    Options options;
    Report report;
    std::string json;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto following = [&]() -> std::string {
            if (++i >= argc) usage();
            return argv[i];
        };
        if (argument == "--json") {
            json = following();
        } else if (argument == "--runs") {
            char *end = nullptr;
            const auto text = following();
            const long runs = std::strtol(text.c_str(), &end, 10);
            if (end == text.c_str() || *end != '\0' || runs < 1 || runs > 10000) usage();
            options.runs = static_cast<int>(runs);
        } else if (argument == "--no-bench") {
            options.runs_bench = false;
        } else if (argument == "--name") {
            report.device = following();
        } else if (argument == "--dry-run") {
            options.is_dry_run = true;
        } else {
            usage();
        }
    }
    try {
        check(ct_runtime_check());
        if (options.is_dry_run) {
            options.device = CT_CPU;
            report.device = "the CPU, in a dry run";
        } else if (ct_runtime_cuda_count() == 0) {
            std::printf(
                "gpu-check: LibTorch %s%s sees no GPU here, so nothing was tested.\n", ct_version(),
                ct_runtime_cuda_built() ? "" : " (built without CUDA)");
            return not_tested;
        }
        report.is_dry_run = options.is_dry_run;
        report.libtorch = ct_version();
        report.date = now();
        if (report.device.empty()) report.device = "cuda:0";
        CTGradScope *scope = nullptr;
        check(ct_grad_scope_enter(CT_GRAD_OFF, &scope));
        check_parity(options, report);
        if (!options.is_dry_run) check_graphs(options, report);
        if (options.runs_bench) run_bench(options, report);
        ct_grad_scope_leave(scope);
    } catch (const Refusal &refusal) {
        std::fprintf(stderr, "gpu-check: %s\n", refusal.what());
        return failed;
    }
    report.print();
    const auto text = report.json();
    if (json.empty()) {
        std::printf("\n%s", text.c_str());
    } else {
        std::ofstream file(json);
        if (!(file << text)) {
            std::fprintf(stderr, "gpu-check: %s could not be written\n", json.c_str());
            return failed;
        }
    }
    if (!report.passed()) {
        std::printf("\ngpu-check: FAILED%s\n", options.is_dry_run ? " (a dry run on the CPU)" : "");
        return failed;
    }
    if (options.is_dry_run) {
        std::printf("\ngpu-check: a dry run on the CPU; nothing was tested on a GPU\n");
        return not_tested;
    }
    std::printf("\ngpu-check: all checks passed on %s\n", report.device.c_str());
    return 0;
}

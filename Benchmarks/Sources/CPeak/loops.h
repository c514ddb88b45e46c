// The measured loops of one CPU family.
#ifndef CPEAK_LOOPS_H
#define CPEAK_LOOPS_H

#include <stdint.h>

/// A loop, the operations of one of its iterations, and its instruction; `run` is null where there is none.
typedef struct CPeakLoop {
    void (*run)(int64_t iterations);
    double operations;
    const char *instruction;
} CPeakLoop;

/// Independent sums: at least latency × instructions per cycle of every CPU in sight (6 × 2), and few enough for 16
/// registers besides the operands.
#define CPEAK_SUMS 12

/// The best loop of a kind on this CPU.
CPeakLoop cpeak_loop(int kind);

#endif

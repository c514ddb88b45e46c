// Times a loop on several threads at once.
#include "cpeak.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "loops.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

typedef struct Worker {
    CPeakLoop loop;
    double seconds;
    pthread_t thread;
    double rate;
} Worker;

static void *work(void *argument) {
    Worker *worker = argument;
    const int64_t step = 1 << 16;
    // The first loops bring the core to its speed, and every other thread to its start.
    for (const double end = now() + worker->seconds / 4; now() < end;) worker->loop.run(step);
    const double start = now();
    double iterations = 0, passed = 0;
    while (passed < worker->seconds) {
        worker->loop.run(step);
        iterations += (double)step;
        passed = now() - start;
    }
    worker->rate = iterations * worker->loop.operations / passed;
    return NULL;
}

const char *cpeak_instruction(CPeakKind kind) { return cpeak_loop((int)kind).instruction; }

double cpeak_measure(CPeakKind kind, int threads, double seconds) {
    const CPeakLoop loop = cpeak_loop((int)kind);
    if (!loop.run || threads < 1) return 0;
    Worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!workers) return 0;
    int started = 0;
    for (; started < threads; started++) {
        workers[started] = (Worker){.loop = loop, .seconds = seconds};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
    }
    double rate = 0;
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        rate += workers[i].rate;
    }
    free(workers);
    return started == threads ? rate : 0;
}

// Which level of instructions is in use.
#include <stdatomic.h>

#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

// __builtin_cpu_supports answers for the system too: it looks at the registers that the system saves (XCR0).
static CKInstructions detect(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CK_PORTABLE;
    unsigned a, b, c, d;
    // F16C has no name of its own in older compilers.
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_F16C)) return CK_PORTABLE;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")
        || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return CK_AVX2;
    return __builtin_cpu_supports("avx512bf16") ? CK_AVX512_BF16 : CK_AVX512;
}

bool ck_has_int8_dot(void) {
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl")) return true;
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4));
}

bool ck_has_bf16_tiles(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & (1u << 22));
}

static const CKTable *const tables[] = {
    &ck_portable_table, &ck_avx2_table, &ck_avx512_table, &ck_avx512_bf16_table};
#else
static CKInstructions detect(void) { return CK_PORTABLE; }

bool ck_has_int8_dot(void) { return false; }
bool ck_has_bf16_tiles(void) { return false; }

static const CKTable *const tables[] = {&ck_portable_table};
#endif

// One more than the level that this thread chose; 0 where it chose none.
static _Thread_local int chosen;
// One more than the highest level that the process may use; 0 where nobody set a limit.
static atomic_int limit;

CKInstructions ck_supported(void) {
    // One more than the level; 0 before the first call. Two threads that detect at once find the same.
    static atomic_int supported;
    int level = atomic_load_explicit(&supported, memory_order_relaxed);
    if (level == 0) {
        level = (int)detect() + 1;
        atomic_store_explicit(&supported, level, memory_order_relaxed);
    }
    return (CKInstructions)(level - 1);
}

CKInstructions ck_selected(void) {
    if (chosen != 0) return (CKInstructions)(chosen - 1);
    const int most = atomic_load_explicit(&limit, memory_order_relaxed);
    return most == 0 ? ck_supported() : (CKInstructions)(most - 1);
}

bool ck_select(CKInstructions level) {
    if ((int)level < 0 || level > ck_supported()) return false;
    chosen = (int)level + 1;
    return true;
}

bool ck_limit(CKInstructions level) {
    if ((int)level < 0 || level > ck_supported()) return false;
    atomic_store_explicit(&limit, (int)level + 1, memory_order_relaxed);
    return true;
}

const CKTable *ck_table(void) { return tables[ck_selected()]; }

#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

#include "boundary.hpp"
#include "ct_runtime.h"

using namespace ctorch;

namespace {

at::Generator &value(CTGenerator *generator) {
    if (generator == nullptr) throw Failure{CT_ARGUMENT, "a generator handle is null"};
    return generator->value;
}

}  // namespace

CTStatus ct_generator_create(uint64_t seed, CTDevice where, CTGenerator **out) noexcept {
    return guarded([&] {
        const auto target = device(where);
        auto generator = target.is_cpu() ? at::detail::createCPUGenerator(seed)
                                         : at::detail::getCUDAHooks().getNewGenerator(target.index());
        if (!target.is_cpu()) {
            std::lock_guard<std::mutex> lock(generator.mutex());
            generator.set_current_seed(seed);
        }
        *out = std::make_unique<CTGenerator>(CTGenerator{std::move(generator)}).release();
    });
}

void ct_generator_free(CTGenerator *generator) noexcept { delete generator; }

CTStatus ct_generator_seed(CTGenerator *generator, uint64_t seed) noexcept {
    return guarded([&] {
        auto &target = value(generator);
        std::lock_guard<std::mutex> lock(target.mutex());
        target.set_current_seed(seed);
    });
}

CTStatus ct_generator_state(const CTGenerator *generator, CTOut out) noexcept {
    return produce(out, [&] {
        auto &source = value(const_cast<CTGenerator *>(generator));
        std::lock_guard<std::mutex> lock(source.mutex());
        return source.get_state();
    });
}

CTStatus ct_generator_set_state(CTGenerator *generator, const CTTensor *state) noexcept {
    return guarded([&] {
        auto &target = value(generator);
        const auto &bytes = ctorch::value(state);
        std::lock_guard<std::mutex> lock(target.mutex());
        target.set_state(bytes);
    });
}

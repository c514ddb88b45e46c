#include "boundary.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <string_view>

#include "ct_runtime.h"

namespace ctorch {
namespace {

// A fixed buffer: keeping a message must not itself fail when memory is short.
thread_local std::array<char, 2048> last_message = {};

void keep_message(const char *text) noexcept {
    std::snprintf(last_message.data(), last_message.size(), "%s", text == nullptr ? "" : text);
}

bool mentions(std::string_view message, std::initializer_list<std::string_view> words) noexcept {
    for (auto word : words) {
        if (message.find(word) != std::string_view::npos) return true;
    }
    return false;
}

/// LibTorch throws plain c10::Error for most refusals: the words tell them apart.
CTStatus classify(std::string_view message) noexcept {
    if (mentions(message, {"allocate memory", "out of memory", "not enough memory"})) return CT_MEMORY;
    if (mentions(
            message, {"does not require grad", "requires grad", "require gradients", "differentiated",
                      "backward through the graph", "leaf Variable", "nference tensor", "implicitly created"}))
        return CT_GRADIENT;
    if (mentions(message, {"same device", "CUDA", "device type", "on device"})) return CT_DEVICE;
    if (mentions(message, {"out of range", "out of bounds"})) return CT_INDEX;
    if (mentions(
            message, {"dtype", "calar type", "ScalarType", "data type", "floating point", "Input type", "same type",
                      "integral", "tensor to be Long", "Floating", "can't be cast"}))
        return CT_TYPE;
    if (mentions(
            message, {"shape", "size", "Size", "dimension", "Dimension", "broadcast", "channels", "expected 2D",
                      "1D target", "inconsistent tensor", "number of elements", "overflow"}))
        return CT_SHAPE;
    return CT_COMPUTE;
}

CTStatus keep(CTStatus status, const char *message) noexcept {
    keep_message(message);
    return status;
}

}  // namespace

void clear_message() noexcept { last_message[0] = '\0'; }

CTStatus record_exception() noexcept {
    try {
        throw;
    } catch (const Failure &failure) {
        return keep(failure.status, failure.message.c_str());
    } catch (const c10::OutOfMemoryError &error) {
        return keep(CT_MEMORY, error.what_without_backtrace());
    } catch (const c10::IndexError &error) {
        return keep(CT_INDEX, error.what_without_backtrace());
    } catch (const c10::ValueError &error) {
        return keep(CT_ARGUMENT, error.what_without_backtrace());
    } catch (const c10::TypeError &error) {
        return keep(CT_TYPE, error.what_without_backtrace());
    } catch (const c10::NotImplementedError &error) {
        return keep(CT_UNSUPPORTED, error.what_without_backtrace());
    } catch (const c10::AcceleratorError &error) {
        return keep(CT_DEVICE, error.what_without_backtrace());
    } catch (const c10::Error &error) {
        return keep(classify(error.what_without_backtrace()), error.what_without_backtrace());
    } catch (const std::bad_alloc &) {
        return keep(CT_MEMORY, "memory could not be allocated");
    } catch (const std::exception &error) {
        return keep(CT_INTERNAL, error.what());
    } catch (...) {
        return keep(CT_UNKNOWN, "something other than a C++ standard exception was thrown");
    }
}

std::unique_ptr<CTTensor> wrap(at::Tensor tensor) {
    if (!tensor.defined()) throw Failure{CT_COMPUTE, "the operation gave no tensor"};
    element_type(tensor.scalar_type());
    if (tensor.layout() != at::kStrided) throw Failure{CT_TYPE, "only dense tensors are supported"};
    return std::make_unique<CTTensor>(CTTensor{std::move(tensor)});
}

at::ScalarType scalar_type(CTDType dtype) {
    switch (dtype) {
        case CT_FLOAT32: return at::kFloat;
        case CT_FLOAT16: return at::kHalf;
        case CT_BFLOAT16: return at::kBFloat16;
        case CT_FLOAT64: return at::kDouble;
        case CT_INT8: return at::kChar;
        case CT_UINT8: return at::kByte;
        case CT_INT16: return at::kShort;
        case CT_INT32: return at::kInt;
        case CT_INT64: return at::kLong;
        case CT_BOOL: return at::kBool;
    }
    throw Failure{CT_TYPE, "unknown element type code " + std::to_string(static_cast<int>(dtype))};
}

CTDType element_type(at::ScalarType type) {
    switch (type) {
        case at::kFloat: return CT_FLOAT32;
        case at::kHalf: return CT_FLOAT16;
        case at::kBFloat16: return CT_BFLOAT16;
        case at::kDouble: return CT_FLOAT64;
        case at::kChar: return CT_INT8;
        case at::kByte: return CT_UINT8;
        case at::kShort: return CT_INT16;
        case at::kInt: return CT_INT32;
        case at::kLong: return CT_INT64;
        case at::kBool: return CT_BOOL;
        default: throw Failure{CT_TYPE, std::string("element type ") + c10::toString(type) + " is not supported"};
    }
}

at::Device device(CTDevice device) {
    if (device == CT_CPU) return at::Device(at::kCPU);
    if (device < 0) throw Failure{CT_ARGUMENT, "unknown device code " + std::to_string(device)};
    CTInt present = ct_runtime_cuda_count();
    if (device >= present)
        throw Failure{
            CT_DEVICE, "CUDA device " + std::to_string(device) + " is not available: " + std::to_string(present) +
                           " present" + (ct_runtime_cuda_built() ? "" : ", LibTorch was built without CUDA")};
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device));
}

at::TensorOptions options(CTDType dtype, CTDevice where) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device(where));
}

}  // namespace ctorch

extern "C" const char *ct_last_error(void) noexcept { return ctorch::last_message.data(); }

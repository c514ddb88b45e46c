// The one file over c10d. Its headers declare the Gloo backend only where Gloo's own headers are, which LibTorch does
// not ship and Debian does (libgloo-dev, an older Gloo than the one inside LibTorch). That is safe as long as this file
// holds Gloo's objects by pointer alone, never calls or derives from them: ct_collectives_check looks at what is left.
#if __has_include(<gloo/context.h>) && __has_include(<gloo/rendezvous/store.h>)
#define CT_HAS_GLOO 1
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#endif
// As for CUDA graphs: CUDAConfig.h is there in CUDA builds only, and NCCL's header is no part of LibTorch.
#if __has_include(<ATen/cuda/CUDAConfig.h>) && __has_include(<cuda_runtime_api.h>) && \
    __has_include(<crt/host_defines.h>) && __has_include(<nccl.h>)
#define CT_HAS_NCCL 1
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#endif

#include "ct_collectives.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string_view>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef CT_HAS_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef CT_HAS_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "boundary.hpp"
#include "ct_runtime.h"

using namespace ctorch;
using std::chrono::milliseconds;

struct CTProcessGroup {
    int rank;
    int size;
    at::Device device;
    milliseconds timeout;
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::Backend> backend;
    /// Set by the first failure; the connections are of no use after it.
    std::optional<Failure> failure;

    std::string name() const { return "rank " + std::to_string(rank) + " of " + std::to_string(size); }
};

namespace {

bool mentions(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != text.npos; });
}

/// The first sentence, without the source position that Gloo puts before it and the advice behind it.
std::string sentence(std::string_view text) {
    if (text.starts_with("[") && text.find("] ") != text.npos) text.remove_prefix(text.find("] ") + 2);
    text = text.substr(0, text.find('\n'));
    return std::string(text.substr(0, text.find(". ")));
}

/// Keeps c10d from printing what its exceptions say too, with stack traces, while it lives; a person who has set
/// TORCH_CPP_LOG_LEVEL gets what that asks for.
class Quiet {
public:
    Quiet() : former(FLAGS_caffe2_log_level) {
        if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
    }
    ~Quiet() { FLAGS_caffe2_log_level = former; }
    Quiet(const Quiet &) = delete;
    Quiet &operator=(const Quiet &) = delete;

private:
    const int former;
};

std::string seconds(milliseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%g s", static_cast<double>(time.count()) / 1000);
    return text;
}

/// What an exception of c10d or Gloo means for a call on `group`. Call inside a handler only.
Failure translated(const CTProcessGroup &group, const std::string &operation) {
    std::string text;
    try {
        throw;
    } catch (const Failure &failure) {
        return failure;
    } catch (const c10::Error &error) {
        text = error.what_without_backtrace();
        // Refused before anything was sent: the caller's fault, and the group is as it was.
        if (dynamic_cast<const c10::ValueError *>(&error) || dynamic_cast<const c10::TypeError *>(&error))
            return {CT_ARGUMENT, operation + ": " + sentence(text)};
    } catch (const std::exception &error) {
        text = error.what();
    }
    const auto at = group.name() + ", " + operation + ": ";
    if (mentions(text, {"imed out", "imeout"}))
        return {
            CT_TIMEOUT,
            at + "another rank did not answer within " + seconds(group.timeout) + " (" + sentence(text) + ")"};
    if (mentions(text, {"onnection", "peer", "ocket", "roken pipe", "NCCL", "rank"}))
        return {CT_LOST_RANK, at + "another rank ended or cannot be reached (" + sentence(text) + ")"};
    return {CT_COMPUTE, at + sentence(text)};
}

/// Runs a collective; its failure ends the group for all later ones.
template <class Body>
CTStatus collective(CTProcessGroup *group, const std::string &operation, Body &&body) noexcept {
    return guarded([&] {
        if (group == nullptr) throw Failure{CT_ARGUMENT, "a group handle is null"};
        if (group->failure) throw *group->failure;
        try {
            body();
        } catch (...) {
            const auto failure = translated(*group, operation);
            if (failure.status != CT_ARGUMENT) group->failure = failure;
            throw failure;
        }
    });
}

// MARK: Joining

/// The address of this machine's interface through which `host` is reached; empty when that cannot be told.
///
/// A machine's own name, which Gloo would look up otherwise, is 127.0.1.1 on many, and no other machine reaches that.
std::string local_address(const std::string &host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo *list = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return "";
    std::string result;
    for (const auto *entry = list; entry != nullptr && result.empty(); entry = entry->ai_next) {
        const int descriptor = socket(entry->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0) continue;
        sockaddr_storage own{};
        socklen_t length = sizeof own;
        char text[NI_MAXHOST];
        // Connecting a datagram socket sends nothing; it only chooses the route.
        if (connect(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
            getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0 &&
            getnameinfo(reinterpret_cast<sockaddr *>(&own), length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
            result = text;
        close(descriptor);
    }
    freeaddrinfo(list);
    return result;
}

bool is_loopback(const std::string &address) { return address.starts_with("127.") || address == "::1"; }

/// Tells the others of this rank, waits for all of them, and gives their addresses.
std::vector<std::string> meet(CTProcessGroup &group, const std::string &address) {
    const auto key = [](int rank) { return "cutis/" + std::to_string(rank); };
    const std::string mine = std::string(ct_version()) + "|" + address;
    group.store->set(key(group.rank), std::vector<uint8_t>(mine.begin(), mine.end()));
    const auto deadline = std::chrono::steady_clock::now() + group.timeout;
    std::vector<std::string> addresses;
    for (int rank = 0; rank < group.size; ++rank) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
        try {
            group.store->wait({key(rank)}, std::max(left, milliseconds(1)));
        } catch (const std::exception &error) {
            std::string missing;
            for (int other = rank; other < group.size; ++other) {
                if (other == rank || !group.store->check({key(other)}))
                    missing += (missing.empty() ? "" : ", ") + std::to_string(other);
            }
            throw Failure{
                CT_TIMEOUT,
                group.name() + ": these ranks did not join within " + seconds(group.timeout) + ": " + missing};
        }
        const auto bytes = group.store->get(key(rank));
        const std::string text(bytes.begin(), bytes.end());
        const auto bar = text.find('|');
        if (text.substr(0, bar) != ct_version())
            throw Failure{
                CT_VERSION, "rank " + std::to_string(rank) + " runs LibTorch " + text.substr(0, bar) + " and rank " +
                                std::to_string(group.rank) + " " + ct_version()};
        addresses.push_back(bar == text.npos ? "" : text.substr(bar + 1));
    }
    return addresses;
}

c10::intrusive_ptr<c10d::Store> open_store(const CTProcessGroup &group, const std::string &address, int port) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = group.rank == 0;
    options.numWorkers = static_cast<std::size_t>(group.size);
    options.waitWorkers = false;
    options.timeout = group.timeout;
    const auto where = address + ":" + std::to_string(port);
    try {
        return c10::make_intrusive<c10d::TCPStore>(address, options);
    } catch (const std::exception &error) {
        const std::string text = error.what();
        if (group.rank == 0)
            throw Failure{
                CT_COMPUTE, mentions(text, {"EADDRINUSE", "already in use"})
                                ? "port " + std::to_string(port) + " is in use by another process"
                                : group.name() + " cannot listen at " + where + " (" + sentence(text) + ")"};
        throw Failure{
            CT_TIMEOUT, group.name() + " did not reach rank 0 at " + where + " within " + seconds(group.timeout)};
    }
}

#ifdef CT_HAS_GLOO
c10::intrusive_ptr<c10d::Backend> gloo_backend(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, milliseconds timeout,
    const std::string &address) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    // The user's choice of an interface, under the name that PyTorch gives it, comes before ours.
    const char *interface = std::getenv("GLOO_SOCKET_IFNAME");
    if (interface != nullptr && *interface != '\0')
        options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(interface));
    else if (!address.empty())
        options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    else
        options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
}

/// Throws unless this file's idea of c10d's classes is LibTorch's.
void check_headers() {
    // Built inside LibTorch, read here: a header of another layout shows in the fields.
    const auto made = c10d::ProcessGroupGloo::Options::create_default(milliseconds(1234));
    const bool fits = made && made->timeout == milliseconds(1234) && made->threads == 2 && made->devices.size() == 1 &&
                      made->devices[0] != nullptr && made->backend == c10d::GLOO_BACKEND_NAME;
    if (!fits) throw Failure{CT_VERSION, "its options have another layout"};
    const auto store = c10::make_intrusive<c10d::HashStore>();
    const auto group = gloo_backend(store, 0, 1, milliseconds(20'000), "127.0.0.1");
    std::vector<at::Tensor> tensors = {at::arange(5, at::kFloat)};
    if (group->getRank() != 0 || group->getSize() != 1 || group->getBackendName() != c10d::GLOO_BACKEND_NAME)
        throw Failure{CT_VERSION, "its group has another layout"};
    group->allreduce(tensors)->wait();
    if (!at::equal(tensors[0], at::arange(5, at::kFloat))) throw Failure{CT_VERSION, "a sum over one rank is wrong"};
}
#endif

#ifdef CT_HAS_NCCL
c10::intrusive_ptr<c10d::Backend> nccl_backend(const CTProcessGroup &group) {
    // Waiting reports a lost rank to the caller; without it a thread of LibTorch's own would end the process.
    setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = group.timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(group.store, group.rank, group.size, options);
}
#endif

// MARK: Buckets

/// Tensors that travel as one piece.
struct Bucket {
    std::vector<at::Tensor> members;
    /// What is sent: the only member itself where its elements lie in order, else a copy of all in a row.
    at::Tensor flat;
    c10::intrusive_ptr<c10d::Work> work;

    bool is_copy() const { return members.size() > 1 || !members[0].is_contiguous(); }

    void fill() {
        if (!is_copy()) {
            flat = members[0].detach();
            return;
        }
        std::vector<at::Tensor> rows;
        for (const auto &member : members) rows.push_back(member.detach().reshape({-1}));
        flat = at::cat(rows);
    }

    void empty() {
        if (!is_copy()) return;
        int64_t from = 0;
        for (const auto &member : members) {
            member.detach().copy_(flat.narrow(0, from, member.numel()).view(member.sizes()));
            from += member.numel();
        }
    }
};

/// Sends the tensors bucket by bucket; two at most are under way, which bounds the memory.
template <class Start>
void in_buckets(const CTProcessGroup &group, const std::vector<at::Tensor> &tensors, CTInt bytes, Start &&start) {
    if (bytes < 1) throw Failure{CT_ARGUMENT, "a bucket must hold at least one byte"};
    for (const auto &tensor : tensors) {
        if (tensor.device() != group.device)
            throw Failure{
                CT_ARGUMENT, "a tensor is on " + tensor.device().str() + ", the group on " + group.device.str()};
    }
    std::deque<Bucket> under_way;
    const auto finish = [&] {
        under_way.front().work->wait();
        under_way.front().empty();
        under_way.pop_front();
    };
    for (size_t next = 0; next < tensors.size();) {
        Bucket bucket;
        size_t filled = 0;
        do {
            filled += tensors[next].nbytes();
            if (tensors[next].numel() > 0) bucket.members.push_back(tensors[next]);
            ++next;
        } while (next < tensors.size() && tensors[next].scalar_type() == tensors[next - 1].scalar_type() &&
                 filled + tensors[next].nbytes() <= static_cast<size_t>(bytes));
        if (bucket.members.empty()) continue;
        bucket.fill();
        std::vector<at::Tensor> list = {bucket.flat};
        bucket.work = start(list);
        under_way.push_back(std::move(bucket));
        if (under_way.size() > 2) finish();
    }
    while (!under_way.empty()) finish();
}

void sum(CTProcessGroup &group, std::vector<at::Tensor> list) { group.backend->allreduce(list)->wait(); }

std::vector<at::Tensor> gathered(CTProcessGroup &group, const at::Tensor &mine) {
    std::vector<at::Tensor> inputs = {mine.to(group.device)};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < group.size; ++rank) outputs[0].push_back(at::empty_like(inputs[0]));
    group.backend->allgather(outputs, inputs)->wait();
    for (auto &output : outputs[0]) output = output.to(at::kCPU);
    return outputs[0];
}

}  // namespace

bool ct_collectives_gloo_built(void) noexcept {
#ifdef CT_HAS_GLOO
    return true;
#else
    return false;
#endif
}

bool ct_collectives_nccl_built(void) noexcept {
#ifdef CT_HAS_NCCL
    return true;
#else
    return false;
#endif
}

CTStatus ct_collectives_check(void) noexcept {
    return guarded([] {
        static const std::optional<Failure> result = []() -> std::optional<Failure> {
#ifdef CT_HAS_GLOO
            try {
                check_headers();
                return std::nullopt;
            } catch (const Failure &failure) {
                return Failure{CT_VERSION, "Gloo's headers do not fit this LibTorch: " + failure.message};
            } catch (const std::exception &error) {
                return Failure{CT_VERSION, "Gloo's headers do not fit this LibTorch: " + sentence(error.what())};
            }
#else
            return Failure{
                CT_UNSUPPORTED,
                "this build has no collectives between CPUs: Gloo's headers were absent when it was compiled "
                "(apt-get install libgloo-dev, then build again)"};
#endif
        }();
        if (result) throw *result;
    });
}

CTStatus ct_process_group_create(
    CTInt rank, CTInt size, const char *address, CTInt port, CTInt timeout, CTDevice where,
    CTProcessGroup **out) noexcept {
    return guarded([&] {
        if (size < 1 || size > 65'536) throw Failure{CT_ARGUMENT, "the number of ranks must be 1 to 65536"};
        if (rank < 0 || rank >= size)
            throw Failure{
                CT_ARGUMENT,
                "rank " + std::to_string(rank) + " is not below the number of ranks, " + std::to_string(size)};
        if (port < 1 || port > 65'535) throw Failure{CT_ARGUMENT, "the port must be 1 to 65535"};
        if (timeout < 1) throw Failure{CT_ARGUMENT, "the time-out must be at least 1 ms"};
        if (where == CT_CPU) {
            if (const auto status = ct_collectives_check(); status != CT_OK) throw Failure{status, ct_last_error()};
        } else if (!ct_collectives_nccl_built()) {
            throw Failure{
                CT_UNSUPPORTED,
                "this build has no collectives between GPUs: it needs a CUDA LibTorch and the headers of CUDA and "
                "NCCL"};
        }
        const Quiet quiet;
        auto group = std::make_unique<CTProcessGroup>(CTProcessGroup{
            static_cast<int>(rank), static_cast<int>(size), device(where), milliseconds(timeout), {}, {}, {}});
        group->store = open_store(*group, address, static_cast<int>(port));
        try {
            auto own = local_address(address, static_cast<int>(port));
            const auto others = meet(*group, own);
            // Rank 0 may know its own machine as localhost; the others need an address that leads there.
            if (is_loopback(own) && !std::all_of(others.begin(), others.end(), is_loopback)) own = "";
#ifdef CT_HAS_GLOO
            if (where == CT_CPU)
                group->backend = gloo_backend(group->store, group->rank, group->size, group->timeout, own);
#endif
#ifdef CT_HAS_NCCL
            if (where != CT_CPU) group->backend = nccl_backend(*group);
#endif
        } catch (...) {
            throw translated(*group, "joining");
        }
        *out = group.release();
    });
}

void ct_process_group_free(CTProcessGroup *group) noexcept {
    // Closing connections of which some are broken must not end the process.
    (void)guarded([&] { delete group; });
}

CTStatus ct_all_reduce_sum_(
    CTProcessGroup *group, const CTTensor *const *tensors, CTInt count, CTInt bucket_bytes) noexcept {
    return collective(group, "all-reduce", [&] {
        in_buckets(*group, ctorch::tensors(tensors, count), bucket_bytes, [&](std::vector<at::Tensor> &list) {
            return group->backend->allreduce(list);
        });
    });
}

CTStatus ct_broadcast_(
    CTProcessGroup *group, const CTTensor *const *tensors, CTInt count, CTInt root, CTInt bucket_bytes) noexcept {
    return collective(group, "broadcast", [&] {
        if (root < 0 || root >= group->size) throw Failure{CT_ARGUMENT, "there is no rank " + std::to_string(root)};
        c10d::BroadcastOptions options;
        options.rootRank = root;
        in_buckets(*group, ctorch::tensors(tensors, count), bucket_bytes, [&](std::vector<at::Tensor> &list) {
            return group->backend->broadcast(list, options);
        });
    });
}

CTStatus ct_barrier(CTProcessGroup *group) noexcept {
    return collective(group, "barrier", [&] {
        const auto one = at::ones({1}, at::TensorOptions().dtype(at::kInt).device(group->device));
        sum(*group, {one});
        // Reading the sum waits for a GPU too.
        if (one.item<int>() != group->size) throw Failure{CT_INTERNAL, "the ranks counted wrongly"};
    });
}

CTStatus ct_all_gather_bytes(
    CTProcessGroup *group, const uint8_t *bytes, CTInt count, CTInt *lengths, CTOut out) noexcept {
    return collective(group, "gather", [&] {
        if (count < 0 || count > (16 << 20)) throw Failure{CT_ARGUMENT, "at most 16 MiB can be gathered from a rank"};
        const auto sizes = gathered(*group, at::full({1}, count, at::kLong));
        int64_t longest = 0;
        for (const auto &size : sizes) longest = std::max(longest, size.item<int64_t>());
        auto row = at::zeros({std::max<int64_t>(longest, 1)}, at::kByte);
        std::copy_n(bytes, count, row.mutable_data_ptr<uint8_t>());
        auto result = wrap(at::stack(gathered(*group, row)).narrow(1, 0, longest).contiguous());
        for (int rank = 0; rank < group->size; ++rank) lengths[rank] = sizes[rank].item<int64_t>();
        *out = result.release();
    });
}

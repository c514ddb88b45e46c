#!/usr/bin/env bash
# Checks and times on a GPU what `--device cuda` runs, without Swift: builds CTorch alone with g++ as one shared library
# against a CUDA LibTorch 2.11 to 2.13, then a small program over its C interface (Tools/gpu-check), and runs that.
# See docs/gpu.md.
#
#   Scripts/gpu-check.sh [--compile-only] [--json FILE] [--runs N] [--no-bench] [--dry-run]
#
# --compile-only  build both, on any machine, and run nothing
# --dry-run       run the program with the CPU in the GPU's place (a CPU LibTorch does): tests the program, no GPU
# --json FILE     where the figures go (default .build/gpu-check/result.json); the table goes to standard output
#
# LIBTORCH=/path  the LibTorch to use; otherwise that of the torch of the python3 on the PATH
# CUDA_HOME=/path CUDA 12.4 or newer for its headers, which CUDA graphs need; otherwise nvcc's, /usr/local/cuda or those
#                 that came with the torch of python3
#
# Exit codes: 0 all passed (or compiled, with --compile-only); 1 a check or the build failed; 2 wrong arguments or a tool
# is missing; 3 nothing was tested on a GPU: there is none, LibTorch has no CUDA, or it was a dry run.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."

say() { printf '%s\n' "gpu-check: $*"; }
die() { local code=$1; shift; printf '%s\n' "gpu-check: $*" >&2; exit "$code"; }

compile_only='' dry_run='' json='' arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        --compile-only) compile_only=1 ;;
        --dry-run) dry_run=1; arguments+=(--dry-run) ;;
        --no-bench) arguments+=(--no-bench) ;;
        --json | --runs)
            [ $# -gt 1 ] || die 2 "$1 needs a value."
            if [ "$1" = --json ]; then
                case $2 in /*) json=$2 ;; *) json=$caller/$2 ;; esac
            else
                arguments+=(--runs "$2")
            fi
            shift ;;
        -h | --help) sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) die 2 "$1 is not known; see --help." ;;
    esac
    shift
done
command -v g++ >/dev/null || die 2 "g++ is missing. Install it with: apt-get install g++"

# Where the torch of python3 lies, without importing it.
python_torch() {
    command -v python3 >/dev/null || return 0
    python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print((s.submodule_search_locations or [""])[0] if s else "")' \
        2>/dev/null || true
}
libtorch=${LIBTORCH:-$(python_torch)}
[ -n "$libtorch" ] || {
    say "no LibTorch is here (neither LIBTORCH nor a python3 with torch), so nothing was tested."
    exit 3
}
[ -f "$libtorch/include/ATen/ATen.h" ] || die 2 "$libtorch holds no include/ATen/ATen.h: point LIBTORCH at an unpacked LibTorch."
libtorch=$(cd "$libtorch" && pwd)
number() { sed -n "s/^#define TORCH_VERSION_$1 \([0-9]*\).*/\1/p" "$libtorch"/include/torch/csrc/api/include/torch/version.h "$libtorch"/include/torch/headeronly/version.h 2>/dev/null | head -1; }
version="$(number MAJOR).$(number MINOR)"
case $version in
    2.11 | 2.12 | 2.13) ;;
    *) die 2 "$libtorch is LibTorch $version; 2.11 to 2.13 are supported." ;;
esac

has_cuda=''
[ -e "$libtorch/lib/libtorch_cuda.so" ] && has_cuda=1
if [ -z "$compile_only$dry_run" ]; then
    [ -n "$has_cuda" ] || {
        say "$libtorch is a LibTorch without CUDA, so nothing was tested."
        exit 3
    }
    # A cheap look before minutes of compiling; the program asks LibTorch itself.
    nvidia-smi -L >/dev/null 2>&1 || [ -e /dev/nvidiactl ] || [ -e /dev/dxg ] || {
        say "no NVIDIA GPU can be seen on this machine, so nothing was tested."
        exit 3
    }
fi

# CUDA's headers are no part of LibTorch. Those of the same installation fit best; a set without crt/ is incomplete.
cuda_headers() {
    local folder nvcc
    nvcc=$(command -v nvcc || true)
    for folder in ${CUDA_HOME:+"$CUDA_HOME"/include} \
        ${nvcc:+"$(dirname "$(readlink -f "$nvcc")")"/../include} \
        /usr/local/cuda/include "$libtorch"/../nvidia/cu1[2-9]/include "$libtorch"/../nvidia/cuda_runtime/include; do
        [ -f "$folder/cuda.h" ] && [ -f "$folder/cuda_runtime_api.h" ] && [ -f "$folder/crt/host_defines.h" ] || continue
        (cd "$folder" && pwd)
        return 0
    done
}
headers=''
[ -n "$has_cuda" ] && headers=$(cuda_headers)
say "LibTorch $version in $libtorch$([ -n "$has_cuda" ] || printf ' (without CUDA)')"
if [ -n "$headers" ]; then
    say "CUDA headers in $headers"
elif [ -n "$has_cuda" ]; then
    say "no complete CUDA headers were found: CUDA graphs are left out, which counts as a failed check."
    say "Set CUDA_HOME to a toolkit, or complete those of torch's wheels with: python3 -m pip install nvidia-cuda-crt"
fi

target=.build/gpu-check
mkdir -p "$target"
include=(-ISources/CTorch/include -isystem "$libtorch/include" -isystem "$libtorch/include/torch/csrc/api/include")
[ -n "$headers" ] && include+=(-isystem "$headers")
# NCCL's header, where collectives between GPUs are to be compiled too.
[ -n "$headers" ] && for folder in "$headers" /usr/include "$libtorch"/../nvidia/nccl/include; do
    if [ -f "$folder/nccl.h" ]; then
        [ "$folder" = "$libtorch/../nvidia/nccl/include" ] && include+=(-isystem "$folder")
        say "NCCL's header in $folder"
        break
    fi
done
libraries=(-ltorch_cpu -lc10)
[ -n "$has_cuda" ] && libraries+=(-ltorch_cuda -lc10_cuda)

say "compiling CTorch"
rm -f "$target"/*.o "$target"/libCTorch.so "$target"/gpu_check
printf '%s\0' Sources/CTorch/*.cpp |
    xargs -0 -P "${JOBS:-$(nproc)}" -I{} sh -c '
        source=$1; target=$2; shift 2
        exec g++ -std=c++20 -O2 -fPIC "$@" -c "$source" -o "$target/$(basename "$source" .cpp).o"' sh {} "$target" "${include[@]}" ||
    die 1 "CTorch did not compile against this LibTorch."
g++ -shared "$target"/*.o -o "$target/libCTorch.so" -L"$libtorch/lib" -Wl,-rpath,"$libtorch/lib" \
    -Wl,--no-as-needed "${libraries[@]}" || die 1 "libCTorch.so could not be linked."

say "compiling the check"
# Which libraries LibTorch itself needs is settled when the program starts.
g++ -std=c++20 -O2 -Wall -ISources/CTorch/include Tools/gpu-check/*.cpp -o "$target/gpu_check" \
    -L"$target" -lCTorch -Wl,-rpath,"\$ORIGIN" -Wl,--unresolved-symbols=ignore-in-shared-libs ||
    die 1 "the check did not compile."
if [ -n "$compile_only" ]; then
    say "compiled; nothing was run, so nothing was tested."
    exit 0
fi

if [ -z "$dry_run" ]; then
    gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1 || true)
    [ -z "$gpu" ] || arguments+=(--name "${gpu/, /, driver }")
fi
[ -n "$json" ] || json=$target/result.json
status=0
"$target/gpu_check" --json "$json" ${arguments[@]+"${arguments[@]}"} || status=$?
# Above 128 the program was ended by a signal; 127 means that a library was not found.
case $status in
    0 | 1) [ ! -f "$json" ] || say "figures: $json" ;;
    2 | 3) ;;
    *) die 1 "the check ended with status $status." ;;
esac
exit "$status"

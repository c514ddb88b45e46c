#!/usr/bin/env bash
# Puts LibTorch (headers and shared libraries) into .libtorch/, taken from PyTorch's Python wheel.
#
# LIBTORCH=/path       use an existing copy; nothing is downloaded
# CUTIS_TORCH_INDEX=U  look for the wheel at this package index first (for example one with "+cpu" builds)
# CUTIS_TORCH_WHEEL=F  take this wheel file
# Python and pip are needed here only; Cutis itself never runs Python.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.13.0
target=.libtorch
say() { printf '%s\n' "libtorch: $*"; }
die() { printf '%s\n' "libtorch: $*" >&2; exit 1; }

if [ -n "${LIBTORCH:-}" ]; then
    [ -f "$LIBTORCH/include/ATen/ATen.h" ] || die "LIBTORCH=$LIBTORCH holds no include/ATen/ATen.h. Point it at an unpacked LibTorch or unset it."
    exit 0
fi
stamp="$target/.cutis-version"
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$version" ] && exit 0

command -v python3 >/dev/null || die "python3 is missing. Install it with: apt-get install python3 python3-pip"
python3 -m pip --version >/dev/null 2>&1 || die "pip is missing. Install it with: apt-get install python3-pip"
command -v unzip >/dev/null || die "unzip is missing. Install it with: apt-get install unzip"

work=$(mktemp -d "${TMPDIR:-/tmp}/cutis-libtorch.XXXXXX")
trap 'rm -rf "$work" "$target.partial"' EXIT

# The wheel's Python tag does not matter to us (only its C++ libraries are used), but pip insists on one.
download() { # requirement, extra pip arguments…
    local requirement=$1; shift
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --dest "$work" "$@" "$requirement"
}

if [ -n "${CUTIS_TORCH_WHEEL:-}" ]; then
    cp "$CUTIS_TORCH_WHEEL" "$work/"
else
    say "fetching the wheel of torch $version (about 200 MB for a CPU build)"
    index=()
    [ -n "${CUTIS_TORCH_INDEX:-}" ] && index=(--extra-index-url "$CUTIS_TORCH_INDEX")
    download "torch==$version+cpu" "${index[@]}" 2>/dev/null ||
        download "torch==$version" "${index[@]}" ||
        download "torch==$version" --python-version 3.12 "${index[@]}" ||
        die "pip could not fetch torch==$version. Check the network, or set CUTIS_TORCH_WHEEL to a wheel file, or LIBTORCH to a copy."
fi
wheel=$(ls "$work"/torch-*.whl 2>/dev/null | head -1)
[ -n "$wheel" ] || die "no torch wheel was found in what pip fetched."

say "unpacking $(basename "$wheel")"
rm -rf "$target.partial" && mkdir -p "$target.partial"
unzip -q "$wheel" 'torch/include/*' 'torch/lib/*.so*' 'torch/version.py' 'torch-*.dist-info/licenses/*' 'torch-*.dist-info/LICENSE*' \
    -d "$work/unpacked" 2>/dev/null || [ -d "$work/unpacked/torch/lib" ] || die "the wheel could not be unpacked."
mv "$work/unpacked/torch/include" "$target.partial/include"
mkdir -p "$target.partial/lib" "$target.partial/licences"
for library in "$work"/unpacked/torch/lib/*.so*; do
    case $(basename "$library") in
        libtorch_python*|libshm*|*_test.so|libaoti_custom_ops.so|libbackend_with_compiler.so) ;; # Python and test parts
        *) mv "$library" "$target.partial/lib/" ;;
    esac
done
find "$work/unpacked" -path '*dist-info*' -type f -exec cp {} "$target.partial/licences/" \;

# A CUDA build of libtorch_cpu names CUDA run-time libraries even where no GPU is: fetch the wheels that hold them.
needed() { readelf -d "$target.partial"/lib/*.so* 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }
# The list is read once, whole: `ldconfig -p | grep -q` would end ldconfig by SIGPIPE now and then, which pipefail takes for "not there".
system=$(ldconfig -p)
missing() {
    for name in $(needed); do
        [ -e "$target.partial/lib/$name" ] && continue
        case $system in *"$name "*) continue ;; esac
        printf '%s\n' "$name"
    done
}
if missing | grep -E 'cu|nv' >/dev/null; then
    say "this is a CUDA build; fetching the NVIDIA run-time wheels that it names"
    metadata=$(unzip -p "$wheel" 'torch-*.dist-info/METADATA')
    printf '%s\n' "$metadata" | sed -n 's/^Requires-Dist: \(nvidia-[a-z0-9-]*\|cuda-toolkit\)[^=]*\(==[0-9.*]*\).*/\1\2/p' |
        grep '^nvidia' | sort -u | while read -r requirement; do
        download "$requirement" || say "could not fetch $requirement; going on"
    done
    for other in "$work"/nvidia*.whl; do
        [ -e "$other" ] && unzip -qjo "$other" '*.so*' -d "$target.partial/lib" || true
    done
fi
still=$(missing | tr '\n' ' ')
[ -z "$still" ] || die "these libraries are still missing: $still. Use a CPU build (CUTIS_TORCH_INDEX) or set LIBTORCH."

# One tiny program proves that headers, ABI and libraries fit together.
cat >"$work/probe.cpp" <<'CPP'
#include <ATen/ATen.h>
#include <cstdio>
int main() { std::puts(at::ones({2, 2}).sum().item<float>() == 4 ? "ok" : "wrong"); }
CPP
compiler=$(command -v g++ || command -v clang++ || true)
if [ -n "$compiler" ]; then
    libraries=(-ltorch_cpu -lc10)
    [ -e "$target.partial/lib/libtorch_cuda.so" ] && libraries+=(-ltorch_cuda -lc10_cuda)
    "$compiler" -std=c++20 "$work/probe.cpp" -isystem "$target.partial/include" -L"$target.partial/lib" \
        -Wl,-rpath,"$PWD/$target.partial/lib" -Wl,--no-as-needed "${libraries[@]}" -o "$work/probe" &&
        [ "$("$work/probe")" = ok ] || die "a test program did not compile, link or run against this LibTorch."
fi
printf '%s' "$version" >"$target.partial/.cutis-version"
rm -rf "$target" && mv "$target.partial" "$target"
say "LibTorch $version is in $target"

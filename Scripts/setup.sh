#!/usr/bin/env bash
# Installs what a bare Debian 12 machine with Swift lacks: Debian packages and LibTorch. --tests adds the servers that tests
# start for themselves on 127.0.0.1 (PostgreSQL) and what makes their certificates. Quiet when nothing is missing. Needs root
# (or sudo) only when Debian packages have to be installed.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf '%s\n' "setup: $*" >&2; exit 1; }

command -v swift >/dev/null || die "Swift is missing. Install Swift 6.1 or newer from https://www.swift.org/install/linux and put it on PATH."
version_text=$(swift --version 2>&1) ||
    die "swift does not run ($(printf '%s' "$version_text" | head -1)). Install the packages that https://www.swift.org/install/linux names for your system."
swift_version=$(printf '%s' "$version_text" | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
[ "$(printf '6.1\n%s\n' "$swift_version" | sort -V | head -1)" = 6.1 ] ||
    die "Swift $swift_version is too old. Install Swift 6.1 or newer from https://www.swift.org/install/linux."

packages=(g++ make pkg-config unzip binutils python3 libvips-dev libzip-dev libgloo-dev libpq-dev libsqlite3-dev libjemalloc-dev)
[ "${1:-}" = --tests ] && packages+=(postgresql openssl)
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
missing=()
if command -v dpkg-query >/dev/null; then
    for package in "${packages[@]}"; do
        [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == *'ok installed' ]] || missing+=("$package")
    done
else
    pkg-config --exists vips libzip libpq sqlite3 jemalloc ||
        die "this is not Debian: install the development packages of libvips, libzip, libpq, SQLite and jemalloc (pkg-config must find vips, libzip, libpq, sqlite3, jemalloc)."
    [ -f /usr/include/gloo/context.h ] ||
        printf '%s\n' "setup: Gloo's headers (gloo/context.h) are absent: everything but training with several processes will work."
fi
# A tool that is there without its Debian package (a Python of one's own, say) is as good.
still=()
for package in "${missing[@]}"; do
    case $package in
        g++ | make | pkg-config | unzip | python3) command -v "$package" >/dev/null && continue ;;
        binutils) command -v readelf >/dev/null && continue ;;
    esac
    still+=("$package")
done
if [ ${#still[@]} -gt 0 ]; then
    root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these Debian packages are missing: ${still[*]}. Run as root: apt-get install ${still[*]}"
        root=(sudo)
    fi
    printf '%s\n' "setup: installing ${still[*]}"
    log=$(mktemp)
    # The lists are refreshed only when the first try fails: they may be there already, or be months old.
    install() { DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${still[@]}" >"$log" 2>&1; }
    install || { "${root[@]}" apt-get update -qq >"$log" 2>&1 && install; } || {
        tail -5 "$log" >&2
        die "apt-get could not install ${still[*]}. Check the network and the package sources."
    }
    rm -f "$log"
fi

Scripts/libtorch.sh

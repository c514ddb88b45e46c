#!/usr/bin/env bash
# Everything that must hold before a commit: format, imports, file sizes, build without warnings, tests.
# --no-tests stops after the build.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '%s\n' "check: $*"; }

Scripts/setup.sh
step "format"
swift format lint --strict --parallel --recursive Sources Tests Package.swift
step "imports"
Scripts/check-imports.sh
step "file sizes"
find Sources -name '*.swift' -print0 | xargs -0 wc -l | awk '
    $2 != "total" { n[++count] = $1; if ($1 > 600) { print "over 600 lines: " $2; bad = 1 } }
    END { asort_n(n, count); median = n[int((count + 1) / 2)]; print "median " median " lines in " count " files"
          if (median > 150) { print "the median is over 150 lines"; bad = 1 }; exit bad }
    function asort_n(a, k, i, j, t) { for (i = 2; i <= k; i++) { t = a[i]; for (j = i - 1; j >= 1 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t } }'
step "build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
Scripts/build.sh --build-tests 2>&1 | tee "$log"
if grep -E '^(/|Sources|Tests).*warning:' "$log" | grep -v '/\.build/' >/dev/null; then
    step "the build has warnings (see above)" >&2
    exit 1
fi
[ "${1:-}" = --no-tests ] && exit 0
step "tests"
Scripts/test.sh

#!/usr/bin/env bash
# Runs every test on the release build. Arguments go to `swift test`, such as --filter Resampler.
# Skipped tests are counted; with the shared data present (../shared/data) none may be skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/build.sh --build-tests
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
swift test -c release --skip-build --disable-xctest "$@" 2>&1 | tee "$log" || status=$?
skipped=$(grep -cE '^. (Test|Suite) .* skipped' "$log" || true)
printf '%s\n' "tests skipped: $skipped"
if [ "$skipped" != 0 ]; then
    grep -E '^. (Test|Suite) .* skipped' "$log" || true
    if [ -d ../shared/data ]; then
        echo "test: the shared data is here, so nothing may be skipped" >&2
        status=1
    fi
fi
exit $status

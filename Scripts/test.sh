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
# One test needs Python with torch and safetensors: set CUTIS_PYTHON to run it too. Two fill up a small file system of their
# own, which a container without privileges may not mount.
expected='theReferenceImplementationReadsIt|no file system may be mounted here'
skips=$(grep -E '^[^ ]+ (Test|Suite) .* skipped' "$log" || true)
unexpected=$(printf '%s\n' "$skips" | grep -vE "$expected|^$" || true)
printf '%s\n' "tests skipped: $(printf '%s\n' "$skips" | grep -c . || true)"
[ -z "$skips" ] || printf '%s\n' "$skips"
if [ -n "$unexpected" ] && [ -d ../shared/data ]; then
    echo "test: the shared data is here, so only tests with $expected may be skipped" >&2
    status=1
fi
exit $status

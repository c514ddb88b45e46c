#!/usr/bin/env bash
# Feeds malformed inputs to every parser: CUTIS_FUZZ_ITERATIONS of them to each suite (100,000 unless told).
set -euo pipefail
cd "$(dirname "$0")/.."
CUTIS_FUZZ_ITERATIONS=${CUTIS_FUZZ_ITERATIONS:-100000} exec Scripts/test.sh --filter FuzzTests

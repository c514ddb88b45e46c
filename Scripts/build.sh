#!/usr/bin/env bash
# The one way to build: release, so that tests, the demo and users run the same code and it is compiled once.
# Arguments go to `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift build -c release --explicit-target-dependency-import-check error "$@"

#!/usr/bin/env bash
# Builds when needed, then analyses one image with the default model. Argument: an image (default: the demo image).
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x .build/release/cutis ]; then
    echo "demo: building (some minutes the first time)"
    Scripts/build.sh --product cutis
else
    Scripts/build.sh --product cutis >/dev/null || Scripts/build.sh --product cutis
fi
exec .build/release/cutis demo ${1:+"$1"}

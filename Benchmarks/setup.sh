#!/usr/bin/env bash
# Makes Benchmarks/.venv with the peers that compare.py times. Quiet when nothing has changed since the last time.
#
# CUTIS_TORCH_INDEX=U  look for PyTorch at this package index too (one with "+cpu" builds saves gigabytes)
# PYTHON=F             the interpreter to use (3.11 or newer; default: python3)
set -euo pipefail
cd "$(dirname "$0")"

die() { printf '%s\n' "setup: $*" >&2; exit 1; }

python=${PYTHON:-python3}
stamp=.venv/installed.txt
cmp -s requirements.txt "$stamp" && exit 0

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "$python is missing or older than 3.11. Name a newer one: PYTHON=/path/to/python $0"
"$python" -m venv .venv ||
    die "the environment could not be made. On Debian install python3-venv, then run this again."
index=()
[ -n "${CUTIS_TORCH_INDEX:-}" ] && index=(--extra-index-url "$CUTIS_TORCH_INDEX")
.venv/bin/pip install --quiet --disable-pip-version-check "${index[@]}" --requirement requirements.txt ||
    die "pip could not install the peers. Check the network and requirements.txt."
cp requirements.txt "$stamp"
printf '%s\n' "setup: installed; run .venv/bin/python compare.py --help"

#!/usr/bin/env bash
# Fuzzes the whole API by its own description: starts `cutis serve` in a temporary folder, lets schemathesis send what
# /openapi.json allows and what it forbids, and fails on any 5xx and on any answer that the description does not allow.
# SCHEMATHESIS names the program (otherwise PATH has it), EXAMPLES how many requests each operation gets (15),
# CUTIS the service's binary. --seed N and whatever else is given goes to schemathesis.
set -euo pipefail
cd "$(dirname "$0")/.."

schemathesis=${SCHEMATHESIS:-schemathesis}
if ! command -v "$schemathesis" >/dev/null; then
    echo "check-api: there is no schemathesis; install it (python3 -m venv .venv && .venv/bin/pip install" \
        "schemathesis) and name it: SCHEMATHESIS=.venv/bin/schemathesis $0" >&2
    exit 2
fi
schemathesis=$(command -v "$schemathesis")
schemathesis=$(cd "$(dirname "$schemathesis")" && pwd)/$(basename "$schemathesis")
cutis=${CUTIS:-.build/release/cutis}
if [ ! -x "$cutis" ]; then
    echo "check-api: there is no $cutis; run Scripts/build.sh --product cutis" >&2
    exit 2
fi

folder=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || echo "check-api: the service ended with $?" >&2
    fi
    rm -rf "$folder"
}
trap finish EXIT

# Any free port; the limits of a client would answer most of the requests.
"$cutis" serve --data "$folder/data" --port 0 --set limits.rate=100000 --set limits.burst=100000 \
    --set limits.concurrency=1000 >"$folder/output" 2>"$folder/log" &
server=$!
address=
for _ in $(seq 600); do
    address=$(sed -n 's/^web page: \(.*\)\/$/\1/p' "$folder/output")
    [ -n "$address" ] && curl -sf "$address/health/ready" >/dev/null && break
    if ! kill -0 "$server" 2>/dev/null; then
        echo "check-api: the service does not start:" >&2
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
key=$(sed -n 's/^admin key: //p' "$folder/output")

# Left out is only `positive_data_acceptance`: ids and cursors of things that do not exist, and pictures that are none,
# fit the description and are rejected nevertheless.
run() (
    # It keeps notes in the folder in which it runs.
    cd "$folder"
    "$schemathesis" run "$address/openapi.json" --header "Authorization: Bearer $key" \
        --checks all --exclude-checks positive_data_acceptance --max-examples "${EXAMPLES:-15}" \
        --continue-on-failure --request-timeout 60 --warnings off --no-color "$@"
)

# Followed from the lists, these end the very key, user or model with which the run works: they get made-up ids only.
own=(revokeKey changeUser unloadModel)
failed=0
run "${own[@]/#/--exclude-operation-id=}" "$@" || failed=1
run "${own[@]/#/--include-operation-id=}" --phases examples,coverage,fuzzing "$@" || failed=1

# Whoever lost its key was only ever told so.
if ! curl -sf -H "Authorization: Bearer $key" "$address/api/v1/accounts/me" >/dev/null; then
    echo "check-api: the key of this run was ended by it" >&2
    failed=1
fi
if grep -E ' (error|critical) ' "$folder/log" >&2; then
    echo "check-api: the service reported errors (above)" >&2
    failed=1
fi
[ $failed = 0 ] && echo "check-api: the API keeps what /openapi.json says"
exit $failed

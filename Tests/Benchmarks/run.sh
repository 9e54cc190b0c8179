#!/usr/bin/env bash
# Counts instructions and allocations per request; run.py says how, and compares with figures.json.
#
# usage: Tests/Benchmarks/run.sh [--update] [--results FILE.xml] [--functions N] [--keep FOLDER]
#
# Builds what is missing: APUS_BINARY names a server that is built already. The exit code is 77
# where valgrind is not there and cannot be installed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/common.sh"

BUILD=$ROOT/.build/benchmarks

need_valgrind() {
    has valgrind || (apt_install valgrind) || { say "skipped: valgrind cannot be installed"; exit 77; }
}

need_server() {
    [[ -z ${APUS_BINARY:-} ]] || return 0
    "$ROOT/deploy/onnxruntime.sh"
    swift_build "${RELEASE[@]}" --product apus
    APUS_BINARY=$APUS
}

# Debian 12's valgrind gives up on Swift's DWARF 5, so it gets a copy without; symbols stay.
prepare() {
    mkdir -p "$BUILD"
    strip --strip-debug -o "$BUILD/apus" "$APUS_BINARY"
    cc -std=c11 -O1 -Wall -Wextra -Werror -shared -fPIC \
        -o "$BUILD/under_valgrind.so" "$ROOT/Tests/Benchmarks/under_valgrind.c"
}

need_valgrind
python_environment
need_server
prepare
export APUS_BINARY=$BUILD/apus BENCHMARKS_PRELOAD=$BUILD/under_valgrind.so
exec "$VENV/bin/python" "$ROOT/Tests/Benchmarks/run.py" "$@"

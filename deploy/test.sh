#!/usr/bin/env bash
# Every test, on a Debian 12 that has only Swift.
#
# usage: deploy/test.sh [--long] [--only SUITE]...
#
# Installs what is missing, builds, runs the suites below, and ends with one line that counts
# their tests: `N passed, M failed`. The exit code is 0 only when M is 0.
#
#   swift        swift test: the modules, and the built server (ServeTests)
#   http         the request parser against llhttp and h11, over mutated requests
#   clients      tritonclient, curl-like and raw-socket clients against the built server (pytest)
#   benchmarks   instructions and allocations per request against Tests/Benchmarks/figures.json
#   quickstart   deploy/quickstart.sh serves the demo model and answers
#
# --long also runs what takes minutes. Each suite's log is in .build/test/SUITE.log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SUITES=(swift http clients benchmarks quickstart)
ONLY=()
LOGS=$ROOT/.build/test
PASSED=0 FAILED=0 SKIPPED=0 BROKEN=()

usage() { sed -n '/^# usage/,/^set/ { /^set/d; s/^# \{0,1\}//; p }' "${BASH_SOURCE[0]}"; }

read_arguments() {
    while [[ $# -gt 0 ]]; do
        case $1 in
        --long) export APUS_TEST_LONG=1 ;;
        --only)
            [[ $# -gt 1 && " ${SUITES[*]} " == *" $2 "* ]] || fail "--only takes one of: ${SUITES[*]}"
            ONLY+=("$2")
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) fail "unknown option $1; try --help" ;;
        esac
        shift
    done
    [[ ${#ONLY[@]} -gt 0 ]] || ONLY=("${SUITES[@]}")
}

set_up() {
    install_packages
    "$ROOT/deploy/onnxruntime.sh"
    python_environment
    swift_build "${RELEASE[@]}"
    export APUS_ONNXRUNTIME=$ROOT/.build/onnxruntime/libonnxruntime.so.1.28.0
    export APUS_BINARY=$APUS
}

# Each suite writes its results as JUnit XML to the path it is given.

suite_swift() {  # RESULTS
    # Swift Testing writes its own file beside the one that is named, with this ending.
    rm -f "${1%.xml}-swift-testing.xml"
    swift build --package-path "$ROOT" --build-tests || return
    local status=0
    swift test --package-path "$ROOT" --skip-build --disable-xctest --xunit-output "$1" || status=$?
    mv -f "${1%.xml}-swift-testing.xml" "$1" || true
    return $status
}

suite_http() {  # RESULTS
    one_test "$1" "http_differential.py" \
        "$VENV/bin/python" "$ROOT/Tests/clients/http_differential.py" "$ROOT/.build/release/http-verdict"
}

suite_clients() {  # RESULTS
    "$VENV/bin/python" -m pytest "$ROOT/Tests/clients" --junitxml "$1"
}

# Skipped, and counted so, where there is no valgrind.
suite_benchmarks() {  # RESULTS
    local status=0
    "$ROOT/Tests/Benchmarks/run.sh" --results "$1" || status=$?
    [[ $status != 77 ]] || {
        echo '<testsuite><testcase name="benchmarks"><skipped/></testcase></testsuite>' >"$1"
        status=0
    }
    return $status
}

suite_quickstart() {  # RESULTS
    # APUS_BINARY is for the tests; the server refuses a variable that it does not know.
    one_test "$1" "quickstart.sh --check" env -u APUS_BINARY "$ROOT/deploy/quickstart.sh" --check
}

# Runs a command as a suite of one test.
one_test() {  # RESULTS NAME COMMAND...
    local results=$1 name=$2 status=0 failure=
    shift 2
    "$@" || { status=$?; failure="<failure message='exit code $status'/>"; }
    printf '<testsuite><testcase name="%s">%s</testcase></testsuite>\n' "$name" "$failure" >"$results"
    return $status
}

# Runs a suite, shows and keeps its log, and adds up its results.
run_suite() {  # SUITE
    local suite=$1 results=$LOGS/$1.xml status=0 passed=0 failed=0 skipped=0
    say "suite $suite"
    rm -f "$results"
    "suite_$suite" "$results" 2>&1 | tee "$LOGS/$suite.log" || status=${PIPESTATUS[0]}
    if [[ -s $results ]]; then
        read -r passed failed skipped < <(python3 "$ROOT/deploy/count_results.py" "$results")
    fi
    # A suite that crashed, or has no result, counts as one failure: silence is not success.
    if (( failed == 0 && (status != 0 || passed + skipped == 0) )); then failed=1; fi
    (( PASSED += passed, FAILED += failed, SKIPPED += skipped, 1 ))
    [[ $failed == 0 ]] || BROKEN+=("$suite")
    say "suite $suite: $passed passed, $failed failed, $skipped skipped"
}

main() {
    local suite
    read_arguments "$@"
    mkdir -p "$LOGS" || fail "cannot write to $LOGS"
    set_up
    for suite in "${ONLY[@]}"; do run_suite "$suite"; done
    [[ ${#BROKEN[@]} == 0 ]] || say "failed: ${BROKEN[*]}; the logs are in $LOGS"
    if (( SKIPPED > 0 )); then
        echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    else
        echo "$PASSED passed, $FAILED failed"
    fi
    [[ $FAILED == 0 ]]
}

main "$@"

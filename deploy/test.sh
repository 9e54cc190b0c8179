#!/usr/bin/env bash
# Every test, on a Debian 12 that has only Swift.
#
# usage: deploy/test.sh [--long] [--only SUITE]...
#
# Installs what is missing, builds, runs the suites below, and ends with one line that counts
# their tests: `N passed, M failed`. The exit code is 0 only when M is 0. A test with processes in it
# that fails is run once more; one that then passes is named at the end as unsteady.
#
#   swift        swift test: the modules, and the built server (ServeTests)
#   http         the request parser against llhttp and h11, over mutated requests
#   clients      tritonclient, curl-like and raw-socket clients against the built server (pytest)
#   chaos        processes killed, stopped and starved under load (Tests/chaos, the short form)
#   benchmarks   instructions and allocations per request against Tests/Benchmarks/figures.json
#   quickstart   deploy/quickstart.sh serves the demo model and answers
#   systemd      the Debian package as a service, in a booted Debian 12 (as root only)
#
# --long also runs what takes minutes. Each suite's log is in .build/test/SUITE.log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SUITES=(swift http clients chaos benchmarks quickstart systemd)
ONLY=()
LOGS=$ROOT/.build/test
# Suites whose failed tests are run once more: by themselves, or the suite whole where it cannot do that.
STEADIED=(swift clients chaos systemd)
PASSED=0 FAILED=0 SKIPPED=0 BROKEN=() FAILURES=() UNSTEADY=()

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
    apt_install chromium  # for the test of /docs
    swift_build "${RELEASE[@]}"
    export APUS_ONNXRUNTIME=$ROOT/.build/onnxruntime/libonnxruntime.so.1.28.0
    export APUS_BINARY=$APUS
}

# Each suite writes its results as JUnit XML to the path it is given. The two with many end-to-end tests can
# also run just those that failed in the results of an earlier run.

suite_swift() {  # RESULTS [EARLIER RESULTS]
    swift build --package-path "$ROOT" --build-tests || return
    local filters=() name
    while read -r name; do
        filters+=(--filter "^${name%%(*}\\(")
    done < <([[ $# == 1 ]] || python3 "$ROOT/deploy/count_results.py" --failed "$2")
    swift test --package-path "$ROOT" --skip-build --disable-xctest --xunit-output "$1" "${filters[@]}"
}

suite_http() {  # RESULTS
    one_test "$1" "http_differential.py" \
        "$VENV/bin/python" "$ROOT/Tests/clients/http_differential.py" "$ROOT/.build/release/http-verdict"
}

suite_clients() {  # RESULTS [EARLIER RESULTS]
    local failed=()
    [[ $# == 1 ]] || failed=(--last-failed)
    "$VENV/bin/python" -m pytest "$ROOT/Tests/clients" "${failed[@]}" --junitxml "$1"
}

suite_chaos() {  # RESULTS
    "$VENV/bin/python" "$ROOT/Tests/chaos/chaos.py" --seed 1 --junit "$1" --json "${1%.xml}.json"
}

# Skipped where there is no valgrind.
suite_benchmarks() {  # RESULTS
    or_skipped "$1" "$ROOT/Tests/Benchmarks/run.sh" --results "$1"
}

suite_quickstart() {  # RESULTS
    # These are for the tests; the server refuses a variable that it does not know.
    one_test "$1" "quickstart.sh --check" \
        env -u APUS_BINARY -u APUS_TEST_LONG "$ROOT/deploy/quickstart.sh" --check
}

# Skipped where no machine can be booted.
suite_systemd() {  # RESULTS
    env -u APUS_BINARY -u APUS_ONNXRUNTIME "$ROOT/deploy/package.sh" || return
    or_skipped "$1" "$ROOT/Tests/systemd/run.sh" "$1"
}

# Runs a command that writes its results itself. One that cannot run here says why, ends with 77, and is counted
# as skipped.
or_skipped() {  # RESULTS COMMAND...
    local results=$1 status=0
    shift
    "$@" || status=$?
    [[ $status != 77 ]] || {
        echo '<testsuite><testcase name="all of it"><skipped/></testcase></testsuite>' >"$results"
        status=0
    }
    return $status
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
#
# A test that failed is run once more: one that then passes is unsteady, and is named as such at the end.
run_suite() {  # SUITE
    local suite=$1 passed failed skipped
    say "suite $suite"
    attempt "$suite" "$LOGS/$suite.xml"
    if [[ $failed != 0 && " ${STEADIED[*]} " == *" $suite "* && -s $LOGS/$suite.xml ]]; then
        again "$suite"
    fi
    (( PASSED += passed, FAILED += failed, SKIPPED += skipped, 1 ))
    [[ $failed == 0 ]] || BROKEN+=("$suite")
    say "suite $suite: $passed passed, $failed failed, $skipped skipped"
}

# Sets passed, failed and skipped.
attempt() {  # SUITE RESULTS [EARLIER RESULTS]
    local suite=$1 results=$2 status=0
    passed=0 failed=0 skipped=0
    rm -f "$results"
    "suite_$suite" "${@:2}" 2>&1 | tee "${results%.xml}.log" || status=${PIPESTATUS[0]}
    if [[ -s $results ]]; then
        read -r passed failed skipped < <(python3 "$ROOT/deploy/count_results.py" "$results")
    fi
    # A suite that crashed, or has no result, counts as one failure: silence is not success.
    if (( failed == 0 && (status != 0 || passed + skipped == 0) )); then failed=1; fi
}

# The failed tests of a suite once more; those that pass now are taken from `failed` to `passed`.
again() {  # SUITE
    local suite=$1 before=("$passed" "$failed" "$skipped") names name
    mapfile -t names < <(python3 "$ROOT/deploy/count_results.py" --failed "$LOGS/$suite.xml")
    (( ${#names[@]} > 0 && ${#names[@]} <= 5 )) || { FAILURES+=("${names[@]}"); return 0; }
    say "suite $suite: once more: ${names[*]}"
    attempt "$suite" "$LOGS/$suite-again.xml" "$LOGS/$suite.xml"
    if [[ $failed == 0 && $passed -ge ${#names[@]} ]]; then
        for name in "${names[@]}"; do UNSTEADY+=("$name"); done
        passed=$((before[0] + before[1])) failed=0
    else
        FAILURES+=("${names[@]}")
        passed=${before[0]} failed=${before[1]}
    fi
    skipped=${before[2]}
}

main() {
    local suite name
    read_arguments "$@"
    mkdir -p "$LOGS" || fail "cannot write to $LOGS"
    set_up
    for suite in "${ONLY[@]}"; do run_suite "$suite"; done
    for name in "${UNSTEADY[@]}"; do say "unsteady: failed once, then passed: $name"; done
    for name in "${FAILURES[@]}"; do say "failed: $name"; done
    [[ ${#BROKEN[@]} == 0 ]] || say "failed: ${BROKEN[*]}; the logs are in $LOGS"
    if (( SKIPPED > 0 )); then
        echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    else
        echo "$PASSED passed, $FAILED failed"
    fi
    [[ $FAILED == 0 ]]
}

main "$@"

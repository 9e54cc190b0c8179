#!/usr/bin/env bash
# From a Debian 12 that has only Swift to a model that answers over HTTP.
#
# usage: deploy/quickstart.sh [--check] [--listen HOST:PORT]
#
# Installs what is missing, builds apus for release, gets ONNX Runtime and serves the demo model
# until Ctrl-C. With --check it serves on a free port, asks once, shows the answer and ends; the
# exit code says whether all went well.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

DEMO=$ROOT/deploy/demo
CHECK=no
LISTEN=127.0.0.1:8080

usage() { sed -n '/^# usage/,/^set/ { /^set/d; s/^# \{0,1\}//; p }' "${BASH_SOURCE[0]}"; }

read_arguments() {
    while [[ $# -gt 0 ]]; do
        case $1 in
        --check) CHECK=yes LISTEN=127.0.0.1:0 ;;
        --listen) [[ $# -gt 1 ]] || fail "--listen needs HOST:PORT"; LISTEN=$2; shift ;;
        -h | --help) usage; exit 0 ;;
        *) fail "unknown option $1; try --help" ;;
        esac
        shift
    done
}

# Starts the server and waits for the line that says it answers. Sets SERVER and ADDRESS.
#
# In a session of its own: Ctrl-C reaches this script alone, which then ends the server once.
start_server() {
    local line status=0
    exec {ready}< <(exec setsid "$APUS" serve "penguins=$DEMO/penguins.onnx" --listen "$LISTEN")
    SERVER=$!
    trap stop_server EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if ! IFS= read -r line <&"$ready"; then
        wait "$SERVER" || status=$?
        fail "apus ended with exit code $status before it was ready; its log is above"
    fi
    ADDRESS=${line#ready }
}

# Lets the server finish, and gives back its exit code.
stop_server() {
    trap '' INT TERM HUP
    trap - EXIT
    kill -TERM "$SERVER" 2>/dev/null || true
    wait "$SERVER"
}

request() { tr -d '\n' <"$DEMO/request.json" | sed 's/  */ /g; s/{ /{/'; }

ask() {
    local answer
    answer=$(curl --silent --show-error --fail-with-body --max-time 10 -d "$(request)" "$ADDRESS/predict") \
        || fail "the demo request was not answered: $answer"
    printf '%s\n' "$answer"
}

main() {
    read_arguments "$@"
    install_packages
    "$ROOT/deploy/onnxruntime.sh"
    swift_build "${RELEASE[@]}" --product apus
    export APUS_ONNXRUNTIME=$ROOT/.build/onnxruntime/libonnxruntime.so.1.28.0

    start_server
    printf '\nThe demo model answers at %s. Ask it which penguin this is:\n\n' "$ADDRESS"
    printf "curl -d '%s' %s/predict\n\n" "$(request)" "$ADDRESS"
    if [[ $CHECK == yes ]]; then
        ask
        stop_server || fail "apus did not end well: exit code $?"
    else
        printf 'Ctrl-C ends it.\n\n'
        wait "$SERVER"
    fi
}

main "$@"

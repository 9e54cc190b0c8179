#!/bin/bash
# Runs inside the booted machine: installs the package and does with the service what an operator does.
#
# Writes a line `pass NAME` or `fail NAME: WHY` for each check to /results/results, and `end` last. It waits for
# events, each at most a minute; there is no curl and no Python here, only what a small Debian has.
set -uo pipefail
ulimit -c 0

MODELS=/var/lib/apus/models
IRIS='{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[5.9,3.0,4.2,1.5]}]}'
# A few seconds of a worker's time; the answer is the number.
SLOW='{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[2000000]}]}'

record() { echo "$*" >>/results/results; echo "-- $*"; }

# Records what a command says by its exit code.
check() {  # NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" || status=$?
    if [[ $status == 0 ]]; then record "pass $name"; else record "fail $name: \`$*\` gave $status"; fi
}

# Waits until a command succeeds; a minute at most.
soon() {  # COMMAND...
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "not in a minute: $*"; return 1; }
        sleep 0.1
    done
}

# Reads to the end: `grep -q` would end what writes to it by SIGPIPE, which counts as a failure here.
has_line() { grep -e "$1" >/dev/null; }
not() { ! "$@"; }
equal() { [[ $1 == "$2" ]] || { echo "\"$1\", expected \"$2\""; return 1; }; }

# One request on a connection of its own.
# Prints the answer; or `refused` when nobody listens, and nothing when the connection was cut.
talk() (  # METHOD PATH [BODY]
    local body=${3-}
    trap '' PIPE
    { exec 3<>/dev/tcp/127.0.0.1/8080; } 2>/dev/null || { echo refused; exit; }
    printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "${#body}" "$body" >&3 2>/dev/null
    timeout 60 cat <&3 2>/dev/null
)

# The status of an answer, `refused`, or `cut`.
status_of() {  # METHOD PATH [BODY]
    local answer
    answer=$(talk "$1" "$2" "${3-}" | head -1 | tr -d '\r')
    case $answer in
    "HTTP/1.1 "*) answer=${answer#HTTP/1.1 }; echo "${answer%% *}" ;;
    refused) echo refused ;;
    *) echo cut ;;
    esac
}

infer() { status_of POST /v2/models/iris/infer "$IRIS"; }
answers() { equal "$(infer)" 200; }
property() { systemctl show --property "$1" --value apus.service; }
active() { equal "$(property ActiveState)" active; }
status_says() { [[ $(property StatusText) == *"$1"* ]] || { echo "$(property StatusText)"; return 1; }; }
journal_says() { journalctl --no-pager --unit apus.service | has_line "$1"; }
# The process ids of a kind, as `apus status` lists them.
pids() { apus status | awk -v kind="$1" '$1 == kind { print kind == "worker" ? $4 : $3 }' | grep '^[1-9][0-9]'; }
generation() { apus status | sed -n 's/.*generation \([0-9]*\)$/\1/p'; }

# A new file by a rename, as one should.
put_model() {  # NAME FILE
    install -m 644 "$2" "$MODELS/.$1.new"
    mv "$MODELS/.$1.new" "$MODELS/$1.onnx"
}

# Asks without a pause until it is told to end, and writes what came of each request.
ask_on() { while [[ ! -e /run/enough ]]; do infer; done >/run/outcomes; }

# Clients come all the while that a command runs and until the server answers after it: none is refused, and only
# those that were connected when a process ended may be cut off.
none_refused() {  # COMMAND...
    local client status=0
    rm -f /run/enough
    ask_on &
    client=$!
    soon grep -q 200 /run/outcomes
    "$@" || status=$?
    soon answers || status=1
    touch /run/enough
    wait "$client"
    sort /run/outcomes | uniq -c | tr -s '\n ' ' '
    echo
    grep -q 200 /run/outcomes && ! grep -q -v -e '^200$' -e '^cut$' /run/outcomes && return "$status"
}

installs() {
    record booted
    check "the package installs" dpkg -i /test/apus.deb
    check "it brings a user" id apus
    check "it brings the folder for models" test -d "$MODELS"
    check "the service starts at boot" systemctl --quiet is-enabled apus.service
    check "the socket does not, unless asked for" not systemctl --quiet is-enabled apus.socket
    check "what it may do is little" systemd-analyze security --no-pager --threshold=20 apus.service >/dev/null
}

starts() {
    put_model iris /test/iris.onnx
    put_model slow /test/slow.onnx
    check "it starts" systemctl start apus.service
    check "it answers as soon as it is started" answers
    check "it says how many models are ready" status_says "2 of 2 models ready"
    check "the supervisor is the main process" equal "$(property MainPID)" "$(pid_of_supervisor)"
    check "what goes on is in the journal" soon journal_says "ready http://127.0.0.1:8080"
}

nice_limit() { awk '/^Max nice/ { print $4 }' "/proc/$(property MainPID)/limits"; }
# A machine that may not raise limits (CAP_SYS_RESOURCE, 24) starts the service without.
nice_limit_to_be() { echo $((0x$(awk '/^CapEff/ { print $2 }' /proc/1/status) >> 24 & 1 ? 20 : 0)); }

# How the kernel schedules workers and templates.
classes() { for pid in $(pids worker) $(pids template); do chrt --pid "$pid"; done | sed -n 's/.*policy: //p' | sort -u; }

pid_of_supervisor() { apus status | sed -n 's/.*supervisor \([0-9]*\),.*/\1/p'; }

reloads() {
    local before
    before=$(generation)
    check "a reload is done when the command ends" systemctl reload apus.service
    check "by new processes" not equal "$(generation)" "$before"
    check "that may give way while they load" equal "$(nice_limit)" "$(nice_limit_to_be)"
    check "and do so no more" equal "$(classes)" SCHED_OTHER
    check "and it answers" answers
    put_model iris /test/broken.onnx
    check "a reload with a bad model fails" not systemctl reload apus.service
    check "the service stays active" active
    check "the old model answers" answers
    check "the status says why" soon status_says "refused"
    check "the journal, too" soon journal_says "refused"
    put_model iris /test/iris.onnx
    check "a good model is taken again" systemctl reload apus.service
    check "and the status has forgotten" soon status_is_good
}

status_is_good() { status_says "2 of 2 models ready" && not status_says refused; }

survives() {
    local kind main KILLED
    main=$(property MainPID)
    for kind in worker proxy template; do
        check "a $kind is killed" soon kill_one "$kind"
        check "it answers without that $kind" soon answers
        check "there is another $kind" soon has_another "$kind" "$KILLED"
    done
    check "the service is active throughout" active
    check "and its main process the same" equal "$(property MainPID)" "$main"
}

# Sets KILLED. One that has just been replaced is not there any more: then the next is taken.
kill_one() { KILLED=$(pids "$1" | head -1) && kill -9 "$KILLED"; }

has_another() { [[ -n $(pids "$1") ]] && not grep -qx "$2" <(pids "$1"); }

# The supervisor dies by itself, and takes all others with it; the socket stays.
returns() {
    local main
    main=$(property MainPID)
    check "the supervisor is killed, and no client is refused" none_refused kill -9 "$main"
    check "there is another supervisor" soon has_other_main "$main"
    check "on the same port" answers
    check "it was restarted once" equal "$(property NRestarts)" 1
    check "a restart refuses no client" none_refused systemctl restart apus.service
}

has_other_main() { [[ $(property MainPID) != 0 && $(property MainPID) != "$1" ]] && active; }

# A supervisor that hangs is found by the watchdog.
is_watched() {
    local main
    mkdir -p /run/systemd/system/apus.service.d
    printf '[Service]\nWatchdogSec=3\n' >/run/systemd/system/apus.service.d/watchdog.conf
    systemctl daemon-reload
    check "it starts with a short watchdog" systemctl restart apus.service
    main=$(property MainPID)
    check "a supervisor that does nothing is stopped" kill -STOP "$main"
    check "the watchdog replaces it" soon has_other_main "$main"
    check "and it answers" soon answers
    check "the journal says so" soon journal_says "Watchdog timeout"
}

stops() {
    talk POST /v2/models/slow/infer "$SLOW" >/run/slow &
    check "a request is under way" soon is_running_slow
    check "the service stops" systemctl stop apus.service
    wait $!
    check "the request was answered" has_line '"data":\[2e+06\]' </run/slow
    check "the service has ended well" equal "$(property Result) $(property ActiveState)" "success inactive"
    check "nothing is left of it" not pgrep_apus
    check "and nobody listens" equal "$(infer)" refused
}

is_running_slow() {
    talk GET /metrics | tr -d '\r' | has_line '^apus_in_flight_requests{[^}]*model="slow"[^}]*} 1$'
}

pgrep_apus() { grep -ls '^Name:.apus' /proc/[0-9]*/status; }

is_activated() {
    local main
    check "the socket starts" systemctl enable --now apus.socket
    check "without the service" equal "$(property ActiveState)" inactive
    check "the first request starts it, and is answered" answers
    check "the service is active" soon active
    main=$(property MainPID)
    check "its supervisor is killed, and no client is refused" none_refused kill -9 "$main"
    check "there is another" soon has_other_main "$main"
}

leaves() {
    check "the package is removed" dpkg --remove apus
    check "nothing of it runs" not pgrep_apus
    check "the configuration stays" test -f /etc/apus/apus.yaml
    check "unless it is purged" dpkg --purge apus
    check "with the configuration" not test -e /etc/apus
    check "but without the models" test -f "$MODELS/iris.onnx"
}

for part in installs starts reloads survives returns is_watched stops is_activated leaves; do
    echo "== $part ($SECONDS s)"
    $part
done
record end

#!/usr/bin/env bash
# Installs the Debian package in a booted Debian 12 of its own, and tests the service there.
#
# usage: Tests/systemd/run.sh RESULTS        (JUnit XML)
#
# Exit code 77 means that this machine cannot do it; the last line says why. Needs root. The Debian is made by
# debootstrap once and kept in the user's cache folder; each run boots a copy, with a network of its own.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$HERE/../../deploy/common.sh"

PACKAGES=$ROOT/.build/package
FIXTURES=$ROOT/Tests/Fixtures
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/apus
# The machine ends by itself long before; this is for one that hangs.
LIMIT_SECONDS=270

skip() {
    say "skipped: $*"
    exit 77
}

# The machine and its folder go with this script, however it ends.
clean_up() {
    trap '' INT TERM HUP
    [[ -z ${MACHINE:-} ]] || kill -KILL -- "-$MACHINE" 2>/dev/null || true
    [[ -z ${MACHINE:-} ]] || wait "$MACHINE" 2>/dev/null || true
    [[ -z ${SCRATCH:-} ]] || rm -rf --one-file-system "$SCRATCH"
}

need_rights() {
    [[ $(id -u) == 0 ]] || skip "booting a machine needs root"
    unshare --mount --pid --net --uts --ipc --fork true 2>/dev/null \
        || skip "this machine does not let us make namespaces"
    apt_install "${MACHINE_PACKAGES[@]}"
}

# What the package depends on and a small Debian does not have. All of it is there before the machine boots: the
# machine has no network.
dependencies() {
    dpkg-deb --field "$DEB" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | grep -v '^systemd$'
}

mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | head -1
}

# Sets DEBIAN to a folder with a Debian 12. It gets its name when it is whole.
need_debian() {
    local include digest work mirror
    include=systemd,systemd-sysv,dbus,$(dependencies | sort -u | paste -sd,)
    digest=$(sha256sum <<<"$include" | cut -c1-12)
    DEBIAN=$CACHE/debian-12-$digest
    [[ ! -d $DEBIAN ]] || return 0
    mkdir -p "$CACHE" || skip "cannot make the folder $CACHE"
    exec {lock}>"$CACHE/lock"
    flock "$lock"
    [[ ! -d $DEBIAN ]] || return 0
    say "making a Debian 12 in $DEBIAN; this takes two minutes, once"
    work=$(mktemp -d "$CACHE/new.XXXXXX")
    mirror=$(mirror) || mirror=  # debootstrap knows one itself
    if ! timeout 600 debootstrap --variant=minbase "--include=$include" bookworm "$work" \
        ${mirror:+"$mirror"} >"$CACHE/debootstrap.log" 2>&1; then
        tail -5 "$CACHE/debootstrap.log" >&2
        rm -rf --one-file-system "$work"
        skip "debootstrap could not make a Debian 12; is Debian's package archive reachable?"
    fi
    chmod 755 "$work"
    mv "$work" "$DEBIAN"
}

prepare() {
    SCRATCH=$(mktemp -d "$ROOT/.build/machine.XXXXXX")
    mkdir "$SCRATCH/test" "$SCRATCH/results"
    cp "$HERE/machine.sh" "$FIXTURES/iris.onnx" "$SCRATCH/test/"
    cp "$FIXTURES/small/slow.onnx" "$SCRATCH/test/slow.onnx"
    cp "$FIXTURES/small/unknown_operator.onnx" "$SCRATCH/test/broken.onnx"
    ln "$DEB" "$SCRATCH/test/apus.deb" 2>/dev/null || cp "$DEB" "$SCRATCH/test/apus.deb"
    cp -a --reflink=auto "$DEBIAN" "$SCRATCH/root"
    local units=$SCRATCH/root/etc/systemd/system
    install -m 644 "$HERE/machine.service" "$units/apus-test.service"
    mkdir -p "$units/multi-user.target.wants"
    ln -s ../apus-test.service "$units/multi-user.target.wants/"
}

# Boots, and waits until the machine has ended by itself.
boot() {
    local options=(
        --quiet --register=no --keep-unit --private-network --machine="apus-test-$$" --directory="$SCRATCH/root"
        --bind-ro="$SCRATCH/test:/test" --bind="$SCRATCH/results:/results")
    say "booting"
    setsid timeout --kill-after=10 "$LIMIT_SECONDS" systemd-nspawn "${options[@]}" --boot \
        <&- >"$SCRATCH/console" 2>&1 &
    MACHINE=$!
    wait "$MACHINE" || true
    MACHINE=
    # Nothing of ours is in the machine before its script begins: one that never got there is not our failure.
    grep -qs '^booted$' "$SCRATCH/results/results" \
        || { tail -20 "$SCRATCH/console" >&2; skip "the machine does not boot here; its console is above"; }
}

report() {
    cat "$SCRATCH/results/log"
    python3 "$HERE/results.py" "$SCRATCH/results/results" >"$1" && return
    say "the service's journal:"
    cat "$SCRATCH/results/journal" 2>/dev/null || tail -50 "$SCRATCH/console"
    return 1
}

main() {
    [[ $# == 1 ]] || fail "usage: run.sh RESULTS"
    need_rights
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    DEB=$(ls -t "$PACKAGES"/apus_*.deb 2>/dev/null | head -1)
    [[ -n $DEB ]] || fail "there is no package in $PACKAGES; build it with deploy/package.sh"
    need_debian
    prepare
    boot
    report "$1"
}

main "$@"

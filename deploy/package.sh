#!/usr/bin/env bash
# Builds a Debian package of apus and loadtest, with ONNX Runtime in it, for the machine's architecture.
#
# usage: deploy/package.sh [FOLDER]        (default: .build/package of this checkout)
#
# Leaves FOLDER/apus_VERSION_ARCHITECTURE.deb. The target machine needs no Swift. What it depends on is read from
# the programs; the maintainer scripts are in deploy/debian, the units and the configuration in deploy/systemd.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

DEBIAN=$ROOT/deploy/debian
UNITS=$ROOT/deploy/systemd
RUNTIME=$ROOT/.build/onnxruntime
LIBRARY=libonnxruntime.so.1.28.0

# The version that all parts say.
version() { sed -n 's/.*text = "\(.*\)".*/\1/p' "$ROOT/Sources/ApusWire/ApusVersion.swift"; }

# The programs, without symbols; /usr/bin/apus is a link, so that the library is beside the program.
stage_programs() {  # TREE
    install -D "$ROOT/.build/release/apus" "$1/usr/lib/apus/apus"
    install -D "$ROOT/.build/release/loadtest" "$1/usr/bin/loadtest"
    strip --strip-unneeded "$1/usr/lib/apus/apus" "$1/usr/bin/loadtest"
    install -m 644 "$RUNTIME/$LIBRARY" "$1/usr/lib/apus/"
    ln -s ../lib/apus/apus "$1/usr/bin/apus"
}

stage_service() {  # TREE
    install -D -m 644 -t "$1/lib/systemd/system" "$UNITS/apus.service" "$UNITS/apus.socket"
    install -D -m 644 "$UNITS/apus.sysusers" "$1/usr/lib/sysusers.d/apus.conf"
    install -D -m 644 "$UNITS/apus.tmpfiles" "$1/usr/lib/tmpfiles.d/apus.conf"
    install -D -m 644 -t "$1/etc/apus" "$UNITS/apus.yaml"
    install -d "$1/var/lib/apus/models"
}

stage_documents() {  # TREE
    local doc=$1/usr/share/doc/apus
    install -D -m 644 -t "$doc" "$ROOT/README.md" "$DEBIAN/copyright"
    gzip -9n <"$RUNTIME/ThirdPartyNotices.txt" >"$doc/ONNXRuntime-ThirdPartyNotices.txt.gz"
    install -D -m 644 -t "$doc/examples" "$UNITS/type-notify-reload.conf" \
        "$ROOT/deploy/demo/penguins.onnx" "$ROOT/deploy/demo/request.json"
    changelog | gzip -9n >"$doc/changelog.gz"
    install -D -m 644 "$DEBIAN/overrides" "$1/usr/share/lintian/overrides/apus"
    chmod 644 "$doc"/*.gz
}

# One entry: what went into each version is in the history of the source.
changelog() {
    printf 'apus (%s) unstable; urgency=medium\n\n  * Built from %s.\n\n -- Apus <apus@localhost>  %s\n' \
        "$VERSION" "$(git -C "$ROOT" describe --always --dirty)" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

# What the programs need: the packages of the shared libraries that they are linked with. Our own library is beside
# the program, and opened by its path.
dependencies() {  # TREE
    local work=$WORK/shlibs
    mkdir -p "$work/debian"
    printf 'Source: apus\n\nPackage: apus\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O "$1/usr/lib/apus/apus" "$1/usr/bin/loadtest" "$1/usr/lib/apus/$LIBRARY") \
        2>"$work/log" | sed -n 's/^shlibs:Depends=//p' || fail "dpkg-shlibdeps failed: $(<"$work/log")"
}

control() {  # TREE
    cat <<END
Package: apus
Version: $VERSION
Architecture: $ARCHITECTURE
Maintainer: Apus <apus@localhost>
Installed-Size: $(du -sk --apparent-size "$1" | cut -f1)
Depends: $(dependencies "$1"), init-system-helpers (>= 1.52), systemd | systemd-standalone-sysusers | systemd-sysusers
Section: science
Priority: optional
Description: model server with a pool of forked worker processes
 Apus serves machine-learning models (ONNX) over HTTP. The workers of a model
 share its memory; a worker that dies is replaced, and its requests are
 answered by another. New models are taken up without losing a request.
 .
 It speaks the Open Inference Protocol. loadtest, which finds out how much a
 server carries, comes with it, and so does ONNX Runtime.
END
}

stage_control() {  # TREE
    install -d "$1/DEBIAN"
    install -m 755 -t "$1/DEBIAN" "$DEBIAN/postinst" "$DEBIAN/prerm" "$DEBIAN/postrm"
    echo /etc/apus/apus.yaml >"$1/DEBIAN/conffiles"
    (cd "$1" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z \
        | xargs -0 md5sum) >"$WORK/md5sums"
    control "$1" >"$WORK/control"
    install -m 644 -t "$1/DEBIAN" "$WORK/md5sums" "$WORK/control"
}

main() {
    local folder=${1:-$ROOT/.build/package} package
    VERSION=$(version)
    [[ -n $VERSION ]] || fail "ApusVersion.swift says no version"
    install_packages
    apt_install "${PACKAGE_PACKAGES[@]}"
    ARCHITECTURE=$(dpkg --print-architecture)
    SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct)
    export SOURCE_DATE_EPOCH
    "$ROOT/deploy/onnxruntime.sh"
    swift_build "${RELEASE[@]}" --product apus
    swift_build "${RELEASE[@]}" --product loadtest

    mkdir -p "$folder" || fail "cannot make the folder $folder"
    WORK=$(mktemp -d "$folder/work.XXXXXX") || fail "cannot write to $folder"
    trap 'rm -rf "$WORK"' EXIT
    umask 022
    install -d "$WORK/tree"
    stage_programs "$WORK/tree"
    stage_service "$WORK/tree"
    stage_documents "$WORK/tree"
    stage_control "$WORK/tree"
    package=apus_${VERSION}_$ARCHITECTURE.deb
    dpkg-deb --root-owner-group -Zxz -z1 --build "$WORK/tree" "$WORK/$package" >/dev/null \
        || fail "dpkg-deb could not build $package"
    mv -f "$WORK/$package" "$folder/$package"
    say "$folder/$package"
}

main "$@"

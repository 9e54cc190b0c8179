#!/usr/bin/env bash
# Gets ONNX Runtime's shared library out of its Python wheel.
#
# usage: deploy/onnxruntime.sh [FOLDER]        (default: .build/onnxruntime of this checkout)
#
# Leaves FOLDER/libonnxruntime.so.1.28.0, with its license and those of what it is made of. Does
# nothing when they are there already. The wheel comes through pip, so pip's own settings (index,
# proxy, certificates, find-links) hold; its SHA-256 is checked here. The wheel is for CPython 3.11,
# but only the C library and the licenses in it are used, so any Python that has pip will do.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VERSION=1.28.0
LIBRARY=libonnxruntime.so.$VERSION
LICENSES=(LICENSE ThirdPartyNotices.txt)

# From 1.29 on, ONNX Runtime's Linux build starts a telemetry thread; a worker forks, so the
# template that loads the library must stay single-threaded. Hence exactly this version.
case "$(uname -m)" in
x86_64)
    PLATFORM=manylinux_2_28_x86_64
    SHA256=a166b78ee04f3a37fa1ef82034b6a3ce96d9684e582d4d30b296de83e9998bb5
    ;;
aarch64)
    PLATFORM=manylinux_2_28_aarch64
    SHA256=8d66f9ceb29909c70839e4e4fb3435c7b490050d8f162bd5f3aba4ca01ee517f
    ;;
*) fail "ONNX Runtime has no wheel for $(uname -m); build it, and name it with APUS_ONNXRUNTIME" ;;
esac

# Unpacks one file of a wheel (a zip). Python has a zip reader; unzip may be missing.
extract() {  # WHEEL MEMBER TARGET
    python3 - "$@" <<'PYTHON' || fail "the wheel has no $2"
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
PYTHON
}

main() {
    local folder=${1:-$ROOT/.build/onnxruntime} wheel found file
    if [[ -s $folder/$LIBRARY && -s $folder/${LICENSES[0]} && -s $folder/${LICENSES[1]} ]]; then
        say "ONNX Runtime $VERSION is in $folder"
        return
    fi
    mkdir -p "$folder" || fail "cannot make the folder $folder"
    SCRATCH=$(mktemp -d "$folder/download.XXXXXX") || fail "cannot write to $folder"
    trap 'rm -rf "$SCRATCH"' EXIT

    need_pip
    say "downloading ONNX Runtime $VERSION for $(uname -m)"
    "${PIP[@]}" download --quiet --no-deps --no-cache-dir --only-binary=:all: \
        --python-version 3.11 --implementation cp --abi cp311 --platform "$PLATFORM" \
        --platform "${PLATFORM/2_28/2_27}" --dest "$SCRATCH" "onnxruntime==$VERSION" \
        || fail "pip could not download onnxruntime $VERSION; is a package index reachable?"
    wheel=$(echo "$SCRATCH"/onnxruntime-"$VERSION"-*.whl)
    found=$(sha256sum "$wheel" | cut -d' ' -f1)
    [[ $found == "$SHA256" ]] \
        || fail "the wheel that came is not the one that is known: SHA-256 $found, not $SHA256"
    extract "$wheel" "onnxruntime/capi/$LIBRARY" "$SCRATCH/$LIBRARY"
    for file in "${LICENSES[@]}"; do extract "$wheel" "onnxruntime/$file" "$SCRATCH/$file"; done
    chmod 755 "$SCRATCH/$LIBRARY"
    # Renames within one file system: a name never points at half a file.
    for file in "${LICENSES[@]}" "$LIBRARY"; do
        mv -f "$SCRATCH/$file" "$folder/$file" || fail "cannot write $folder/$file"
    done
    say "ONNX Runtime $VERSION is in $folder"
}

main "$@"

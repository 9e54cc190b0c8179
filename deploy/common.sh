# What the scripts beside this one share. Source it; it runs nothing.
#
# Everything is written so that a second run does nothing that the first one did.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.build/venv

say() { printf '%s\n' "==> $*" >&2; }

# Says what went wrong, in a sentence, and ends the script.
fail() {
    printf '%s\n' "error: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

may_be_root() { [[ $(id -u) == 0 ]] || { has sudo && sudo -v; }; }

installed() {  # PACKAGE
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs those of the named Debian packages that are missing.
apt_install() {  # PACKAGE...
    local missing=() package
    has dpkg-query || fail "this script knows Debian's packages only; install by hand: $*"
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    may_be_root || fail "missing packages, which need root to install and sudo is not there or refused;" \
        "as root run: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    as_root apt-get update -qq || fail "apt-get update failed; is Debian's package archive reachable?"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
        || fail "apt-get could not install: ${missing[*]}"
}

# What Swift itself leans on (swift.org, "Install on Debian 12"), and what building and running
# apus takes. libstdc++ comes with g++; simdjson's headers need it.
SWIFT_PACKAGES=(binutils git libcurl4 libedit2 libncurses6 libsqlite3-0 libxml2 tzdata)
BUILD_PACKAGES=(ca-certificates g++ libsimdjson-dev libuv1-dev pkg-config zlib1g-dev)

# What building the Debian package takes, and booting a machine to test it in.
PACKAGE_PACKAGES=(dpkg-dev)
MACHINE_PACKAGES=(debootstrap systemd-container)

install_packages() {
    has swift || fail "Swift is not installed (no \`swift\` in PATH); apus builds with Swift 6.1 or later"
    apt_install "${SWIFT_PACKAGES[@]}" "${BUILD_PACKAGES[@]}"
    need_swift_version
    need_python
    has curl || apt_install curl
}

# Python with venv and pip: whichever is first in PATH, or Debian's.
need_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv python3-pip
    python3 -c 'import ensurepip, venv' 2>/dev/null \
        || fail "$(command -v python3) has no venv or no ensurepip module; put another python3 first in PATH"
}

need_swift_version() {
    local found
    found=$(swift --version 2>&1 | grep -o 'Swift version [0-9]*\.[0-9]*' | head -1) \
        || fail "\`swift --version\` does not answer: $(swift --version 2>&1 | head -1)"
    found=${found#Swift version }
    (( ${found%%.*} > 6 || (${found%%.*} == 6 && ${found##*.} >= 1) )) \
        || fail "Swift $found is too old; apus builds with Swift 6.1 or later"
}

# Sets PIP to a pip that runs: the client tests', the system's, or one of a new environment.
need_pip() {
    PIP=("$VENV/bin/pip")
    "${PIP[@]}" --version >/dev/null 2>&1 && return
    PIP=(python3 -m pip)
    "${PIP[@]}" --version >/dev/null 2>&1 && return
    apt_install python3 python3-pip
    "${PIP[@]}" --version >/dev/null 2>&1 \
        || fail "$(command -v python3) has no pip module; put another python3 first in PATH"
}

# Virtual environments with the pinned packages of the client tests: one for the tests, one for the clients and
# servers of others that want other versions of the same packages.
python_environment() {
    environment "$VENV" "$ROOT/Tests/clients/requirements.txt"
    environment "$ROOT/.build/contracts" "$ROOT/Tests/clients/contracts/requirements.txt"
}

# The mark holds the requirements' digest, and is written last: an interrupted or outdated
# installation is done again.
environment() {  # FOLDER REQUIREMENTS
    local folder=$1 wanted=$2 mark=$1/requirements.sha256 digest
    digest=$(sha256sum <"$wanted")
    if [[ -f $mark && $(<"$mark") == "$digest" ]] && "$folder/bin/python" -c '' 2>/dev/null; then
        return
    fi
    say "installing the Python packages of ${wanted#"$ROOT/"}"
    rm -rf "$folder"
    mkdir -p "$ROOT/.build"
    python3 -m venv "$folder" || fail "cannot make a Python environment in $folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" \
        || fail "pip could not install what $wanted names; is a package index reachable?"
    printf '%s' "$digest" >"$mark"
}

# The executables, without Swift's own libraries beside them: a server needs no Swift.
RELEASE=(-c release --static-swift-stdlib)
APUS=$ROOT/.build/release/apus

swift_build() {  # OPTION...
    say "swift build $*"
    swift build --package-path "$ROOT" "$@" >&2 || fail "\`swift build $*\` failed; see above"
}

# Sourced by Tools/demo, Tools/test and Tools/install: finds what this machine lacks before the build does.
# shellcheck shell=bash

TAPEDECK_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TAPEDECK_PACKAGES=(
    libsqlite3-dev libssl-dev libcurl4-openssl-dev libzstd-dev libsimdjson-dev libdeflate-dev
    zlib1g-dev
)

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# Prints what is missing of the arguments, as Debian's package manager sees it.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "$name"
    done
}

# Installs the missing -dev packages where it may, or prints the one command that does.
need_packages() {
    command -v dpkg-query >/dev/null || {
        say "This is not a Debian system: make sure of the headers of sqlite3, openssl 3, libcurl, zstd, simdjson and libdeflate."
        return 0
    }
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    local install="apt-get install -y --no-install-recommends ${missing[*]}"
    if [[ $(id -u) == 0 ]]; then
        say "Installing ${missing[*]} ..."
        local log
        log=$(mktemp)
        if ! { apt-get update && DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
            cat "$log" >&2
            die "Could not install ${missing[*]}: see above, then run: $install"
        fi
        rm -f "$log"
    elif sudo -n true 2>/dev/null; then
        say "Installing ${missing[*]} ..."
        sudo -n apt-get update -qq && sudo -n env DEBIAN_FRONTEND=noninteractive $install >&2 \
            || die "Could not install ${missing[*]}: run: sudo $install"
    else
        die "These packages are missing: ${missing[*]}
Run this, then start again:
    sudo apt-get update && sudo $install"
    fi
}

# Installs packages that only some tests need, where it may without asking; those tests say what they lack.
offer_packages() {
    command -v dpkg-query >/dev/null || return 0
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
    say "Installing ${missing[*]} ..."
    if [[ $(id -u) == 0 ]]; then
        { apt-get update -qq && "${install[@]}"; } >/dev/null 2>&1 || true
    elif sudo -n true 2>/dev/null; then
        { sudo -n apt-get update -qq && sudo -n "${install[@]}"; } >/dev/null 2>&1 || true
    fi
}

# Makes the environments of the tests in Python, where PyPI answers. Then none of them may be skipped for want of one.
prepare_python() {
    offer_packages python3 python3-venv
    say "Python packages of the tests ..."
    local said start=$SECONDS
    if said=$(timeout --foreground -k 10 900 Tools/python/test --install); then
        # mcap is there for whoever asks for it, even where the clients are not.
        export TAPEDECK_PYTHON=$said
        if said=$(timeout --foreground -k 10 900 Tests/Clients/run --install); then
            export TAPEDECK_PYTHON_REQUIRED=1
            say "Python packages of the tests: there after $((SECONDS - start)) s"
            return 0
        fi
    fi
    say "Python packages of the tests: not to be had: ${said:-the installation did not end}"
}

need_swift() {
    command -v swift >/dev/null || die "Swift is missing: install Swift 6.3 from https://www.swift.org/install and put it on the PATH."
    local version
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
    case $version in
        6.[2-9] | 6.[1-9][0-9] | [7-9].*) ;;
        *) die "Swift $version is too old: Tapedeck needs Swift 6.2 or newer (tested with 6.3)." ;;
    esac
}

# Runs a build and shows how far it is: a line that moves on a terminal, one each 30 s elsewhere.
# The whole log stays in a file when the build fails.
build_with_progress() {
    local label=$1
    shift
    local log start=$SECONDS shown=0 pid step
    log=$(mktemp)
    "$@" >"$log" 2>&1 &
    pid=$!
    [[ -t 2 ]] || say "$label ..."
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        step=$(tail -c 4000 "$log" | grep -aoE '^\[[0-9]+/[0-9]+\].*' | tail -n 1 || true)
        if [[ -t 2 ]]; then
            printf '\r\033[K%s  %s s  %.60s' "$label" "$((SECONDS - start))" "$step" >&2
        elif ((SECONDS - start >= shown + 30)); then
            shown=$((SECONDS - start))
            say "$label: $shown s ${step%% *}"
        fi
    done
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
    if ! wait "$pid"; then
        grep -aE 'error:' "$log" | sort -u | head -n 40 >&2 || true
        tail -n 20 "$log" >&2
        die "$label failed after $((SECONDS - start)) s; the whole log is $log"
    fi
    say "$label: done in $((SECONDS - start)) s"
    rm -f "$log"
}

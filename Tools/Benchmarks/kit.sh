# Sourced by the benchmarks: finds the comparison kit of ../shared/bench, builds what is measured, makes the messages.
# shellcheck shell=bash
# shellcheck source=Tools/lib/prepare.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/prepare.sh"
here=$TAPEDECK_ROOT/Tools/Benchmarks
shared=${TAPEDECK_SHARED:-$TAPEDECK_ROOT/../shared}
# The kit's programs have this path built in.
kit=/tmp/bench
messages=$kit/m.txt

if [[ ! -f $shared/bench/cpp/wr.cpp ]]; then
    say "Skipped: the comparison kit is not at $shared/bench (set TAPEDECK_SHARED)."
    exit 0
fi
if ! grep -qw sse4_2 /proc/cpuinfo; then
    say "Skipped: the kit needs an x86-64 processor with SSE 4.2."
    exit 0
fi

# kit_packages MORE...: what the kit's programs and ours need.
kit_packages() {
    need_swift
    need_packages "${TAPEDECK_PACKAGES[@]}" g++ "$@"
    mkdir -p $kit/store $kit/results
}

# kit_build NAME...: compiles programs of the kit whose source is newer.
kit_build() {
    local name source
    for name in "$@"; do
        source=$shared/bench/cpp/$name.cpp
        [[ $kit/$name -nt $source ]] && continue
        say "Building the kit's $name ..."
        case $name in
            # No -march: its bytes must not depend on the processor.
            gen) g++ -w -o "$kit/gen" "$source" -O2 ;;
            wr)
                g++ -w -o "$kit/wr" "$source" -O3 -march=native -std=c++17 \
                    -lzstd -lsqlite3 -llmdb -lrocksdb -lhiredis
                ;;
            decode) g++ -w -o "$kit/decode" "$source" -O3 -march=native -std=c++17 -lsimdjson -lzstd ;;
            *) die "The kit has no $name." ;;
        esac
    done
}

# The workload: a million messages, seed 42.
kit_messages() {
    local digest=830cec3473d915cb585bfc5e62daf444
    if [[ ! -f $messages.md5 || $(<"$messages.md5") != "$digest" || ! -f $messages ]]; then
        say "Making the workload (1,000,000 messages, seed 42) ..."
        $kit/gen 1000000 42 $messages >&2
        md5sum <$messages | cut -d' ' -f1 >$messages.md5
    fi
    [[ $(<"$messages.md5") == "$digest" ]] || die "$messages has another digest than the kit's README says."
}

# bench_build PRODUCT: sets $bench to the program; of the directory $TAPEDECK_BENCHMARKS where it lies built already.
bench_build() {
    if [[ -n ${TAPEDECK_BENCHMARKS:-} ]]; then
        bench=$TAPEDECK_BENCHMARKS/$1
        [[ -x $bench ]] || die "$bench is no program."
        return
    fi
    cd "$here"
    say "Building $1 (release; a first build takes some minutes) ..."
    swift build -c release --product "$1" >&2
    bench=$(swift build -c release --show-bin-path)/$1
}

# What was measured, and on what.
kit_heading() {
    echo "Measured $(date -u +%Y-%m-%d) at $(git -C "$TAPEDECK_ROOT" rev-parse --short HEAD) on $(nproc) cores of" \
        "$(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), Swift $(swift --version 2>/dev/null |
            sed -nE 's/.*Swift version ([0-9.]+).*/\1/p' | head -n 1); repetitions: ${repetitions:-1}, load $(cut -d' ' -f1 /proc/loadavg)."
    echo
}

# Sourced by Tools/test: runs its phases one after the other, each with an end.
# shellcheck shell=bash

PHASES_FAILED=()
PHASE_FAILURES=$(mktemp)
PHASE_SKIPS=$(mktemp)
PHASE_PID=

# A phase is a session of its own, which the terminal's interrupt does not reach.
trap 'rm -f "$PHASE_FAILURES" "$PHASE_SKIPS"; if [[ -n $PHASE_PID ]]; then kill -KILL -- "-$PHASE_PID" 2>/dev/null; fi; exit 130' INT TERM

# run_phase LABEL SECONDS COMMAND...: shows the command's output. One that does not end in time is ended, with the
# tests named that had begun and not ended. What it started and left behind ends with it, so that nothing holds the
# output open for whoever waits for that. A phase that fails is noted, and the next one runs.
run_phase() {
    local label=$1 limit=$2 start=$SECONDS log status=0 pid
    shift 2
    log=$(mktemp)
    # A pipe would wait for every process that inherits it; a file does not.
    setsid "$@" >"$log" 2>&1 &
    pid=$!
    PHASE_PID=$pid
    tail -n +1 -f --pid="$pid" "$log" &
    local shower=$!
    while kill -0 "$pid" 2>/dev/null; do
        if ((SECONDS - start >= limit)); then
            say "$label did not end within $limit s."
            status=124
            break
        fi
        sleep 1
    done
    if ((status)); then
        unended_tests "$log" >&2
        stacks_of_group "$pid" >&2
    else
        wait "$pid" || status=$?
    fi
    kill -KILL -- "-$pid" 2>/dev/null || true
    PHASE_PID=
    wait "$shower" 2>/dev/null || true
    skips_in "$label" "$log" >>"$PHASE_SKIPS"
    if ((status)); then
        failures_in "$label" "$log" >>"$PHASE_FAILURES"
        PHASES_FAILED+=("$label (status $status)")
        say "$label: failed with status $status after $((SECONDS - start)) s"
    else
        say "$label: passed in $((SECONDS - start)) s"
    fi
    rm -f "$log"
}

# Lines of $2 that say what failed, with the values that belong to them; the last lines if none does. They are printed
# again at the very end: whoever sees only the end of a long log still learns what went wrong.
failures_in() {
    local found
    found=$(awk '
        /^(◇|✔)/ { following = 0; next }
        /✘|recorded an issue|error:|Fatal error|^Crash|unexpected signal/ { print; following = 8; next }
        following > 0 && /^[^◇✔]*(↳|→|at |in )/ { print; following--; next }
        { following = 0 }
    ' "$2" | cut -c 1-600 | head -n 80)
    [[ -n $found ]] || found=$(tail -n 40 "$2" | cut -c 1-600)
    printf '%s:\n%s\n' "$1" "$found"
}

# What was skipped in $2, a line each: why, a tab, what. Swift Testing says it of tests whose condition does not hold; a test
# that finds out while it runs prints `skipped: NAME: WHY`; the fault harness says it in its summary.
skips_in() {
    sed -nE \
        -e 's/^[^[:alnum:]]*(Test|Suite) (.*) skipped: "(.*)"$/\3\t\2/p' \
        -e 's/^skipped: ([^:]+): (.*)$/\2\t\1/p' \
        -e "s/^\\{.*\"skipped\":\"([^\"]*)\".*/\\1\\t$1/p" "$2"
}

# One line: what was skipped in all phases, by reason.
skipped_line() {
    awk -F '\t' '
        !seen[$0]++ { if (!($1 in names)) order[++count] = $1; names[$1] = names[$1] (names[$1] == "" ? "" : ", ") $2; total++ }
        END {
            if (!total) { print "Skipped: nothing."; exit }
            printf "Skipped: %d:", total
            for (i = 1; i <= count; i++) printf "%s %s (%s)", i == 1 ? "" : ";", names[order[i]], order[i]
            print "."
        }
    ' "$PHASE_SKIPS"
}

# Tests of Swift Testing's output in $1 that started and neither passed nor failed.
unended_tests() {
    say "Begun and not ended:"
    awk '
        /Test (case )?.* started\.$/ { line = $0; sub(/^[^T]*Test /, "", line); sub(/ started\.$/, "", line); begun[line] = 1 }
        / (passed|failed) after / { line = $0; sub(/^[^T]*Test /, "", line); sub(/( with .*)? (passed|failed) after .*$/, "", line); delete begun[line] }
        END { for (line in begun) print "    " line }
    ' "$1"
}

# Where each thread of the group's processes stands, if there is a debugger to ask.
stacks_of_group() {
    command -v gdb >/dev/null || return 0
    local pid
    for pid in $(pgrep -g "$1"); do
        say "Process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-200)"
        timeout 60 gdb -p "$pid" -batch -ex 'thread apply all backtrace 12' 2>/dev/null \
            | grep -E '^(Thread|#)' | cut -c 1-180 | head -n 200 || true
    done
}

# Ends with status 1 if a phase failed, names those that did, and shows again what failed in them. The last line says what
# was skipped, and why: a test that did not run has shown nothing.
end_phases() {
    local failed failures skipped
    failures=$(<"$PHASE_FAILURES")
    skipped=$(skipped_line)
    rm -f "$PHASE_FAILURES" "$PHASE_SKIPS"
    if ((${#PHASES_FAILED[@]})); then
        say "What failed, from above:"
        say "$failures"
        say "Failed:"
        for failed in "${PHASES_FAILED[@]}"; do say "    $failed"; done
    fi
    say "$skipped"
    ((${#PHASES_FAILED[@]} == 0)) || exit 1
}

# The costs that do not depend on the machine: builds and runs bench/costs, and compares with the
# recorded figures. POSIX sh; sourced after setup.sh:
#
#     need_packages native costs
#     costs_build
#     costs_run
#     costs_check || echo 'costs more'
#
# Everything is in build/costs; `costs_run` leaves kernel-calls.json and own-costs.json there.
#
# shellcheck disable=SC2154 # root is set in setup.sh

costs_dir=$root/build/costs
costs_recorded=$root/bench/costs/recorded.txt

# Only the two programs, and what they depend on.
costs_build() {
    (configure_native "$costs_dir" -Dbuildtype=release -Dtests=enabled -Dbenchmarks=enabled \
        -Dexamples=disabled) || return 1
    build "$costs_dir" bench/costs/kernel-calls bench/costs/own-costs
}

# Counts. Callgrind writes some 100 MB, which are added up and deleted.
costs_run() {
    traces=$costs_dir/callgrind
    "$costs_dir/bench/costs/kernel-calls" --json </dev/null >"$costs_dir/kernel-calls.json" ||
        return 1
    rm -rf -- "$traces"
    mkdir -p "$traces"
    # The first call of a function must not pay for the dynamic linker. Chains of callers within the
    # library are far shorter than the longest that callgrind keeps.
    if ! LD_BIND_NOW=1 timeout 3600 valgrind --tool=callgrind --instr-atstart=no --demangle=no \
        --dump-line=no --separate-callers=16 --callgrind-out-file="$traces/own" \
        "$costs_dir/bench/costs/own-costs" \
        </dev/null >"$costs_dir/own-costs.entries" 2>"$costs_dir/callgrind.log"; then
        tail -n 20 "$costs_dir/callgrind.log" >&2
        return 1
    fi
    python3 "$root/tools/lib/costs.py" own "$traces" "$costs_dir/own-costs.entries" \
        >"$costs_dir/own-costs.json" || return 1
    rm -rf -- "$traces"
}

# costs_compare COMMAND: check or record.
costs_compare() {
    python3 "$root/tools/lib/costs.py" "$1" "$costs_recorded" "$costs_dir/kernel-calls.json" \
        "$costs_dir/own-costs.json"
}

# Prints what differs from the recorded figures; fails if something costs more, or exceeds a limit.
costs_check() {
    costs_compare check
}

# Records the current figures.
costs_record() {
    costs_compare record
}

# The tables of doc/benchmarks.md.
costs_markdown() {
    python3 "$root/tools/lib/costs.py" markdown "$costs_dir/kernel-calls.json" \
        "$costs_dir/own-costs.json"
}

# Does a program outside this tree get wakepoll, in both ways that are promised? POSIX sh; sourced
# after setup.sh, with a Wine prefix in use.
#
# Each function takes a scratch directory, is silent where all is well, and otherwise says why not and
# fails. Both build test/consumer and run it under Wine.
#
# shellcheck disable=SC2154 # root, jobs and wine are set in setup.sh

cross_compiler=x86_64-w64-mingw32-g++-posix

# consumer_by_pkg_config SCRATCH
#
# Builds and installs the library by itself, with a capacity that is not the default one, so that the
# pkg-config file has to pass it on, and compiles against the installed copy alone.
consumer_by_pkg_config() {
    scratch=$1
    rm -rf -- "$scratch/stage"
    mkdir -p "$scratch"
    (configure_wine "$scratch/library" -Dwerror=true -Dtests=disabled -Dbenchmarks=disabled \
        -Dexamples=disabled -Dmax_registrations=2000) || return 1
    build "$scratch/library" || return 1
    if ! DESTDIR="$scratch/stage" timeout 900 meson install -C "$scratch/library" --no-rebuild \
        </dev/null >"$scratch/install.log" 2>&1; then
        tail -n 20 "$scratch/install.log"
        return 1
    fi
    pc=$(find "$scratch/stage" -name wakepoll.pc)
    [ -n "$pc" ] || { echo 'no wakepoll.pc was installed'; return 1; }
    # --define-prefix because the copy does not stand where it was configured to. The answer quotes
    # spaces for a shell, hence eval.
    flags=$(PKG_CONFIG_LIBDIR=$(dirname -- "$pc") \
        pkg-config --define-prefix --static --cflags --libs wakepoll) || return 1
    eval "set -- $flags"
    if ! timeout 900 "$cross_compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror \
        "$root/test/consumer/main.cpp" -o "$scratch/consumer.exe" "$@" -static \
        </dev/null >"$scratch/compile.log" 2>&1; then
        cat "$scratch/compile.log"
        return 1
    fi
    run_consumer "$scratch/consumer.exe" 2000
}

# consumer_by_subproject SCRATCH
#
# The consumer's own project, with this tree linked in as subprojects/wakepoll. Of the cross file it
# takes the compilers; the options in it are wakepoll's own when it is built by itself, and nothing is
# run by meson.
consumer_by_subproject() {
    rm -rf -- "$1"
    mkdir -p "$1/source/subprojects"
    cp "$root/test/consumer/main.cpp" "$root/test/consumer/meson.build" "$1/source/"
    ln -s "$root" "$1/source/subprojects/wakepoll"
    sed -e '/^\[project options\]/,/^$/d' -e '/^exe_wrapper/d' \
        "$root/test/cross/mingw-w64-wine.ini" >"$1/mingw-w64.ini"
    if ! timeout 900 meson setup --cross-file "$1/mingw-w64.ini" \
        --force-fallback-for=wakepoll "$1/build" "$1/source" </dev/null >"$1/setup.log" 2>&1; then
        tail -n 20 "$1/setup.log"
        return 1
    fi
    if ! timeout 900 ninja -C "$1/build" -j "$jobs" </dev/null >"$1/compile.log" 2>&1; then
        tail -n 40 "$1/compile.log"
        return 1
    fi
    run_consumer "$1/build/consumer.exe" 1024
}

# run_consumer PROGRAM REGISTRATIONS
run_consumer() {
    said=$(timeout 900 "$wine" "$1" </dev/null 2>/dev/null) || {
        echo "it ended with code $?: $said"
        return 1
    }
    said=$(printf '%s' "$said" | tr -d '\r')
    if [ "$said" != "woken, with room for $2 registrations" ]; then
        echo "it said: $said"
        return 1
    fi
}

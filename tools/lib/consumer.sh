# Checks that a program outside this tree can use wakepoll in each promised way. POSIX sh; sourced
# after setup.sh, with a Wine prefix in use.
#
# Each function takes a scratch directory. It is silent on success, and otherwise prints the reason
# and fails. All build test/consumer and run it under Wine.
#
# shellcheck disable=SC2154 # root, jobs and wine are set in setup.sh

cross_compiler=x86_64-w64-mingw32-g++-posix
cross_c_compiler=x86_64-w64-mingw32-gcc-posix
# OsPoller::dispose, in the inline namespace of this version.
dispose_symbol=_ZN8wakepoll4v0_18OsPoller7disposeEv

# quietly LOG COMMAND...: runs it, and prints the end of its output where it fails.
quietly() {
    log=$1
    shift
    if ! timeout 900 "$@" </dev/null >"$log" 2>&1; then
        tail -n 40 "$log"
        return 1
    fi
}

# consumer_by_pkg_config SCRATCH
#
# Installs the library that tools/test has built, and compiles against the installed copy only.
consumer_by_pkg_config() {
    scratch=$1
    rm -rf -- "$scratch/stage"
    mkdir -p "$scratch"
    DESTDIR="$scratch/stage" quietly "$scratch/install.log" \
        meson install -C "$root/build/wine" --no-rebuild || return 1
    pc=$(find "$scratch/stage" -name wakepoll.pc)
    [ -n "$pc" ] || { echo 'no wakepoll.pc was installed'; return 1; }
    # --define-prefix because the copy is not where it was configured to be. The answer quotes
    # spaces for a shell, hence eval.
    flags=$(PKG_CONFIG_LIBDIR=$(dirname -- "$pc") \
        pkg-config --define-prefix --static --cflags --libs wakepoll) || return 1
    # The symbols have the version, so headers of another do not link.
    x86_64-w64-mingw32-nm --defined-only "$(find "$scratch/stage" -name libwakepoll.a)" |
        grep -qw "$dispose_symbol" || { echo "the library has no $dispose_symbol"; return 1; }
    eval "set -- $flags"
    # Without -static the linker prefers import libraries; that of the C face has no OsPoller.
    for static in '' -static; do
        # shellcheck disable=SC2086 # an empty one is no argument
        quietly "$scratch/compile.log" "$cross_compiler" -std=c++20 -Wall -Wextra -Wpedantic \
            -Werror "$root/test/consumer/main.cpp" -o "$scratch/consumer.exe" "$@" $static ||
            return 1
    done
    run_consumer "$scratch/consumer.exe"
}

# cmake_for_windows SOURCE BUILD [arguments...]
#
# Several sources at a time: this tests finding the library, not how it is compiled.
cmake_for_windows() {
    source=$1
    binary=$2
    shift 2
    rm -rf -- "$binary"
    mkdir -p "$binary"
    quietly "$binary/configure.log" cmake -G Ninja -S "$source" -B "$binary" \
        "-DCMAKE_TOOLCHAIN_FILE=$root/test/cross/mingw-w64.cmake" -DCMAKE_UNITY_BUILD=ON "$@" &&
        quietly "$binary/build.log" cmake --build "$binary" --parallel "$jobs"
}

# consumer_by_find_package SCRATCH: CMake builds and installs the library and finds it there; as a
# DLL, which must be in the program's folder.
consumer_by_find_package() {
    cmake_for_windows "$root" "$1/library" -DBUILD_SHARED_LIBS=ON \
        "-DCMAKE_INSTALL_PREFIX=$1/stage" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON &&
        quietly "$1/library/install.log" cmake --install "$1/library" &&
        exports_what_is_promised "$1/stage/bin/libwakepoll.dll" &&
        cmake_for_windows "$root/test/consumer" "$1/build" "-DCMAKE_PREFIX_PATH=$1/stage" &&
        cp "$1/stage/bin/libwakepoll.dll" "$1/build/" &&
        run_consumer "$1/build/consumer.exe"
}

# consumer_by_one_file SCRATCH: dist/ in one command, with the example of the README, with the
# minimal program, with suites that look at the public types, and with a C program.
consumer_by_one_file() {
    rm -rf -- "$1"
    mkdir -p "$1/wakepoll"
    cp "$root/dist/epoll.h" "$root/dist/wepoll.h" "$1/wakepoll/"
    quietly "$1/c.log" "$cross_c_compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror "-I$1" \
        -c "$root/test/epoll/dll_program.c" -o "$1/c.o" || return 1
    python3 "$root/test/readme/extract.py" readme_page "$root/README.md" \
        "$1/readme.page.hpp" || return 1
    # What includes a header by its name in include/ gets the one file.
    cp "$root/dist/wakepoll.hpp" "$1/wakepoll/one.hpp"
    for header in "$root"/include/wakepoll/*.hpp; do
        echo '#include "one.hpp"' >"$1/wakepoll/${header##*/}"
    done
    public=$root/test/public
    by_one_file "$1" readme "$root/test/readme/readme_main.cpp" &&
        by_one_file "$1" consumer "$root/test/consumer/main.cpp" &&
        by_one_file "$1" c "$1/c.o" &&
        by_one_file "$1" suites -isystem "$root/build/wine/subprojects/header-only/include" \
            "$public/error_test.cpp" "$public/result_test.cpp" "$public/handle_test.cpp" \
            "$root/build/wine/test/libboost-test-main.a" &&
        quietly "$1/readme.log" "$wine" "$1/readme.exe" &&
        quietly "$1/suites.log" "$wine" "$1/suites.exe" &&
        quietly "$1/c.log" "$wine" "$1/c.exe" &&
        run_consumer "$1/consumer.exe"
}

# by_one_file SCRATCH NAME arguments...
by_one_file() {
    scratch=$1
    program=$2
    shift 2
    quietly "$scratch/$program.compile.log" "$cross_compiler" -std=c++20 -Wall -Wextra -Wpedantic \
        -Werror "-I$scratch" "-I$root/dist" "$@" "$root/dist/wakepoll.cpp" \
        -o "$scratch/$program.exe" -static -lws2_32 -lntdll
}

# exports_what_is_promised DLL: only wakepoll's names, and no part of a runtime library.
exports_what_is_promised() {
    exports=$(x86_64-w64-mingw32-objdump -p "$1" |
        sed -n '/Name Pointer\] Table/,/^$/s/^[[:space:]]*\[ *[0-9]*\].* //p')
    for name in epoll_wait "$dispose_symbol"; do
        printf '%s\n' "$exports" | grep -qxF "$name" || { echo "$1 does not export $name"; return 1; }
    done
    if printf '%s\n' "$exports" | grep -vE '^(_ZNK?8wakepoll4v0_1|epoll_)'; then
        echo "$1 exports those"
        return 1
    fi
}

# consumer_by_fetch_content SCRATCH: the library is a part of the consumer's own build.
consumer_by_fetch_content() {
    cmake_for_windows "$root/test/consumer" "$1/build" "-DWAKEPOLL_TREE=$root" &&
        run_consumer "$1/build/consumer.exe"
}

# consumer_by_subproject SCRATCH
#
# The consumer's own project, with this tree linked as subprojects/wakepoll. Uses the compilers of
# the cross file only: its options are for building wakepoll itself, and meson runs nothing.
consumer_by_subproject() {
    rm -rf -- "$1"
    mkdir -p "$1/source/subprojects"
    cp "$root/test/consumer/main.cpp" "$root/test/consumer/meson.build" "$1/source/"
    ln -s "$root" "$1/source/subprojects/wakepoll"
    sed -e '/^\[project options\]/,/^$/d' -e '/^exe_wrapper/d' \
        "$root/test/cross/mingw-w64-wine.ini" >"$1/mingw-w64.ini"
    quietly "$1/setup.log" meson setup --cross-file "$1/mingw-w64.ini" \
        --force-fallback-for=wakepoll "$1/build" "$1/source" &&
        quietly "$1/compile.log" ninja -C "$1/build" -j "$jobs" &&
        run_consumer "$1/build/consumer.exe"
}

# run_consumer PROGRAM
run_consumer() {
    said=$(timeout 900 "$wine" "$1" </dev/null 2>/dev/null) || {
        echo "it ended with code $?: $said"
        return 1
    }
    said=$(printf '%s' "$said" | tr -d '\r')
    if [ "$said" != 'woken' ]; then
        echo "it printed: $said"
        return 1
    fi
}

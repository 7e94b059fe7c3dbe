# Checks that a program outside this tree can use wakepoll in each promised way. POSIX sh; sourced
# after setup.sh, with a Wine prefix in use.
#
# Each function takes a scratch directory. It is silent on success, and otherwise prints the reason
# and fails. Most run what doc/guide/getting-started.md prints for a way, and start the program under
# Wine; the others build test/consumer.
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
    if ! timeout 3600 "$@" </dev/null >"$log" 2>&1; then
        tail -n 40 "$log"
        return 1
    fi
}

# stand_in DIR NAME: a program NAME in DIR/bin, with the lines of the standard input.
stand_in() {
    mkdir -p "$1/bin"
    { echo '#!/bin/sh'; cat; } >"$1/bin/$2"
    chmod +x "$1/bin/$2"
}

# by_page WAY DIR [CMAKE]: runs what the page says of WAY in the folder DIR/loop, which is empty
# unless another way has been there, beside this checkout.
#
# The commands are those of the page. What they find is for this machine: the cross compilers as g++
# and gcc, with warnings as errors; meson with a cross file and, because optimising takes most of the
# time, without it; CMake with a toolchain, to which CMAKE is added; and git, which links the tree as
# it is instead of cloning what is committed.
by_page() {
    dir=$2
    mkdir -p "$dir/loop"
    [ -e "$dir/wakepoll" ] || ln -s "$root" "$dir/wakepoll"
    python3 "$root/test/consumer/ways.py" "$1" "$dir/loop" || return 1
    strict='-Wall -Wextra -Wpedantic -Werror'
    echo "exec $cross_compiler $strict \"\$@\"" | stand_in "$dir" g++
    echo "exec x86_64-w64-mingw32-gcc-posix $strict \"\$@\"" | stand_in "$dir" gcc
    # shellcheck disable=SC2016 # for the program
    echo 'mkdir -p "${3%/*}" && ln -s ../../wakepoll "$3"' | stand_in "$dir" git
    # The options of the cross file are for building wakepoll's tests, and meson runs nothing here.
    sed -e '/^\[project options\]/,/^$/d' -e '/^exe_wrapper/d' \
        "$root/test/cross/mingw-w64-wine.ini" >"$dir/mingw-w64.ini"
    stand_in "$dir" meson <<TEXT
if [ "\$1" = setup ]; then
    shift
    set -- setup --cross-file "$dir/mingw-w64.ini" -Dwerror=true -Doptimization=0 \
        -Dunity=on -Dunity_size=16 "\$@"
fi
exec "$(command -v meson)" "\$@"
TEXT
    # Several sources at a time: this tests finding the library, not how it is compiled.
    printf '%s\n' "include(\"$root/test/cross/mingw-w64.cmake\")" 'set(CMAKE_UNITY_BUILD ON)' \
        'set(CMAKE_COMPILE_WARNING_AS_ERROR ON)' "${3:-}" >"$dir/toolchain.cmake"
    (
        PATH=$dir/bin:$PATH
        CMAKE_GENERATOR=Ninja
        CMAKE_TOOLCHAIN_FILE=$dir/toolchain.cmake
        export PATH CMAKE_GENERATOR CMAKE_TOOLCHAIN_FILE
        cd "$dir/loop" && quietly "$dir/commands.log" sh -eu commands.sh
    )
}

# consumer_by_pkg_config SCRATCH: with a shared runtime, as MSYS2's compilers have it; and C with
# the DLL, for which the same copy serves.
consumer_by_pkg_config() {
    # What pkg-config prints is not quoted, so the page's command needs a path without a space.
    folder=$(mktemp -d) || return 1
    rm -rf -- "$1"
    mkdir -p "$1"
    if uses_pkg_config "$folder"; then
        rm -rf -- "$folder"
    else
        # For a look at it.
        mv -- "$folder" "$1/"
        return 1
    fi
}

uses_pkg_config() {
    by_page pkg-config "$1" || return 1
    # The symbols have the version, so headers of another do not link.
    x86_64-w64-mingw32-nm --defined-only "$1/loop/stage/lib/libwakepoll.a" |
        grep -qw "$dispose_symbol" || { echo "the library has no $dispose_symbol"; return 1; }
    copy_runtime "$1/loop" || return 1
    run_consumer "$1/loop/loop.exe" 'number 7 is ready' &&
        rm "$1/loop/loop.exe" &&
        by_page 'The DLL from C' "$1" &&
        run_consumer "$1/loop/loop.exe" 'number 7 is ready'
}

# copy_runtime FOLDER: the DLLs of the compiler, for a program that was linked without -static.
copy_runtime() {
    for dll in libstdc++-6.dll libgcc_s_seh-1.dll libwinpthread-1.dll; do
        cp "$("$cross_compiler" -print-file-name=$dll)" "$1/" || return 1
    done
}

# cmake_for_windows SOURCE BUILD [arguments...]
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
    rm -rf -- "$1"
    by_page find_package "$1" 'set(BUILD_SHARED_LIBS ON)' &&
        exports_what_is_promised "$1/loop/stage/bin/libwakepoll.dll" &&
        cp "$1/loop/stage/bin/libwakepoll.dll" "$1/loop/build/" &&
        run_consumer "$1/loop/build/loop.exe" 'number 7 is ready'
}

# consumer_by_one_file SCRATCH: dist/ in one command; also with the example of the README, with
# suites that look at the public types, and with a C program.
consumer_by_one_file() {
    rm -rf -- "$1"
    mkdir -p "$1/wakepoll"
    by_page 'One file' "$1/page" && copy_runtime "$1/page/loop" &&
        run_consumer "$1/page/loop/loop.exe" 'number 7 is ready' || return 1
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
        by_one_file "$1" c "$1/c.o" &&
        by_one_file "$1" suites -isystem "$root/build/wine/subprojects/header-only/include" \
            "$public/error_test.cpp" "$public/result_test.cpp" "$public/handle_test.cpp" \
            "$root/build/wine/test/libboost-test-main.a" &&
        quietly "$1/readme.log" "$wine" "$1/readme.exe" &&
        quietly "$1/suites.log" "$wine" "$1/suites.exe" &&
        quietly "$1/c.log" "$wine" "$1/c.exe"
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

# consumer_by_fetch_content SCRATCH: the library is a part of the consumer's own build, by
# add_subdirectory and by FetchContent; what the latter installs is found by find_package, static.
consumer_by_fetch_content() {
    rm -rf -- "$1"
    by_page add_subdirectory "$1" &&
        run_consumer "$1/loop/build/loop.exe" 'number 7 is ready' &&
        cmake_for_windows "$root/test/consumer" "$1/fetch" "-DWAKEPOLL_TREE=$root" \
            -DWAKEPOLL_INSTALL=ON "-DCMAKE_INSTALL_PREFIX=$1/stage" &&
        run_consumer "$1/fetch/consumer.exe" woken &&
        quietly "$1/install.log" cmake --install "$1/fetch" &&
        cmake_for_windows "$root/test/consumer" "$1/find" "-DCMAKE_PREFIX_PATH=$1/stage" &&
        run_consumer "$1/find/consumer.exe" woken
}

# consumer_by_subproject SCRATCH
consumer_by_subproject() {
    rm -rf -- "$1"
    by_page 'meson subproject' "$1" &&
        run_consumer "$1/loop/build/loop.exe" 'number 7 is ready'
}

# run_consumer PROGRAM WORDS: it has to print these.
run_consumer() {
    said=$(timeout 900 "$wine" "$1" </dev/null 2>/dev/null) || {
        echo "it ended with code $?: $said"
        return 1
    }
    said=$(printf '%s' "$said" | tr -d '\r')
    if [ "$said" != "$2" ]; then
        echo "it printed: $said"
        return 1
    fi
}

# Shell functions shared by the programs in tools/. POSIX sh; sourced, never run:
#
#     set -eu
#     . "$(dirname -- "$0")/lib/setup.sh"
#     need_packages native wine
#     wine_prefix "$root/build/mine"
#     trap wine_down EXIT
#     configure_wine "$root/build/mine/wine-build" -Dbenchmarks=disabled
#     build "$root/build/mine/wine-build"
#
# They set: $root, the absolute path of the source tree (which may contain spaces); $jobs, the
# number of compilers to run at once; `wine_prefix` also $WINEPREFIX and $wine, the command that
# runs a Windows program; `configure_clang` also $clang.
#
# Nothing here writes outside the directories it is given, except that `need_packages` installs
# packages of the distribution.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}

say() {
    printf '%s\n' "== $*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# need_packages [native] [wine] [lint] [clang] [cmake] [costs] [bench] [docs]
#
# Makes sure that the tools of these groups are installed (native and wine by default). Installs
# what is missing if that needs no password: as root, or by sudo. Otherwise prints the command and
# exits.
need_packages() {
    missing=
    [ $# -gt 0 ] || set -- native wine
    have meson || missing="$missing meson"
    have ninja || missing="$missing ninja-build"
    have g++ || missing="$missing g++"
    have pkg-config || missing="$missing pkg-config"
    # The cross build uses the headers in this folder too, see subprojects/header-only.
    [ -e /usr/include/boost/version.hpp ] || missing="$missing libboost-dev"
    [ -e /usr/include/fmt/format.h ] || missing="$missing libfmt-dev"
    for group; do
        case $group in
            native) ;;
            wine)
                have x86_64-w64-mingw32-g++-posix || missing="$missing g++-mingw-w64-x86-64-posix"
                find_wine || missing="$missing wine wine64"
                ;;
            clang)
                find_clang || missing="$missing clang libclang-rt-dev"
                ;;
            bench)
                [ -e /usr/include/asio.hpp ] || missing="$missing libasio-dev"
                have gnuplot || missing="$missing gnuplot-nox"
                ;;
            lint)
                have clang-format || missing="$missing clang-format"
                have clang-tidy || missing="$missing clang-tidy"
                have clang++ || missing="$missing clang"
                ;;
            docs) have doxygen || missing="$missing doxygen" ;;
            cmake) have cmake || missing="$missing cmake" ;;
            costs) have valgrind || missing="$missing valgrind" ;;
            *) die "need_packages: no group is called '$group'" ;;
        esac
    done
    [ -n "$missing" ] || return 0

    have apt-get || die "please install:$missing (these are Debian's names for it)"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif have sudo && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        printf '%s\n' "${0##*/}: some packages are missing. Please run, then start me again:" \
            "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    say "installing$missing"
    log=$(mktemp)
    # $as_root and $missing are lists of words. `env` because sudo drops the variable otherwise.
    # shellcheck disable=SC2086
    if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends $missing; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "could not install$missing"
    fi
    rm -f "$log"
}

# Sets $clang to a clang++ with sanitizers and libFuzzer.
find_clang() {
    for clang in ${CXX:+"$CXX"} clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 \
        clang++-14; do
        if have "$clang" &&
            echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
            "$clang" -x c++ -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null; then
            return 0
        fi
    done
    clang=
    return 1
}

# Sets $wine and $wineserver. Some packages name the 64-bit ones wine64 and wineserver64.
find_wine() {
    wine=
    wineserver=
    for candidate in wine wine64; do
        if [ -z "$wine" ] && have "$candidate"; then
            wine=$candidate
        fi
    done
    for candidate in wineserver wineserver64; do
        if [ -z "$wineserver" ] && have "$candidate"; then
            wineserver=$candidate
        fi
    done
    [ -n "$wine" ] && [ -n "$wineserver" ]
}

# wine_prefix DIR
#
# Uses DIR/wine as the Wine prefix, creates it if it does not exist, and starts Wine's services in
# it. They are started here, because otherwise the first Windows program starts them; they would
# inherit its pipes, and a reader of those would wait for the services to end. The server stays for
# 300 s after the last program, or until `wine_down`.
wine_prefix() {
    mkdir -p "$1"
    WINEPREFIX=$(CDPATH='' cd -- "$1" && pwd)/wine
    # The launcher script complains about a missing 32-bit Wine unless everything is silenced.
    WINEDEBUG=-all
    export WINEPREFIX WINEDEBUG
    find_wine || die 'Wine is not installed'
    fresh=
    [ -e "$WINEPREFIX/system.reg" ] || fresh=yes
    # The server does not start where the directory is missing; the one that `wine` would start
    # instead ends with the last program, and ends the services. 2 means that one is running
    # already.
    mkdir -p "$WINEPREFIX"
    server=0
    timeout 600 "$wineserver" -p300 </dev/null >/dev/null 2>&1 || server=$?
    case $server in
        0 | 2) ;;
        *) die "Wine's server does not start in $WINEPREFIX" ;;
    esac
    # Without the overrides, a new prefix asks whether to download Mono and Gecko.
    if ! WINEDLLOVERRIDES='mscoree=;mshtml=' timeout 600 "$wine" wineboot \
        </dev/null >/dev/null 2>&1; then
        wine_down
        if [ -n "$fresh" ]; then
            rm -rf -- "$WINEPREFIX"
        fi
        die "Wine does not start in $WINEPREFIX"
    fi
}

# Ends the server of the prefix and every program in it. Safe to call twice and without a prefix.
wine_down() {
    if [ -n "${WINEPREFIX:-}" ] && [ -d "$WINEPREFIX" ] && [ -n "${wineserver:-}" ]; then
        timeout 600 "$wineserver" -k </dev/null >/dev/null 2>&1 || true
        timeout 600 "$wineserver" -w </dev/null >/dev/null 2>&1 || true
    fi
}

# configure_native DIR [meson arguments...]
configure_native() {
    configure_in "$@"
}

# configure_clang DIR [meson arguments...]
#
# A native build by clang. Its sanitizers are not shared libraries, so what is linked with them has
# undefined symbols.
configure_clang() {
    dir=$1
    shift
    find_clang || die 'no clang++ with sanitizers and libFuzzer was found'
    (CXX=$clang && export CXX && configure_in "$dir" -Db_lundef=false "$@")
}

# configure_wine DIR [meson arguments...]
configure_wine() {
    dir=$1
    shift
    find_wine || die 'Wine is not installed'
    if [ "$wine" != wine ]; then
        # A second machine file overrides the wrapper of the first one.
        mkdir -p "$dir.machine"
        printf "[binaries]\nexe_wrapper = ['env', 'WINEDEBUG=-all', '%s']\n" "$wine" \
            >"$dir.machine/wrapper.ini"
        set -- --cross-file "$dir.machine/wrapper.ini" "$@"
    fi
    configure_in "$dir" --cross-file "$root/test/cross/mingw-w64-wine.ini" "$@"
}

# Sets DIR up once. A directory that was set up with other arguments, or for a source tree in
# another place, is recreated; ninja itself notices changed meson files.
configure_in() {
    dir=$1
    shift
    wanted=$(printf '%s\n' "$root" "${CXX:-}" "$@")
    if [ -e "$dir/build.ninja" ] && [ "$(cat "$dir/.configured" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    if [ -e "$dir/meson-private" ]; then
        rm -rf -- "$dir"
    fi
    if ! output=$(meson setup "$@" "$dir" "$root" 2>&1 </dev/null); then
        printf '%s\n' "$output" >&2
        die "meson could not configure $dir"
    fi
    printf '%s\n' "$wanted" >"$dir/.configured"
}

# build DIR [targets...]
#
# Compiles; silent on success, prints the failing part of ninja's output otherwise.
build() {
    dir=$1
    shift
    if ! ninja -C "$dir" -j "$jobs" "$@" >"$dir/build.log" 2>&1 </dev/null; then
        sed -n '/^FAILED:/,$p' "$dir/build.log" | head -n 200 >&2
        grep -q '^FAILED:' "$dir/build.log" || tail -n 40 "$dir/build.log" >&2
        return 1
    fi
}

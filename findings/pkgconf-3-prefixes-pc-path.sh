#!/usr/bin/env bash
# pkgconf 3.0 prints `pc_path` with the sysroot in front of its first folder, but does not search that folder.
#
# Version: pkgconf 3.0.7 (from PyPI); 2.5.1 prints the same path with and without a sysroot.
# Behaviour: with PKG_CONFIG_SYSROOT_DIR=/S, `pkgconf --variable=pc_path pkg-config` prints /S/usr/local/lib64/pkgconfig:…,
#   as if the list were one path of a .pc file in the sysroot. A .pc file in the printed folder is still not found.
# Matters: asking pkg-config where it searches gives a wrong answer, unless the sysroot is unset for the question.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR

failed=0
for version in 2.5.1.post2 3.0.7.post0; do
    python3 -m venv "v$version"
    "v$version/bin/pip" install --quiet --disable-pip-version-check "pkgconf==$version"
    # The program itself, not the Python script beside it that sets variables for it.
    pkgconf=$("v$version/bin/python" -c 'import pkgconf; print(pkgconf.get_executable())')
    plain=$("$pkgconf" --variable=pc_path pkg-config)
    rooted=$(PKG_CONFIG_SYSROOT_DIR=$work/S "$pkgconf" --variable=pc_path pkg-config)
    printf 'pkgconf %s\n  without a sysroot: %s\n  with sysroot /S:   %s\n' \
        "$("$pkgconf" --version)" "$plain" "${rooted//$work/}"
    case $version in
        2.*) expected=$plain ;;
        *) expected=$work/S$plain ;;
    esac
    [ "$rooted" = "$expected" ] || { echo "  CHANGED: expected ${expected//$work/}"; failed=1; }
    case $version in 3.*)
        folder=${rooted%%:*}
        mkdir -p "$folder"
        printf 'Name: demo\nDescription: demo\nVersion: 1\nLibs: -ldemo\n' >"$folder/demo.pc"
        PKG_CONFIG_LIBDIR=$folder "$pkgconf" --exists demo  # the file itself is good
        if PKG_CONFIG_SYSROOT_DIR=$work/S "$pkgconf" --exists demo; then
            echo "  CHANGED: it searches the folder that it printed"
            failed=1
        else
            echo "  demo.pc in ${folder//$work/}: not found"
        fi
        ;;
    esac
done
exit "$failed"
